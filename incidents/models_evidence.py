"""Files and pictures kept as evidence: the bytes by their SHA-256, and who had them in hand."""

from typing import ClassVar

from django.conf import settings
from django.db import models

from .enums import Custody


class EvidenceFile(models.Model):
    """A file of an incident. Its bytes lie under `stored` in the media folder until it is deleted.

    The row, with name, size and digest, stays for good: it proves what there was.
    """

    incident = models.ForeignKey("incidents.Incident", models.CASCADE, related_name="files")
    # 1, 2, 3 … within the incident, given under its lock: part of its address.
    number = models.PositiveIntegerField()
    # The timeline entry that tells of it.
    entry = models.ForeignKey(
        "incidents.TimelineEntry", models.SET_NULL, null=True, related_name="files"
    )
    name = models.CharField(max_length=200)
    # What its first bytes say it is, never what the sender said.
    media_type = models.CharField(max_length=100)
    size = models.PositiveBigIntegerField()
    # Pixels of a picture; null for what is none.
    width = models.PositiveIntegerField(null=True)
    height = models.PositiveIntegerField(null=True)
    sha256 = models.CharField(max_length=64)
    # Within settings.MEDIA_ROOT; a random name, empty once the bytes are gone.
    stored = models.CharField(max_length=120, blank=True)
    note = models.CharField(max_length=500, blank=True)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    uploaded_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-number"]
        constraints: ClassVar[list] = [
            models.UniqueConstraint(fields=["incident", "number"], name="one_file_a_number")
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.sha256[:12]}"


class CustodyEntry(models.Model):
    """Who had a file in hand, and when: added to, never changed."""

    file = models.ForeignKey(EvidenceFile, models.CASCADE, related_name="custody")
    at = models.DateTimeField()
    deed = models.CharField(max_length=10, choices=Custody)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    note = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["pk"]

    def __str__(self) -> str:
        return f"{self.file_id} {self.deed}"
