"""What people answered without signing in: by a signed link, or by writing back."""

from typing import ClassVar

from django.conf import settings
from django.db import models

from notifications.enums import Via


class Answer(models.Model):
    """One answer, acted on once. `key` is the digest of the link, or of the message's own id."""

    key = models.CharField(max_length=64, unique=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="answers"
    )
    via = models.CharField(max_length=4, choices=Via)
    action = models.CharField(max_length=20, blank=True)
    subject = models.CharField(max_length=60, blank=True)
    # Whether it was done; if not, `words` tell the person why.
    done = models.BooleanField(default=False)
    words = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField()

    class Meta:
        ordering: ClassVar[list[str]] = ["-at"]
        indexes: ClassVar[list] = [models.Index(fields=["at"], name="answer_at")]

    def __str__(self) -> str:
        return f"{self.action} by {self.user_id}"


class ReplyInbox(models.Model):
    """How far the mailbox for replies has been read."""

    name = models.CharField(max_length=200, unique=True)
    cursor = models.JSONField(default=dict)
    read_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=300, blank=True)

    def __str__(self) -> str:
        return self.name
