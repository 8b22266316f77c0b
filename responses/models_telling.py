"""Whom an incident's news was told to before the public, and what went out before they were."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from incidents.models import OfIncident

from .enums_plan import Audience


class Telling(models.Model):
    """One audience in an incident's order of telling.

    Rows are made when something is first noted; until then the order is the plan's as it was when
    the incident was detected (plan/order.py).
    """

    incident = models.ForeignKey("incidents.Incident", models.CASCADE, related_name="tellings")
    position = models.PositiveSmallIntegerField()
    audience = models.CharField(max_length=10, choices=Audience)
    # By what and by whom, as the plan has it.
    how = models.CharField(max_length=300, blank=True)
    who = models.CharField(max_length=300, blank=True)
    told_at = models.DateTimeField(null=True)
    told_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    # How they were told in fact.
    means = models.CharField(_("how"), max_length=300, blank=True)
    # Why they need not be told.
    waived = models.CharField(_("why not"), max_length=300, blank=True)

    objects = OfIncident.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["position", "pk"]
        constraints: ClassVar[list] = [
            models.UniqueConstraint(fields=["incident", "audience"], name="one_telling_an_audience")
        ]

    def __str__(self) -> str:
        return f"{self.audience} of {self.incident_id}"

    @property
    def is_open(self) -> bool:
        """Whether they are neither told nor said to be of no concern."""
        return self.told_at is None and not self.waived


class EarlyWord(models.Model):
    """Why a draft goes out to the public before those who come first have been told."""

    draft = models.OneToOneField("responses.Draft", models.CASCADE, related_name="early_word")
    reason = models.CharField(_("reason"), max_length=1000)
    # The audiences that had not been told when it was said.
    untold = models.JSONField(default=list)
    said_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    said_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.draft_id}: {self.reason[:40]}"
