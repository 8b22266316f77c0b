"""What stands around a draft's versions while it is written, and is never part of one."""

from typing import ClassVar

from django.conf import settings
from django.db import models


class Unsaved(models.Model):
    """What somebody has typed into a draft and not saved: one row a person and draft.

    Never published and never approved: only versions are. It goes when its writer saves or
    drops it, or after a week without a change: the loop "unsaved".
    """

    draft = models.ForeignKey("responses.Draft", models.CASCADE, related_name="unsaved")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    # The version that it was typed on.
    base_version = models.PositiveIntegerField()
    text = models.TextField()
    began_at = models.DateTimeField()
    at = models.DateTimeField()

    class Meta:
        ordering: ClassVar[list[str]] = ["began_at", "pk"]
        constraints: ClassVar[list] = [
            models.UniqueConstraint(fields=["draft", "user"], name="one_unsaved_a_person")
        ]
        indexes: ClassVar[list] = [models.Index(fields=["at"], name="unsaved_age")]

    def __str__(self) -> str:
        return f"{self.user} on {self.draft} v{self.base_version}"


class DraftComment(models.Model):
    """What colleagues say to each other about a draft. It stands in a table of its own, which no
    version, publication or page for the public reads: it cannot be published."""

    draft = models.ForeignKey("responses.Draft", models.CASCADE, related_name="comments")
    # The comment that it answers: threads are one deep.
    thread = models.ForeignKey("self", models.CASCADE, null=True, related_name="answers")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    text = models.TextField()
    # The version that it was said of.
    version = models.PositiveIntegerField()
    at = models.DateTimeField()
    # Of a thread's first comment.
    resolved_at = models.DateTimeField(null=True)
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        ordering: ClassVar[list[str]] = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self.author} on {self.draft}"
