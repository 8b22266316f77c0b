"""A breach of personal data: the 72 hours of GDPR art. 33 and what the notice holds."""

from datetime import datetime, timedelta
from typing import ClassVar

from django.conf import settings
from django.db import models

from .enums_record import BreachField, BreachState, BreachStep, Telling

# Art. 33(1): not later than this after having become aware of it.
WITHIN = timedelta(hours=72)


class Breach(models.Model):
    """The notice to the authority about an incident, as it stands."""

    incident = models.OneToOneField(
        "incidents.Incident", models.CASCADE, related_name="breach", primary_key=True
    )
    aware_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=BreachState, default=BreachState.OPEN)
    telling = models.CharField(max_length=10, choices=Telling, default=Telling.UNDECIDED)

    def __str__(self) -> str:
        return f"{self.incident_id} {self.state}"

    @property
    def due_at(self) -> datetime:
        return self.aware_at + WITHIN


class BreachText(models.Model):
    """One field of the notice, as somebody wrote it; the highest number stands. Cites facts."""

    breach = models.ForeignKey(Breach, models.CASCADE, related_name="texts")
    field = models.CharField(max_length=12, choices=BreachField)
    number = models.PositiveIntegerField()
    text = models.TextField(blank=True)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering: ClassVar[list[str]] = ["-number"]
        constraints: ClassVar[list] = [
            models.UniqueConstraint(
                fields=["breach", "field", "number"], name="one_breach_text_a_number"
            )
        ]

    def __str__(self) -> str:
        return f"{self.breach_id} {self.field} v{self.number}"


class BreachEvent(models.Model):
    """What was done about a breach, by whom, and why. Never changed."""

    breach = models.ForeignKey(Breach, models.CASCADE, related_name="events")
    at = models.DateTimeField()
    # When it happened in the world: the authority's receipt, the awareness.
    happened_at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    step = models.CharField(max_length=10, choices=BreachStep)
    reason = models.TextField(blank=True)
    # The authority's reference of a notice.
    reference = models.CharField(max_length=120, blank=True)
    # What the notice said then: {field: text}; {"telling": …} for a decision about art. 34.
    said = models.JSONField(default=dict)

    class Meta:
        ordering: ClassVar[list[str]] = ["-pk"]

    def __str__(self) -> str:
        return f"{self.breach_id} {self.step}"
