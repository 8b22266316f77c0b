"""Who holds which role in an incident, and who held it before."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from .enums import IncidentRole


class RoleHolding(models.Model):
    """One person's time in one role. A hand-over ends one row and begins the next.

    A deputy stands beside the holder and steps in for them; each role has one of each at most.
    """

    incident = models.ForeignKey("incidents.Incident", models.CASCADE, related_name="holdings")
    role = models.CharField(_("role"), max_length=14, choices=IncidentRole)
    is_deputy = models.BooleanField(default=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    since = models.DateTimeField()
    # Null: holds it now.
    until = models.DateTimeField(null=True)
    given_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    # What whoever takes over must know.
    note = models.TextField(blank=True)
    # When the engine's loop "care" looks at it next; null once there is nothing left to tell.
    care_at = models.DateTimeField(null=True)
    # The limit as it stood when the role was taken, and when this person was told that it is over.
    limit_seconds = models.PositiveIntegerField(null=True)
    told_at = models.DateTimeField(null=True)
    # When the deputy or whoever is on call was asked to take over, because nobody had.
    overdue_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["since", "pk"]
        constraints: ClassVar[list] = [
            models.UniqueConstraint(
                fields=["incident", "role", "is_deputy"],
                condition=models.Q(until=None),
                name="one_holder_a_role",
            )
        ]
        indexes: ClassVar[list] = [
            # The engine's "care" loop.
            models.Index(
                fields=["care_at"],
                condition=models.Q(care_at__isnull=False),
                name="holding_care_due",
            ),
            # How long somebody has been at it.
            models.Index(fields=["user", "until"], name="holding_of_person"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.role} of {self.incident_id}"
