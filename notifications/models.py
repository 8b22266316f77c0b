"""What people are told, and whether it reached them. This room does not decide whom to tell."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Urgency(models.TextChoices):
    """How a notice goes out: a page wakes someone, news waits to be read."""

    PAGE = "PAGE", _("Page")
    NEWS = "NEWS", _("News")


class Notice(models.Model):
    """One thing one person is told. `kind` and `params` are rendered in the reader's language."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="notices")
    brand = models.ForeignKey("accounts.Brand", models.CASCADE, null=True, related_name="+")
    # The same key twice tells the person once: a sweep or a retry may ask again.
    key = models.CharField(max_length=120)
    kind = models.CharField(max_length=60)
    params = models.JSONField(default=dict)
    url = models.CharField(max_length=300, blank=True)
    urgency = models.CharField(max_length=8, choices=Urgency, default=Urgency.NEWS)
    created_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar[list] = [
            models.UniqueConstraint(fields=["user", "key"], name="one_notice_per_key")
        ]
        indexes: ClassVar[list] = [
            # The bell: unread notices of one person, newest first.
            models.Index(
                fields=["user", "-created_at"],
                condition=models.Q(read_at=None),
                name="notice_unread",
            ),
            models.Index(fields=["user", "-created_at"], name="notice_inbox"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} to {self.user_id}"


class DeliveryState(models.TextChoices):
    QUEUED = "QUEUED", _("Waiting to be sent")
    SENT = "SENT", _("Sent")
    FAILED = "FAILED", _("Failed")
    # No mail server is configured: the notice is in the app only, and the page says so.
    KEPT = "KEPT", _("Kept in the app")


class Delivery(models.Model):
    """One notice on one channel outside the app: the outbox that the engine sends from.

    At least once: a doubled page wakes someone twice, a missing one lets a crisis grow.
    """

    notice = models.ForeignKey(Notice, models.CASCADE, related_name="deliveries")
    channel = models.CharField(max_length=20, default="email")
    state = models.CharField(max_length=8, choices=DeliveryState, default=DeliveryState.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    # When the engine sends it next; while one is sending, the end of its lease.
    send_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints: ClassVar[list] = [
            models.UniqueConstraint(fields=["notice", "channel"], name="one_delivery_per_channel")
        ]
        indexes: ClassVar[list] = [
            # The engine's "send" loop: what is due.
            models.Index(
                fields=["send_at"], condition=models.Q(state="QUEUED"), name="delivery_due"
            )
        ]

    def __str__(self) -> str:
        return f"{self.notice} by {self.channel}: {self.state}"
