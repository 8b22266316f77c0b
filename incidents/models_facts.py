"""What is claimed, decided and told at the head of an incident. Versions are added, never changed.

The database refuses to change a written version (migration 0004): whatever was believed when
remains to be read.
"""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from .enums_record import FactStatus, Section


class Fact(models.Model):
    """One claim, as it stands now; `changes` holds how it came to that. Cited in texts as [F3]."""

    incident = models.ForeignKey("incidents.Incident", models.CASCADE, related_name="facts")
    # 1, 2, 3 … within the incident, given under the incident's lock.
    number = models.PositiveIntegerField()
    text = models.CharField(_("fact"), max_length=1000)
    status = models.CharField(
        _("status"), max_length=12, choices=FactStatus, default=FactStatus.UNCONFIRMED
    )
    # Who says so, and where: words, an address, a mention (no foreign key: mentions leave).
    source = models.CharField(_("source"), max_length=500, blank=True)
    source_url = models.CharField(max_length=500, blank=True)
    mention_id = models.BigIntegerField(null=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    # The number of its last change: who changes it says which one they saw.
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar[list[str]] = ["number"]
        constraints: ClassVar[list] = [
            models.UniqueConstraint(fields=["incident", "number"], name="one_fact_a_number")
        ]

    def __str__(self) -> str:
        return f"F{self.number} {self.text}"


class FactChange(models.Model):
    """A fact as it stood after a change: what, by whom, when, and why."""

    fact = models.ForeignKey(Fact, models.CASCADE, related_name="changes")
    version = models.PositiveIntegerField()
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    text = models.CharField(max_length=1000)
    status = models.CharField(max_length=12, choices=FactStatus)
    source = models.CharField(max_length=500, blank=True)
    source_url = models.CharField(max_length=500, blank=True)
    # The owner's name then: people leave.
    owner = models.CharField(max_length=150, blank=True)
    reason = models.CharField(max_length=1000, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-version"]
        constraints: ClassVar[list] = [
            models.UniqueConstraint(fields=["fact", "version"], name="one_change_a_version")
        ]

    def __str__(self) -> str:
        return f"{self.fact_id} v{self.version} {self.status}"


class Decision(models.Model):
    """What was decided, by whom, and why. Never changed: a correction is another decision."""

    incident = models.ForeignKey("incidents.Incident", models.CASCADE, related_name="decisions")
    number = models.PositiveIntegerField()
    entry = models.OneToOneField("incidents.TimelineEntry", models.CASCADE, related_name="decision")
    text = models.TextField(_("decision"))
    reason = models.TextField(_("reason"), blank=True)
    rejected = models.TextField(_("rejected"), blank=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    decided_at = models.DateTimeField()
    # The decision that this one takes the place of: one at most does.
    corrects = models.OneToOneField(
        "self", models.CASCADE, null=True, blank=True, related_name="corrected_by"
    )

    class Meta:
        ordering: ClassVar[list[str]] = ["-number"]
        constraints: ClassVar[list] = [
            models.UniqueConstraint(fields=["incident", "number"], name="one_decision_a_number")
        ]

    def __str__(self) -> str:
        return f"D{self.number} {self.text}"


class SituationVersion(models.Model):
    """One part of the head, as somebody wrote it; the highest number is what stands now."""

    incident = models.ForeignKey("incidents.Incident", models.CASCADE, related_name="situation")
    section = models.CharField(max_length=10, choices=Section)
    number = models.PositiveIntegerField()
    text = models.TextField(blank=True)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering: ClassVar[list[str]] = ["-number"]
        constraints: ClassVar[list] = [
            models.UniqueConstraint(
                fields=["incident", "section", "number"], name="one_situation_a_number"
            )
        ]

    def __str__(self) -> str:
        return f"{self.incident_id} {self.section} v{self.number}"
