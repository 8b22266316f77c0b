"""What a line of the log said before its writer mended it."""

from typing import ClassVar

from django.conf import settings
from django.db import models


class EntryEdit(models.Model):
    """One earlier wording of an entry, and when it gave way to the next."""

    entry = models.ForeignKey("incidents.TimelineEntry", models.CASCADE, related_name="edits")
    text = models.TextField()
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering: ClassVar[list[str]] = ["pk"]

    def __str__(self) -> str:
        return f"{self.entry_id} until {self.at:%H:%M:%S}"
