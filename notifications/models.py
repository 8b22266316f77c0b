"""What people are told, and whether it reached them. This room does not decide whom to tell."""

from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import User


class Urgency(models.TextChoices):
    """How a notice goes out: a page wakes someone, news waits to be read."""

    PAGE = "PAGE", _("Page")
    NEWS = "NEWS", pgettext_lazy("urgency", "News")


class NoticeQuerySet(models.QuerySet["Notice"]):
    def visible_to(self, user: User) -> "NoticeQuerySet":
        """The person's own, without those of brands they no longer belong to."""
        return self.filter(
            models.Q(brand=None) | models.Q(brand_id__in=list(user.roles)), user=user
        )

    def older_than(self, edge: tuple[datetime, int]) -> "NoticeQuerySet":
        created_at, pk = edge
        return self.filter(
            models.Q(created_at__lt=created_at) | models.Q(created_at=created_at, pk__lt=pk)
        )


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

    objects = NoticeQuerySet.as_manager()

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


class Trouble(models.TextChoices):
    """Reasons of our own in `Delivery.error`; anything else there is what the server said."""

    NO_SERVER = "NO_SERVER", _("No mail server is set up.")
    INTERRUPTED = "INTERRUPTED", _("Sending was interrupted again and again.")
    LEFT = "LEFT", _("The person no longer belongs to the brand.")


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def due(self, now: datetime) -> "DeliveryQuerySet":
        return self.filter(state=DeliveryState.QUEUED, send_at__lte=now)


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
    # Whose lease it is: only the sender that still holds the claim records the outcome.
    claim = models.CharField(max_length=32, blank=True)
    error = models.CharField(max_length=300, blank=True)

    objects = DeliveryQuerySet.as_manager()

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
