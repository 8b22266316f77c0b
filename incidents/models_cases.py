"""An incident's life: who may see a private one, and what a brand does with a mere suspicion."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from .enums import Joined, Severity


class IncidentMember(models.Model):
    """Somebody who may see a private incident. A public one has no rows here.

    A row alone lets nobody in: whoever leaves the brand sees nothing of it any more.
    """

    incident = models.ForeignKey("incidents.Incident", models.CASCADE, related_name="members")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="incident_memberships"
    )
    joined = models.CharField(max_length=8, choices=Joined, default=Joined.CHOSEN)
    since = models.DateTimeField()
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )

    class Meta:
        ordering: ClassVar[list[str]] = ["since", "pk"]
        constraints: ClassVar[list] = [
            models.UniqueConstraint(fields=["incident", "user"], name="one_membership_an_incident")
        ]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.incident_id}"


class IncidentSettings(models.Model):
    """What a brand does with what the desk detects. Without a row nothing waits in triage."""

    brand = models.OneToOneField(
        "accounts.Brand", models.CASCADE, related_name="incident_settings", primary_key=True
    )
    # Detections of this severity and milder are looked at before anybody is called. Null: none.
    triage_from = models.PositiveSmallIntegerField(
        _("goes through triage from"), choices=Severity, null=True, blank=True
    )
    # A suspicion that nobody has judged by then calls people by itself.
    triage_minutes = models.PositiveSmallIntegerField(_("minutes in triage"), default=30)

    def __str__(self) -> str:
        return f"settings of {self.brand_id}"
