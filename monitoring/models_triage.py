"""What people do about mentions: states, history, saved searches, and work on many at once.

Rows exist only for mentions that somebody has handled. None refers to a mention by foreign key:
each keeps its id and its time, as everything does that outlives a month.
"""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import User

from .chart import Course, PostKind, TriageState, Truth
from .enums import JobKind, JobState


class MentionState(models.Model):
    """How far a mention is, and what was decided about it. New ones have no row.

    `version` counts the changes: whoever changes it says which one they saw, so that two people
    do not overwrite each other.
    """

    brand = models.ForeignKey("accounts.Brand", models.CASCADE, related_name="+", db_index=False)
    mention_id = models.BigIntegerField(unique=True)
    published_at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=TriageState, default=TriageState.NEW)
    # The outcome of the chart, "" where nobody walked it.
    truth = models.CharField(max_length=8, choices=Truth, blank=True)
    kind = models.CharField(max_length=10, choices=PostKind, blank=True)
    course = models.CharField(max_length=10, choices=Course, blank=True)
    # Reported as not speaking of the brand at all.
    not_about = models.BooleanField(default=False)
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    note = models.TextField(blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField()
    version = models.PositiveIntegerField(default=0)

    class Meta:
        indexes: ClassVar[list] = [
            # The stream of those in one state, newest first.
            models.Index(
                fields=["brand", "state", "-published_at", "-mention_id"],
                name="mention_state_stream",
            )
        ]

    def __str__(self) -> str:
        return f"{self.mention_id}: {self.state}"


class StreamJob(models.Model):
    """Work on what a filter shows: a bulk action, or an export. Done piece by piece by a worker;
    `position` moves in the transaction that does the piece, so a killed worker goes on there."""

    kind = models.CharField(max_length=10, choices=JobKind)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    # What is done, by kind: {"state": …}, {"assignee": id}, {"field": …, "value": …}, …
    params = models.JSONField(default=dict)
    # What was asked, as it stood in the address, and with its times fixed (packing of Filters).
    query = models.TextField(blank=True)
    filters = models.JSONField(default=dict)
    state = models.CharField(max_length=8, choices=JobState, default=JobState.QUEUED)
    # Mentions that were found when it was asked for; None where they were not counted.
    total = models.PositiveIntegerField(null=True)
    done = models.PositiveIntegerField(default=0)
    # Left as they were: changed by others meanwhile, gone, or that way already.
    skipped = models.PositiveIntegerField(default=0)
    # Cursor of the last mention that was read: [value, id].
    position = models.JSONField(null=True)
    file = models.FileField(upload_to="exports/", blank=True)
    error = models.CharField(max_length=500, blank=True)
    lease_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    undone_at = models.DateTimeField(null=True)
    # When an export's file leaves; swept by the loop "stream_files".
    expires_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar[list] = [
            models.Index(
                fields=["id"],
                condition=models.Q(state__in=("QUEUED", "RUNNING")),
                name="stream_job_waiting",
            ),
            models.Index(
                fields=["expires_at"],
                condition=models.Q(expires_at__isnull=False),
                name="stream_job_expires",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}: {self.state}"


class MentionChange(models.Model):
    """One change of a mention's state, never changed itself: who, when, from what to what."""

    brand = models.ForeignKey("accounts.Brand", models.CASCADE, related_name="+", db_index=False)
    mention_id = models.BigIntegerField(db_index=True)
    published_at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField()
    job = models.ForeignKey(StreamJob, models.SET_NULL, null=True, related_name="changes")
    # The fields that changed, {"state": "new", …}, and the version that came out of it.
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    version = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"{self.mention_id} v{self.version}"


class SearchQuerySet(models.QuerySet):  # type: ignore[type-arg]
    """Searches that a person may use: their own, and those shared with a brand of theirs."""

    def visible_to(self, user: User) -> "SearchQuerySet":
        return self.filter(models.Q(owner=user) | models.Q(brand__in=list(user.roles)))


class SavedSearch(models.Model):
    """A named view of the stream. With a brand it is shared with everybody of that brand."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    brand = models.ForeignKey("accounts.Brand", models.CASCADE, null=True, related_name="+")
    name = models.CharField(_("name"), max_length=60)
    # The filter as it stands in the address, without its "?".
    query = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = SearchQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["name", "pk"]
        constraints: ClassVar[list] = [
            models.UniqueConstraint(
                fields=["owner", "brand", "name"],
                name="one_search_a_name",
                nulls_distinct=False,
            )
        ]

    def __str__(self) -> str:
        return self.name


class SearchLook(models.Model):
    """When a person last looked at a saved search: what came in since is unread."""

    search = models.ForeignKey(SavedSearch, models.CASCADE, related_name="looks")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    looked_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list] = [
            models.UniqueConstraint(fields=["search", "user"], name="one_look_a_search")
        ]

    def __str__(self) -> str:
        return f"{self.search_id} by {self.user_id}"
