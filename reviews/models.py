"""What is learned from an incident: the lessons of its review, and what was worked out of it."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from .enums import FollowUpState


class LessonKind(models.TextChoices):
    WORKED = "WORKED", _("Worked")
    IMPROVE = "IMPROVE", _("To improve")


class Lesson(models.Model):
    """One thing that went well or is to be done better, written in an incident's review."""

    incident = models.ForeignKey("incidents.Incident", models.CASCADE, related_name="lessons")
    kind = models.CharField(max_length=8, choices=LessonKind)
    text = models.TextField(_("lesson"))
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        # Made in the training room: an older release beside this one still reads it there.
        db_table = "training_lesson"
        ordering: ClassVar[list[str]] = ["pk"]

    def __str__(self) -> str:
        return self.text[:60]


class Reckoning(models.Model):
    """What the desk works out of an incident that has ended: too dear to be done at each look."""

    incident = models.OneToOneField("incidents.Incident", models.CASCADE, related_name="reckoning")
    # The end that it is of; after another one it is made anew.
    resolved_at = models.DateTimeField()
    # The engine's loop "reviews": when it is made, or made again; null once nothing can be added.
    due_at = models.DateTimeField(null=True)
    made_at = models.DateTimeField(null=True)
    failures = models.PositiveSmallIntegerField(default=0)
    # Codes and figures, in nobody's language: see services/reckoning.py.
    figures = models.JSONField(default=dict)

    class Meta:
        indexes: ClassVar[list] = [
            models.Index(
                fields=["due_at"],
                condition=models.Q(due_at__isnull=False),
                name="reckoning_due",
            )
        ]

    def __str__(self) -> str:
        return f"{self.incident_id} {self.resolved_at:%Y-%m-%d}"


class FollowUp(models.Model):
    """What is to be different next time: who sees to it, and by which day."""

    incident = models.ForeignKey("incidents.Incident", models.CASCADE, related_name="follow_ups")
    text = models.CharField(_("what is to be done"), max_length=500)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    due_on = models.DateField(_("by"))
    state = models.CharField(max_length=7, choices=FollowUpState, default=FollowUpState.OPEN)
    # Why it is not done; of what was done, whatever there is to say.
    reason = models.CharField(max_length=500, blank=True)
    settled_at = models.DateTimeField(null=True)
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField()
    # The engine's loop "follow_ups": when somebody is told next; null once it is settled.
    remind_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["due_on", "pk"]
        indexes: ClassVar[list] = [
            models.Index(
                fields=["remind_at"],
                condition=models.Q(remind_at__isnull=False),
                name="follow_up_due",
            )
        ]

    def __str__(self) -> str:
        return self.text[:60]
