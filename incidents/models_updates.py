"""Telling those who are not in the room: subscribers, updates with their versions, and receipts.

And the note that one shift leaves to the next.
"""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from .enums import Receipt


class Subscriber(models.Model):
    """Who is kept informed of an incident: a person of the brand, or an e-mail address."""

    incident = models.ForeignKey("incidents.Incident", models.CASCADE, related_name="subscribers")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="+")
    name = models.CharField(_("name"), max_length=120, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    language = models.CharField(max_length=8, blank=True)
    since = models.DateTimeField()
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["pk"]
        constraints: ClassVar[list] = [
            models.UniqueConstraint(
                fields=["incident", "user"],
                condition=models.Q(user__isnull=False),
                name="one_subscription_a_user",
            ),
            models.UniqueConstraint(
                fields=["incident", "email"],
                condition=models.Q(user__isnull=True),
                name="one_subscription_an_address",
            ),
        ]

    def __str__(self) -> str:
        return str(self.user or self.name or self.email)


class BriefUpdate(models.Model):
    """What subscribers are told, number by number. Its text lives in versions."""

    incident = models.ForeignKey("incidents.Incident", models.CASCADE, related_name="briefs")
    number = models.PositiveIntegerField()
    # The number of the latest version.
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar[list[str]] = ["-number"]
        constraints: ClassVar[list] = [
            models.UniqueConstraint(fields=["incident", "number"], name="one_brief_a_number")
        ]

    def __str__(self) -> str:
        return f"{self.incident_id} update {self.number}"


class BriefVersion(models.Model):
    """An update's text at one time: what was sent can be read for good."""

    brief = models.ForeignKey(BriefUpdate, models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    text = models.TextField()
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    at = models.DateTimeField()

    class Meta:
        ordering: ClassVar[list[str]] = ["-number"]
        constraints: ClassVar[list] = [
            models.UniqueConstraint(fields=["brief", "number"], name="one_brief_version_a_number")
        ]

    def __str__(self) -> str:
        return f"{self.brief} v{self.number}"


class BriefReceipt(models.Model):
    """One version for one subscriber: the outbox row of its mail, and whether it was read."""

    version = models.ForeignKey(BriefVersion, models.CASCADE, related_name="receipts")
    subscriber = models.ForeignKey(Subscriber, models.CASCADE, related_name="receipts")
    # Names the page without a sign-in; only whoever has the mail knows it.
    token = models.CharField(max_length=64, unique=True)
    state = models.CharField(max_length=8, choices=Receipt, default=Receipt.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    # When the engine's loop "briefs" sends it next; while it is being sent, the end of the lease.
    send_at = models.DateTimeField(null=True)
    claim = models.CharField(max_length=32, blank=True)
    sent_at = models.DateTimeField(null=True)
    read_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["pk"]
        constraints: ClassVar[list] = [
            models.UniqueConstraint(fields=["version", "subscriber"], name="one_receipt_a_version")
        ]
        indexes: ClassVar[list] = [
            models.Index(fields=["send_at"], condition=models.Q(state="QUEUED"), name="brief_due")
        ]

    def __str__(self) -> str:
        return f"{self.version} to {self.subscriber_id}: {self.state}"


class IncidentHandOver(models.Model):
    """What one shift leaves to the next: drawn up, edited, and signed by whoever takes over."""

    incident = models.ForeignKey("incidents.Incident", models.CASCADE, related_name="handovers")
    giver = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    taker = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    text = models.TextField()
    takes_lead = models.BooleanField(default=True)
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    signed_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-pk"]

    def __str__(self) -> str:
        return f"{self.incident_id} to {self.taker_id}"
