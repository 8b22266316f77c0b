"""Where many people read at once: a team's chat, or another program."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from notifications.enums import Means


class ChannelQuerySet(models.QuerySet["Channel"]):
    def visible_to(self, user: User) -> "ChannelQuerySet":
        return self.filter(brand_id__in=list(user.roles))


class Channel(models.Model):
    """A chat or webhook of a brand that escalation steps may tell. Its address is sealed."""

    brand = models.ForeignKey("accounts.Brand", models.CASCADE, related_name="notice_channels")
    name = models.CharField(_("name"), max_length=80)
    # A service of `notifications.carriers`.
    service = models.CharField(_("service"), max_length=20)
    means = models.CharField(max_length=20, choices=Means, default=Means.CHAT)
    hint = models.CharField(max_length=120)
    sealed = models.BinaryField(default=bytes)
    provider = models.CharField(max_length=100)
    # Everybody there reads the same words.
    language = models.CharField(_("language"), max_length=8, default="en")
    created_at = models.DateTimeField()

    objects = ChannelQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["name", "pk"]
        constraints: ClassVar[list] = [
            models.UniqueConstraint(fields=["brand", "name"], name="one_channel_a_name")
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def seal_context(self) -> str:
        return f"notifications.channel:{self.pk}"


class Broadcast(models.Model):
    """One thing that a channel is told, once for a key."""

    channel = models.ForeignKey(Channel, models.CASCADE, related_name="broadcasts")
    key = models.CharField(max_length=120)
    kind = models.CharField(max_length=60)
    params = models.JSONField(default=dict)
    url = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list] = [
            models.UniqueConstraint(fields=["channel", "key"], name="one_broadcast_a_key")
        ]

    def __str__(self) -> str:
        return f"{self.kind} to {self.channel_id}"
