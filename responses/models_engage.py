"""The inbox of an incident's public conversations, what they are answered with, and its concerns.

No words of the public are kept here: each message is a mention, named by id and time, and is read
where mentions are read, so that what is taken away leaves the inbox too.
"""

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from incidents.models import BrandScoped, OfIncident

from .enums import MAY_BE_OUT, PublicationState
from .enums_engage import CameBy, ConversationState, RunKind

# Minutes to the first and to every next reply, by severity.
USUAL_TIMES = {"1": [30, 60], "2": [60, 120], "3": [240, 480], "4": [1440, 1440]}


def usual_times() -> dict[str, Any]:
    return {level: list(times) for level, times in USUAL_TIMES.items()}


class EngageSettings(models.Model):
    """How soon a brand answers, and how fast it answers many.

    `times` is {"1": [first, next], …} in minutes by severity; 0 is without a deadline. `networks`
    is {"bluesky": [first, next]}: where both have a time the sooner counts. `paces` is
    {"bluesky": answers an hour}, below the network's own.
    """

    brand = models.OneToOneField("accounts.Brand", models.CASCADE, related_name="engage_settings")
    times = models.JSONField(default=usual_times)
    networks = models.JSONField(default=dict)
    paces = models.JSONField(default=dict)

    def __str__(self) -> str:
        return str(self.brand)


class Concern(models.Model):
    """A question that many ask in an incident: who sees to it, and with what it is answered."""

    incident = models.ForeignKey("incidents.Incident", models.CASCADE, related_name="concerns")
    number = models.PositiveIntegerField()
    question = models.CharField(_("question"), max_length=300)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    # The answer that its people get, and what they are told once it is put right: drafts whose act
    # is ANSWER. Null: not written yet.
    answer = models.ForeignKey("responses.Draft", models.SET_NULL, null=True, related_name="+")
    fix = models.ForeignKey("responses.Draft", models.SET_NULL, null=True, related_name="+")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField()
    # Counts the changes: whoever changes it says which one they saw.
    version = models.PositiveIntegerField(default=1)

    objects = OfIncident.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["number"]
        constraints: ClassVar[list] = [
            models.UniqueConstraint(fields=["incident", "number"], name="one_concern_a_number")
        ]

    def __str__(self) -> str:
        return self.question


class Conversation(models.Model):
    """What one author says in one thread, and what we say back.

    `person` is a digest of source and author, `thread` of what the messages answer: they tell
    conversations apart without keeping anybody's name.
    """

    incident = models.ForeignKey("incidents.Incident", models.CASCADE, related_name="conversations")
    source_id = models.BigIntegerField()
    person = models.CharField(max_length=64)
    thread = models.CharField(max_length=64)
    came_by = models.CharField(max_length=8, choices=CameBy)
    state = models.CharField(
        max_length=8, choices=ConversationState, default=ConversationState.OPEN
    )
    # Why it is left alone.
    reason = models.CharField(max_length=300, blank=True)
    network = models.CharField(max_length=40)
    lang = models.CharField(max_length=8, blank=True)
    sentiment = models.CharField(max_length=8, blank=True)
    # The person's latest message that still stands.
    mention_id = models.BigIntegerField()
    mention_at = models.DateTimeField()
    messages_count = models.PositiveIntegerField(default=1)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    # Whose it is; and who is answering it right now, until when nobody else may.
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    claimed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    claimed_until = models.DateTimeField(null=True)
    # When the next reply is due (the loop "replies_due"), from when its time runs, and since when
    # it has been late. Null while it is not our turn.
    due_at = models.DateTimeField(null=True)
    due_since = models.DateTimeField(null=True)
    late_at = models.DateTimeField(null=True)
    # When we first and last answered.
    first_reply_at = models.DateTimeField(null=True)
    last_reply_at = models.DateTimeField(null=True)
    # Every message has been taken away.
    gone_at = models.DateTimeField(null=True)
    concern = models.ForeignKey(Concern, models.SET_NULL, null=True, related_name="conversations")
    version = models.PositiveIntegerField(default=1)

    objects = OfIncident.as_manager()

    class Meta:
        constraints: ClassVar[list] = [
            models.UniqueConstraint(
                fields=["incident", "source_id", "person", "thread"],
                name="one_conversation_a_thread",
            )
        ]
        indexes: ClassVar[list] = [
            # The engine's "replies_due" loop.
            models.Index(
                fields=["due_at"],
                condition=Q(due_at__isnull=False),
                name="conversation_due",
            ),
            # The inbox: what is due first; and the rest, the latest first.
            models.Index(fields=["incident", "state", "due_at", "id"], name="conversation_inbox"),
            models.Index(fields=["incident", "state", "-last_at", "-id"], name="conversation_last"),
        ]

    def __str__(self) -> str:
        return f"{self.pk} {self.network}: {self.state}"


class ConversationMessage(models.Model):
    """A mention that belongs to a conversation. No foreign key: mentions leave."""

    incident = models.ForeignKey("incidents.Incident", models.CASCADE, related_name="+")
    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="messages")
    mention_id = models.BigIntegerField()
    published_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar[list[str]] = ["published_at", "mention_id"]
        constraints: ClassVar[list] = [
            models.UniqueConstraint(fields=["incident", "mention_id"], name="one_message_a_mention")
        ]

    def __str__(self) -> str:
        return f"{self.mention_id} in {self.conversation_id}"


class EngageCursor(models.Model):
    """Up to which mention a brand's were looked through for replies to us; at least a minute old,
    so that what commits late is still found."""

    brand = models.OneToOneField("accounts.Brand", models.CASCADE, related_name="+")
    mention_id = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.brand_id}: {self.mention_id}"


class CannedAnswer(models.Model):
    """An answer of a brand's library, in one language. {name} stands for whom it goes to.

    `approved` is the version whose approval covers these very bytes, null until there is one.
    """

    brand = models.ForeignKey("accounts.Brand", models.CASCADE, related_name="canned_answers")
    language = models.CharField(_("language"), max_length=8)
    title = models.CharField(_("title"), max_length=120)
    text = models.TextField(_("text"))
    sha256 = models.CharField(max_length=64)
    approved = models.ForeignKey(
        "responses.Version", models.SET_NULL, null=True, related_name="canned"
    )
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    changed_at = models.DateTimeField()

    objects = BrandScoped.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["language", "title"]
        constraints: ClassVar[list] = [
            models.UniqueConstraint(
                fields=["brand", "language", "title"], name="one_canned_answer_a_title"
            )
        ]

    def __str__(self) -> str:
        return self.title


class AnswerRun(models.Model):
    """One approved answer on its way to all who asked; or, later, the word that it is put right.

    A trigger lets none of its answers leave once it is halted.
    """

    incident = models.ForeignKey("incidents.Incident", models.CASCADE, related_name="answer_runs")
    concern = models.ForeignKey(Concern, models.CASCADE, related_name="runs")
    kind = models.CharField(max_length=8, choices=RunKind)
    version = models.ForeignKey("responses.Version", models.PROTECT, related_name="runs")
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    started_at = models.DateTimeField()
    halted_at = models.DateTimeField(null=True)
    halted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )

    objects = OfIncident.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["-started_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.concern_id} {self.kind}"


class Answer(models.Model):
    """An approved answer on its way to one person: an outbox row.

    `text` is the approved version's with {name} replaced by `name`, and nothing else: a trigger
    makes it anew from both, and refuses `sending` unless every step of that version is covered, as
    for a publication.
    """

    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="answers")
    version = models.ForeignKey("responses.Version", models.PROTECT, related_name="answers")
    account = models.ForeignKey(
        "connectors.ConnectedAccount", models.PROTECT, related_name="answers"
    )
    run = models.ForeignKey(AnswerRun, models.PROTECT, null=True, related_name="answers")
    # Whose answer it is, by a run or by hand: nobody gets it twice, in however many threads they
    # ask, and whoever had it is told when it is put right.
    concern = models.ForeignKey(Concern, models.CASCADE, null=True, related_name="+")
    kind = models.CharField(max_length=8, choices=RunKind, blank=True)
    person = models.CharField(max_length=64, blank=True)
    # The message that it answers: one answer each.
    mention_id = models.BigIntegerField()
    name = models.CharField(max_length=100, blank=True)
    text = models.TextField()
    sha256 = models.CharField(max_length=64)
    state = models.CharField(
        max_length=10, choices=PublicationState, default=PublicationState.QUEUED
    )
    idempotency_key = models.CharField(max_length=64, unique=True)
    reply_to = models.TextField()
    publish_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    sending_since = models.DateTimeField(null=True)
    look_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    external_id = models.TextField(blank=True)
    url = models.TextField(blank=True)
    error = models.CharField(max_length=500, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar[list[str]] = ["created_at", "pk"]
        constraints: ClassVar[list] = [
            models.UniqueConstraint(
                fields=["run", "person"], condition=Q(run__isnull=False), name="one_answer_a_person"
            ),
            models.UniqueConstraint(
                fields=["conversation", "mention_id"],
                condition=Q(run__isnull=True) & Q(state__in=MAY_BE_OUT),
                name="one_answer_a_message",
            ),
            models.UniqueConstraint(
                fields=["concern", "kind", "person"],
                condition=Q(concern__isnull=False) & Q(state__in=MAY_BE_OUT),
                name="one_answer_a_concern",
            ),
        ]
        indexes: ClassVar[list] = [
            # The engine's "answers" loop: what is due, left behind, or to be looked for.
            models.Index(fields=["publish_at"], condition=Q(state="QUEUED"), name="answer_queued"),
            models.Index(
                fields=["sending_since"], condition=Q(state="SENDING"), name="answer_sending"
            ),
            models.Index(
                fields=["look_at"], condition=Q(state="UNCERTAIN"), name="answer_uncertain"
            ),
            # When an account answered last: the pace.
            models.Index(fields=["account", "-sending_since"], name="answer_pace"),
        ]

    def __str__(self) -> str:
        return f"{self.version_id} to {self.conversation_id}: {self.state}"
