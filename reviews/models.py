"""What is learned from an incident: the lessons of its review."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


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
