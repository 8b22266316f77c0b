"""What is carried out of the desk: the offline pack, and the wall's secret link."""

from typing import ClassVar

from django.conf import settings
from django.db import models


class OfflinePack(models.Model):
    """The pack of an incident as one signed file; a row a language, with contacts and without."""

    incident = models.ForeignKey("incidents.Incident", models.CASCADE, related_name="packs")
    language = models.CharField(max_length=8)
    with_contacts = models.BooleanField()
    made_at = models.DateTimeField()
    # The last line of the log that it knows.
    entries_count = models.PositiveIntegerField()
    file = models.BinaryField()
    sha256 = models.CharField(max_length=64)

    class Meta:
        constraints: ClassVar[list] = [
            models.UniqueConstraint(
                fields=["incident", "language", "with_contacts"], name="one_pack_of_a_kind"
            )
        ]

    def __str__(self) -> str:
        return f"{self.incident_id} {self.language} {self.sha256[:8]}"


class WallLink(models.Model):
    """An address that shows an incident's wall to whoever knows it. Only its hash is kept."""

    incident = models.ForeignKey("incidents.Incident", models.CASCADE, related_name="wall_links")
    sha256 = models.CharField(max_length=64, unique=True)
    place = models.CharField(max_length=80, blank=True)
    language = models.CharField(max_length=8)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    made_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-made_at"]

    def __str__(self) -> str:
        return f"{self.place or self.pk} of {self.incident_id}"
