"""How incidents hang together: links between two, and mergings that can be taken back."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from .enums import Tie


class IncidentLink(models.Model):
    """`incident` is … `other`: one row, told from both sides."""

    incident = models.ForeignKey("incidents.Incident", models.CASCADE, related_name="links")
    other = models.ForeignKey("incidents.Incident", models.CASCADE, related_name="linked_from")
    tie = models.CharField(_("how"), max_length=10, choices=Tie)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering: ClassVar[list[str]] = ["pk"]
        constraints: ClassVar[list] = [
            models.UniqueConstraint(fields=["incident", "other", "tie"], name="one_link_a_tie"),
            models.CheckConstraint(
                condition=~models.Q(incident=models.F("other")), name="no_link_to_itself"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.incident_id} {self.tie} {self.other_id}"


class Merge(models.Model):
    """One incident's going into another: what moved, and how it stood, for taking it back."""

    source = models.ForeignKey("incidents.Incident", models.CASCADE, related_name="merges")
    target = models.ForeignKey("incidents.Incident", models.CASCADE, related_name="merges_in")
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    # {"state", "closed_as", "resolved_at", "triage", "called", "update_by"}
    before = models.JSONField(default=dict)
    # {"tasks": [id, …], "signals": …, "mentions": …, "merged": …}
    moved = models.JSONField(default=dict)
    undone_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-pk"]
        constraints: ClassVar[list] = [
            models.UniqueConstraint(
                fields=["source"],
                condition=models.Q(undone_at=None),
                name="one_standing_merge_a_source",
            )
        ]

    def __str__(self) -> str:
        return f"{self.source_id} into {self.target_id}"
