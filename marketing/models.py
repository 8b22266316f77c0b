"""The marketing calendar, the pause and what has to be done by hand."""

import uuid
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import User

from .enums import CalendarKind, Chore, FeedKind, Hold, Origin, PostState


class OfBrand(models.QuerySet):
    """Rows of a brand: seen by its members."""

    def visible_to(self, user: User) -> "QuerySet[Any]":
        return self.filter(brand__in=user.roles)


class Pause(models.Model):
    """One stop of a brand's marketing: from when it was pressed until somebody ends it.

    Empty `networks` or `countries` mean all of them. What it covers is in covering.py, once in SQL.
    """

    brand = models.ForeignKey("accounts.Brand", models.CASCADE, related_name="pauses")
    incident = models.ForeignKey(
        "incidents.Incident", models.SET_NULL, null=True, related_name="pauses"
    )
    networks = ArrayField(models.CharField(max_length=40), default=list)
    countries = ArrayField(models.CharField(max_length=60), default=list)
    # Posts with one of these tags go on.
    exempt_tags = ArrayField(models.CharField(max_length=40), default=list)
    reason = models.CharField(_("reason"), max_length=300)
    started_at = models.DateTimeField()
    # Null: by an escalation policy.
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    # Who decides what becomes of each held post.
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    # When it is expected to be over: then the owner is reminded, and nothing ends by itself.
    planned_end = models.DateTimeField(null=True)
    reminded_at = models.DateTimeField(null=True)
    # Minutes between two posts of one account that go on after it.
    gap = models.PositiveSmallIntegerField(default=30)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    # How many it held when it was pressed.
    held = models.PositiveIntegerField(default=0)

    objects = OfBrand.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["-started_at"]
        indexes: ClassVar[list] = [
            # Asked before every post that goes out.
            models.Index(fields=["brand"], condition=Q(ended_at=None), name="pause_running"),
            # The engine's loop "marketing": whose planned end has come.
            models.Index(
                fields=["planned_end"],
                condition=Q(ended_at=None, reminded_at=None, planned_end__isnull=False),
                name="pause_to_remind",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.brand} {self.started_at:%Y-%m-%d %H:%M}"


class Feed(models.Model):
    """An outside tool whose plan is shown here: an address that is asked, or a webhook."""

    brand = models.ForeignKey("accounts.Brand", models.CASCADE, related_name="marketing_feeds")
    kind = models.CharField(max_length=10, choices=FeedKind)
    name = models.CharField(_("name"), max_length=80)
    # What its entries are, unless they say so themselves.
    entry_kind = models.CharField(
        _("holds"), max_length=10, choices=CalendarKind, default=CalendarKind.POST
    )
    network = models.CharField(_("network"), max_length=40, blank=True)
    country = models.CharField(_("country or market"), max_length=60, blank=True)
    # Part of the webhook's address.
    public_id = models.UUIDField(default=uuid.uuid4, unique=True)
    # The calendar's address, or the webhook's secret: core.crypto.
    sealed = models.BinaryField(default=b"")
    # How a webhook's caller shows who it is: monitoring.senders.
    sender = models.CharField(max_length=10, default="standard")
    is_active = models.BooleanField(default=True)
    # The engine's loop "calendars"; null for webhooks.
    next_poll_at = models.DateTimeField(null=True)
    # When something last arrived in good order.
    seen_at = models.DateTimeField(null=True)
    # core.words.Words.stored().
    error = models.TextField(blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField()

    objects = OfBrand.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["name"]
        constraints: ClassVar[list] = [
            models.UniqueConstraint(fields=["brand", "name"], name="one_marketing_feed_a_name")
        ]
        indexes: ClassVar[list] = [
            models.Index(
                fields=["next_poll_at"],
                condition=Q(next_poll_at__isnull=False),
                name="feed_to_poll",
            )
        ]

    def __str__(self) -> str:
        return self.name


class FeedCall(models.Model):
    """The id of a webhook call that was accepted: none is accepted twice."""

    feed = models.ForeignKey(Feed, models.CASCADE, related_name="calls")
    call_id = models.CharField(max_length=200)
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list] = [
            models.UniqueConstraint(fields=["feed", "call_id"], name="one_call_an_id")
        ]

    def __str__(self) -> str:
        return self.call_id


class ScheduledPost(models.Model):
    """An entry of the calendar. Those of this desk are an outbox row besides.

    `at` is when people are to see it, `send_at` when the engine next tries: later than `at` only
    after a failure that surely sent nothing.
    """

    brand = models.ForeignKey("accounts.Brand", models.CASCADE, related_name="scheduled_posts")
    kind = models.CharField(
        _("kind"), max_length=10, choices=CalendarKind, default=CalendarKind.POST
    )
    origin = models.CharField(max_length=10, choices=Origin, default=Origin.OWN)
    state = models.CharField(max_length=10, choices=PostState, default=PostState.QUEUED)
    title = models.CharField(_("title"), max_length=200, blank=True)
    text = models.TextField(_("text"), blank=True)
    # Null where another tool sends it; then `network` is what that tool says, or "".
    account = models.ForeignKey(
        "connectors.ConnectedAccount", models.PROTECT, null=True, related_name="scheduled_posts"
    )
    network = models.CharField(_("network"), max_length=40, blank=True)
    campaign = models.CharField(_("campaign"), max_length=120, blank=True)
    country = models.CharField(_("country or market"), max_length=60, blank=True)
    tags = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    at = models.DateTimeField(_("time"))
    ends_at = models.DateTimeField(_("until"), null=True, blank=True)
    # Goes out during a pause too.
    is_exempt = models.BooleanField(_("goes out during a pause too"), default=False)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    # What it is known by where it comes from.
    feed = models.ForeignKey(Feed, models.CASCADE, null=True, related_name="entries")
    outside_id = models.CharField(max_length=300, blank=True)

    # Held: why, by which pause, and what was decided about it.
    hold = models.CharField(max_length=10, choices=Hold, blank=True)
    pause = models.ForeignKey(Pause, models.SET_NULL, null=True, related_name="posts")
    # It was decided to go on, at `at`, once the pause is over.
    is_kept = models.BooleanField(default=False)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True)

    idempotency_key = models.CharField(max_length=64, unique=True)
    send_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    sending_since = models.DateTimeField(null=True)
    look_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    external_id = models.TextField(blank=True)
    url = models.TextField(blank=True)
    # A code of problems.py or core.words.Words.stored().
    error = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField()

    objects = OfBrand.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["at", "pk"]
        constraints: ClassVar[list] = [
            models.CheckConstraint(
                condition=Q(state="ELSEWHERE") | Q(state="DROPPED") | Q(account__isnull=False),
                name="own_post_has_account",
            ),
            models.UniqueConstraint(
                fields=["feed", "outside_id"],
                condition=Q(feed__isnull=False),
                name="one_entry_an_outside_id",
            ),
        ]
        indexes: ClassVar[list] = [
            models.Index(fields=["brand", "at"], name="calendar_by_time"),
            # The engine's loop "scheduled": what is due, …
            models.Index(fields=["send_at"], condition=Q(state="QUEUED"), name="scheduled_due"),
            # … what a killed process left behind, …
            models.Index(
                fields=["sending_since"], condition=Q(state="SENDING"), name="scheduled_sending"
            ),
            # … and what may be out, and is looked for.
            models.Index(
                fields=["look_at"], condition=Q(state="UNCERTAIN"), name="scheduled_uncertain"
            ),
            models.Index(fields=["pause"], condition=Q(state="HELD"), name="scheduled_held"),
        ]

    def __str__(self) -> str:
        return self.title or self.text[:60]

    @property
    def channel(self) -> str:
        """The network it appears on, by the name of the registry where it is one of ours."""
        return self.account.network if self.account else self.network


class ChecklistItem(models.Model):
    """Something that this desk cannot stop by itself: a person does, and ticks it."""

    pause = models.ForeignKey(Pause, models.CASCADE, related_name="checklist")
    chore = models.CharField(max_length=10, choices=Chore)
    # The entry or account that it is about.
    post = models.ForeignKey(ScheduledPost, models.CASCADE, null=True, related_name="+")
    account = models.ForeignKey(
        "connectors.ConnectedAccount", models.CASCADE, null=True, related_name="+"
    )
    network = models.CharField(max_length=40, blank=True)
    done_at = models.DateTimeField(null=True)
    done_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )

    class Meta:
        ordering: ClassVar[list[str]] = ["chore", "pk"]

    def __str__(self) -> str:
        return f"{self.chore} {self.post or self.account or self.network}"
