"""What the strategy advisor was told, what it proposed, and what a person decided."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from incidents.models import OfIncident

from .enums_strategy import Confidence, Posture


class StrategyAnswers(models.Model):
    """The answers as somebody gave them, with the proposal then. Never changed: a new row is added.

    `answers` and `sources` are by question: the answer, and for one that was left as the desk
    suggested it where that came from ({"code", figures}, see strategy.wording.HINTS).
    """

    incident = models.ForeignKey(
        "incidents.Incident", models.CASCADE, related_name="strategy_answers"
    )
    # 1, 2, 3 … within the incident.
    number = models.PositiveIntegerField()
    answers = models.JSONField()
    sources = models.JSONField(default=dict)
    posture = models.CharField(max_length=10, choices=Posture)
    confidence = models.CharField(max_length=10, choices=Confidence)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField()

    objects = OfIncident.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["-number"]
        constraints: ClassVar[list] = [
            models.UniqueConstraint(
                fields=["incident", "number"], name="one_strategy_answers_a_number"
            )
        ]

    def __str__(self) -> str:
        return f"{self.incident_id} v{self.number} {self.posture}"


class StrategyDecision(models.Model):
    """The posture that somebody decided on, in view of one set of answers."""

    incident = models.ForeignKey(
        "incidents.Incident", models.CASCADE, related_name="strategy_decisions"
    )
    answers = models.ForeignKey(StrategyAnswers, models.CASCADE, related_name="decisions")
    posture = models.CharField(max_length=10, choices=Posture)
    # Whether it is what was proposed; if not, the reason is there.
    followed = models.BooleanField()
    reason = models.CharField(max_length=1000, blank=True)
    # The entry in the incident's log of decisions.
    decision = models.OneToOneField(
        "incidents.Decision", models.CASCADE, related_name="strategy_decision"
    )
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField()

    objects = OfIncident.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["-pk"]
        constraints: ClassVar[list] = [
            models.CheckConstraint(
                condition=Q(followed=True) | ~Q(reason=""), name="strategy_otherwise_has_a_reason"
            )
        ]

    def __str__(self) -> str:
        return f"{self.incident_id} {self.posture}"
