"""How those who carry our messages are doing."""

from typing import ClassVar

from django.db import models

from notifications.enums import Health


class Provider(models.Model):
    """A mail server, a push service, a chat's server. While it is down it is passed over."""

    name = models.CharField(max_length=100, unique=True)
    health = models.CharField(max_length=8, choices=Health, default=Health.WORKING)
    # Failures one after the other; a success starts afresh.
    failures = models.PositiveIntegerField(default=0)
    since = models.DateTimeField()
    # When the engine's "probe" loop knocks at its door; null while it works.
    probe_at = models.DateTimeField(null=True)
    # "host:port" that was called last, to knock at.
    place = models.CharField(max_length=260, blank=True)
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        indexes: ClassVar[list] = [
            models.Index(
                fields=["probe_at"],
                condition=models.Q(probe_at__isnull=False),
                name="provider_probe",
            )
        ]

    def __str__(self) -> str:
        return f"{self.name}: {self.health}"
