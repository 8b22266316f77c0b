"""One thing one person is told."""

from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.db import models

from accounts.models import User
from notifications.enums import Urgency


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
    # What an answer is about ("incident.42"): the signed links, and what an answer calls off.
    subject = models.CharField(max_length=60, blank=True)
    created_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)
    # Since when a page has reached the person by none of their addresses, and whether the room
    # that sent it has taken that up.
    unreached_at = models.DateTimeField(null=True)
    unreached_handled_at = models.DateTimeField(null=True)

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
            # What an answer calls off, and the ladder's state of delivery.
            models.Index(
                fields=["subject"], condition=~models.Q(subject=""), name="notice_subject"
            ),
            models.Index(
                fields=["unreached_at"],
                condition=models.Q(unreached_at__isnull=False, unreached_handled_at=None),
                name="notice_unreached",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} to {self.user_id}"
