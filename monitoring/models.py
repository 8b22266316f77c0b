"""Sources, mentions, what is usual, and what was not."""

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.utils.translation import gettext_lazy as _

from core.words import Words

from . import kinds, models_labels, models_queries, models_signals, models_triage  # noqa: F401 - found here
from .enums import (
    About,
    Blame,
    CrisisType,
    DetectionKind,
    Emotion,
    ImportState,
    QueryKind,
    Sentiment,
    WatchList,
)
from .scoping import BrandScoped


class Source(models.Model):
    """Where mentions come from, how far it was read, and how it is doing."""

    # Names the source to the outside, in a webhook's address: no count, no brand, no guessing.
    public_id = models.UUIDField(db_default=RandomUUID(), unique=True, editable=False)
    brand = models.ForeignKey("accounts.Brand", models.CASCADE, related_name="sources")
    # See monitoring.kinds.
    kind = models.CharField(_("kind"), max_length=40)
    name = models.CharField(_("name"), max_length=120)
    # The connected account through which it is read, where its network needs one.
    account = models.ForeignKey(
        "connectors.ConnectedAccount", models.PROTECT, null=True, related_name="sources"
    )
    # What is read: the fields of `Network.source` filled in, and "match" and "network".
    config = models.JSONField(default=dict)
    # The webhook's signing secrets, encrypted (core.crypto).
    sealed = models.BinaryField(default=b"")
    is_active = models.BooleanField(default=True)
    cursor = models.JSONField(default=dict)
    poll_every = models.PositiveIntegerField(_("seconds between polls"), default=300)
    # When it is asked next; claimed by moving it. Null: never polled (webhook, file).
    next_poll_at = models.DateTimeField(null=True)
    # Since when a poll of it has waited for a worker to take it up; see selectors.sources.untaken.
    asked_at = models.DateTimeField(null=True, db_column="polled_at")
    succeeded_at = models.DateTimeField(null=True)
    mention_at = models.DateTimeField(null=True)
    # core.words.Words.stored(): put into the reader's language by `problem`.
    error = models.TextField(blank=True)
    error_at = models.DateTimeField(null=True)
    failures = models.PositiveIntegerField(default=0)
    # Since when nobody asks it: its credentials were refused. Cleared by whoever acts, or when its
    # account is connected anew.
    stopped_at = models.DateTimeField(null=True)
    # When its credentials end, where the network says; its account's may end, too.
    expires_at = models.DateTimeField(null=True)
    # Seconds between the time that the newest post claimed and its arrival here.
    lag = models.FloatField(null=True)
    # The longest pause between its mentions, in seconds; one of a month ago weighs a third.
    pause = models.FloatField(null=True)
    # What its network could not give, and why: core.words.Words.stored() each.
    left_out = models.JSONField(default=list)
    # What nobody can fetch any more: the network lost our place and has no search.
    gap_from = models.DateTimeField(null=True)
    gap_until = models.DateTimeField(null=True)
    # Whose connection follows it (monitoring.streams), and until when that is so.
    streamed_by = models.UUIDField(null=True)
    streamed_until = models.DateTimeField(null=True)
    # When a replay under a simulated clock last fed it: that is when its mentions really came in,
    # whatever they say.
    replayed_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = BrandScoped.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["name"]
        constraints: ClassVar[list] = [
            models.UniqueConstraint(fields=["brand", "name"], name="one_source_a_name")
        ]
        indexes: ClassVar[list] = [
            # The engine's "poll" loop: which sources are due.
            models.Index(
                fields=["next_poll_at"], condition=models.Q(is_active=True), name="source_due"
            )
        ]

    def __str__(self) -> str:
        return self.name

    def get_kind_display(self) -> str:
        return str(kinds.label(self.kind))

    @property
    def problem(self) -> str:
        """What went wrong last and what to do, in the active language; "" where nothing did."""
        return str(Words.of(self.error))

    @property
    def notes(self) -> list[str]:
        """What its network could not give, and why, in the active language."""
        return [str(Words.of(each)) for each in self.left_out]


class Query(models.Model):
    """What a brand listens for, in the language of monitoring.queries.

    A source that carries more than the brand (a news feed) keeps only what answers some query.
    Whatever changes a query changes the brand's QueryVersion (a trigger, migration 0008).
    """

    brand = models.ForeignKey("accounts.Brand", models.CASCADE, related_name="queries")
    name = models.CharField(_("name"), max_length=120)
    kind = models.CharField(_("kind"), max_length=12, choices=QueryKind, default=QueryKind.BRAND)
    # Of a watch list, what is on it.
    watched = models.CharField(_("watch list"), max_length=12, choices=WatchList, blank=True)
    expression = models.TextField(_("query"))
    is_active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True)

    objects = BrandScoped.as_manager()

    class Meta:
        constraints: ClassVar[list] = [
            models.UniqueConstraint(fields=["brand", "name"], name="one_query_a_name")
        ]

    def __str__(self) -> str:
        return self.name


class Mention(models.Model):
    """Something somebody said, with what was read out of it.

    The table is partitioned by month of `published_at` (see migration 0002), so that old months
    leave by DROP, and has no foreign keys: writing a row must stay cheap. Nothing may refer to a
    mention by foreign key; keep its id and `published_at` together instead.
    Rows are written by monitoring.ingest only.
    """

    id = models.BigAutoField(primary_key=True)
    brand_id = models.BigIntegerField()
    source_id = models.BigIntegerField()
    external_id = models.TextField()
    network = models.CharField(max_length=40)
    author = models.TextField()
    title = models.TextField()
    text = models.TextField()
    url = models.TextField()
    lang = models.CharField(max_length=8)
    # What the source claims; never later than received_at.
    published_at = models.DateTimeField()
    received_at = models.DateTimeField()
    reach = models.BigIntegerField(default=0)
    sentiment = models.CharField(max_length=8, choices=Sentiment)
    sentiment_score = models.FloatField()
    confidence = models.FloatField()
    crisis_type = models.CharField(max_length=20, choices=CrisisType)
    # A person's correction; the machine's own label stays beside it.
    corrected_sentiment = models.CharField(max_length=8, choices=Sentiment, blank=True)
    # Further marks of monitoring.scoring; confidences are shares of texts as clear that are right.
    lang_confidence = models.FloatField(default=0)
    crisis_confidence = models.FloatField(default=0)
    emotion = models.CharField(max_length=16, choices=Emotion, default=Emotion.NONE)
    emotion_confidence = models.FloatField(default=0)
    blame = models.CharField(max_length=10, choices=Blame, default=Blame.NOBODY)
    blame_confidence = models.FloatField(default=0)
    question = models.BooleanField(default=False)
    # How likely a machine or a copy-paste campaign wrote it, 0 to 1.
    suspicion = models.FloatField(default=0)
    # Near-duplicates share it; 0 for texts too short to tell.
    fingerprint = models.BigIntegerField(default=0)
    # Which tier of scoring spoke last: 1 fast, 2 better.
    tier = models.SmallIntegerField(default=1)
    # The author's and the answered post's own ids within the source, "" where unknown.
    author_id = models.TextField(default="")
    parent_id = models.TextField(default="")
    # Of a review, 1 to 5.
    stars = models.FloatField(null=True)
    edited_at = models.DateTimeField(null=True)
    # Taken away by its author or network: text, author, title and address are emptied with it.
    gone_at = models.DateTimeField(null=True)
    about = models.CharField(max_length=10, choices=About, default=About.BRAND)
    # Ids of the queries that it answered when it arrived.
    queries = ArrayField(models.IntegerField(), default=list)

    objects = BrandScoped.as_manager()

    class Meta:
        managed = False
        db_table = "monitoring_mention"

    def __str__(self) -> str:
        return f"{self.author}: {self.text[:40]}"


class SeenMention(models.Model):
    """What has been accepted: the guard that makes accepting twice the same as once.

    `key` is a 128-bit digest of source and external id. Kept apart from the partitions, because
    a unique index on a partitioned table would have to include the month.
    """

    key = models.UUIDField(primary_key=True)
    # With the key, what finds the row in its month. Null: it was gone before it was seen.
    published_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return str(self.key)


class HiddenAuthor(models.Model):
    """An author who left a source's network, or came back: while gone, all their posts are hidden.

    Looked up where mentions are read (monitoring.visible), so that one who left with ten thousand
    posts costs one row, and coming back as little. Thirty days later the posts are emptied.
    """

    source = models.ForeignKey(Source, models.CASCADE, related_name="+", db_index=False)
    author_id = models.TextField()
    # False: came back. The row stays a while, so that older news cannot hide them again.
    gone = models.BooleanField()
    # When the network said so.
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list] = [
            models.UniqueConstraint(fields=["source", "author_id"], name="one_state_an_author")
        ]
        indexes: ClassVar[list] = [
            # The engine's "departed" loop.
            models.Index(fields=["at"], name="author_state_age")
        ]

    def __str__(self) -> str:
        return f"{self.author_id}: {'gone' if self.gone else 'back'}"


class ShownMention(models.Model):
    """A mention that people have seen, of a network that does not tell of deletions.

    The engine's "look_up" loop asks once a day for a week whether it is still there.
    """

    mention_id = models.BigIntegerField(primary_key=True)
    published_at = models.DateTimeField()
    source = models.ForeignKey(Source, models.CASCADE, related_name="+", db_index=False)
    shown_at = models.DateTimeField()
    # When the network was last asked; at first, when it was shown.
    asked_at = models.DateTimeField()

    class Meta:
        indexes: ClassVar[list] = [
            models.Index(fields=["source", "asked_at"], name="shown_unasked"),
            models.Index(fields=["shown_at"], name="shown_age"),
        ]

    def __str__(self) -> str:
        return str(self.mention_id)


class MentionCount(models.Model):
    """Mentions per minute of `published_at`, counted in the transaction that writes them."""

    brand = models.ForeignKey("accounts.Brand", models.CASCADE, related_name="+", db_index=False)
    minute = models.DateTimeField()
    network = models.CharField(max_length=40)
    crisis_type = models.CharField(max_length=20, choices=CrisisType)
    total = models.PositiveIntegerField(default=0)
    negative = models.PositiveIntegerField(default=0)
    positive = models.PositiveIntegerField(default=0)
    reach = models.BigIntegerField(default=0)

    class Meta:
        constraints: ClassVar[list] = [
            models.UniqueConstraint(
                fields=["brand", "minute", "network", "crisis_type"], name="one_count_a_minute"
            )
        ]

    def __str__(self) -> str:
        return f"{self.brand_id} {self.minute:%H:%M}: {self.total}"


class Baseline(models.Model):
    """What is usual for a brand: the detector's memory, advanced as each step closes.

    `pending_at` is set by ingest whenever a brand's counts changed and cleared by the judge: the
    row that survives a lost nudge.
    """

    brand = models.OneToOneField("accounts.Brand", models.CASCADE, related_name="baseline")
    state = models.JSONField(default=dict)
    # Start of the last step that was closed into `state`.
    closed_at = models.DateTimeField(null=True)
    pending_at = models.DateTimeField(null=True)
    # The earliest minute whose counts changed since the judge looked: late mentions, imports.
    changed_from = models.DateTimeField(null=True)
    # No new detection of a kind before this: one crisis, one alarm.
    quiet_until = models.JSONField(default=dict)
    # When something of it last came in, and when its themes were looked at: the loop "themes".
    spoken_at = models.DateTimeField(null=True)
    themed_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar[list] = [
            # The engine's "judge" loop.
            models.Index(
                fields=["pending_at"],
                condition=models.Q(pending_at__isnull=False),
                name="baseline_pending",
            )
        ]

    def __str__(self) -> str:
        return f"baseline of {self.brand_id}"


class Step(models.Model):
    """A closed step of five minutes with the band that was expected of it: what charts draw."""

    brand = models.ForeignKey("accounts.Brand", models.CASCADE, related_name="+", db_index=False)
    starts_at = models.DateTimeField()
    total = models.PositiveIntegerField()
    negative = models.PositiveIntegerField()
    positive = models.PositiveIntegerField()
    reach = models.BigIntegerField()
    expected_low = models.FloatField()
    expected_high = models.FloatField()
    score = models.FloatField()

    class Meta:
        constraints: ClassVar[list] = [
            models.UniqueConstraint(fields=["brand", "starts_at"], name="one_step_a_time")
        ]

    def __str__(self) -> str:
        return f"{self.brand_id} {self.starts_at:%H:%M}: {self.total}"


class Detection(models.Model):
    """Something out of the ordinary, with its reasons as figures; reasons.py puts them in words."""

    brand = models.ForeignKey("accounts.Brand", models.CASCADE, related_name="detections")
    kind = models.CharField(max_length=20, choices=DetectionKind)
    # When what was detected began, as far as the counts tell.
    started_at = models.DateTimeField()
    detected_at = models.DateTimeField()
    value = models.FloatField()
    expected_low = models.FloatField()
    expected_high = models.FloatField()
    score = models.FloatField()
    negative_share = models.FloatField(default=0)
    reach = models.BigIntegerField(default=0)
    crisis_type = models.CharField(max_length=20, choices=CrisisType, default=CrisisType.NONE)
    # [{"code": …, figures …}], see monitoring/reasons.py.
    reasons = models.JSONField(default=list)
    # [{"id": mention, "published_at": …}], the posts that show it best.
    samples = models.JSONField(default=list)
    # The first signal of the same matter, for those that came after it.
    group = models.ForeignKey("self", models.CASCADE, null=True, related_name="further")
    rule = models.ForeignKey(
        "monitoring.DetectionRule", models.SET_NULL, null=True, related_name="detections"
    )
    # How loud it will become, as it looked then: monitoring.forecasting.
    forecast = models.JSONField(default=dict)
    # When a room above took it up; until then its sweep finds it here.
    handled_at = models.DateTimeField(null=True)

    objects = BrandScoped.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["-detected_at"]
        indexes: ClassVar[list] = [
            models.Index(fields=["brand", "-detected_at"], name="detection_by_brand"),
            # The incidents room's sweep: what nobody took up yet.
            models.Index(
                fields=["detected_at"],
                condition=models.Q(handled_at=None),
                name="detection_unhandled",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.brand_id} {self.detected_at:%H:%M}"


class FileImport(models.Model):
    """A file on its way in. `position` moves in the transaction that writes its rows, so a worker
    that is killed goes on where it was."""

    source = models.ForeignKey(Source, models.CASCADE, related_name="imports")
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    file = models.FileField(upload_to="imports/")
    filename = models.CharField(max_length=200)
    # How it is to be read: {"format": "csv", "encoding": …, "delimiter": …, "gzip": …}.
    layout = models.JSONField(default=dict)
    columns = models.JSONField(default=list)
    sample = models.JSONField(default=list)
    # {"text": column, "external_id": column, …}
    mapping = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=ImportState, default=ImportState.UPLOADED)
    position = models.PositiveIntegerField(default=0)
    accepted = models.PositiveIntegerField(default=0)
    known = models.PositiveIntegerField(default=0)
    # Does not speak of the brand, where the source is matched against its words.
    unmatched = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    mended = models.PositiveIntegerField(default=0)
    # The first thousand refusals and repairs: [{"row": 12, "field": …, "why": code, "kept": …}].
    refusals = models.JSONField(default=list)
    error = models.CharField(max_length=500, blank=True)
    # A worker's lease; the sweep takes over an import whose worker fell silent.
    lease_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.filename}: {self.state}"


class InboundCall(models.Model):
    """Ids of webhook calls that were accepted: a replayed call is refused."""

    source = models.ForeignKey(Source, models.CASCADE, related_name="+")
    call_id = models.CharField(max_length=200)
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list] = [
            models.UniqueConstraint(fields=["source", "call_id"], name="one_call_once")
        ]
        indexes: ClassVar[list] = [models.Index(fields=["at"], name="inbound_call_age")]

    def __str__(self) -> str:
        return self.call_id
