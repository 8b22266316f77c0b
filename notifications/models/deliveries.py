"""The outbox: one message on one way out of the app."""

from datetime import datetime
from typing import ClassVar

from django.db import models

from notifications.enums import DeliveryState, Means


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def due(self, now: datetime) -> "DeliveryQuerySet":
        return self.filter(state=DeliveryState.QUEUED, send_at__lte=now)

    def waiting(self) -> "DeliveryQuerySet":
        return self.filter(state=DeliveryState.QUEUED)


class Delivery(models.Model):
    """One notice on one way out, or what a channel is told: the outbox the engine sends from.

    At least once: a doubled page wakes someone twice, a missing one lets a crisis grow.
    """

    notice = models.ForeignKey(
        "notifications.Notice", models.CASCADE, null=True, related_name="deliveries"
    )
    broadcast = models.ForeignKey(
        "notifications.Broadcast", models.CASCADE, null=True, related_name="deliveries"
    )
    channel = models.CharField(max_length=20, choices=Means, default=Means.EMAIL)
    # Null: the e-mail address of the person's profile, or the channel's own.
    address = models.ForeignKey(
        "notifications.Address", models.SET_NULL, null=True, related_name="deliveries"
    )
    # Who carries it ("email", "slack:hooks.slack.com"): what fails, fails together.
    provider = models.CharField(max_length=100, default="email")
    # Its place in the person's order, from 0: the next one is used at once when one fails.
    step = models.PositiveSmallIntegerField(default=0)
    state = models.CharField(max_length=10, choices=DeliveryState, default=DeliveryState.QUEUED)
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
            models.UniqueConstraint(
                fields=["notice", "channel"],
                condition=models.Q(channel="email"),
                name="one_delivery_by_email",
            ),
            models.UniqueConstraint(fields=["notice", "address"], name="one_delivery_an_address"),
            models.UniqueConstraint(fields=["broadcast"], name="one_delivery_a_broadcast"),
            models.CheckConstraint(
                condition=models.Q(notice=None) ^ models.Q(broadcast=None),
                name="delivery_of_one_thing",
            ),
        ]
        indexes: ClassVar[list] = [
            # The engine's "send" loop: what is due, and at whom.
            models.Index(
                fields=["send_at"],
                include=["provider"],
                condition=models.Q(state="QUEUED"),
                name="delivery_due",
            )
        ]

    def __str__(self) -> str:
        return f"{self.notice_id or self.broadcast_id} by {self.channel}: {self.state}"
