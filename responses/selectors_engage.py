"""The inbox of an incident as its people may see it: pages in SQL, constant queries."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection
from django.db.models import Count, Q, QuerySet

from accounts.models import User
from core import presence
from incidents.models import Incident
from incidents.selectors import insiders
from monitoring.models import Mention
from monitoring.visible import standing

from .enums_engage import ConversationState
from .models_engage import Conversation

PAGE = 50


@dataclass(frozen=True)
class Wanted:
    """Which conversations: `view` is "", "mine", "free" (nobody's) or "late". `after` is the id of
    the last one of the page before."""

    state: str = ConversationState.OPEN
    view: str = ""
    network: str = ""
    language: str = ""
    sentiment: str = ""
    concern: int | None = None
    after: int | None = None


@dataclass(frozen=True)
class Row:
    """A conversation with the person's latest message."""

    conversation: Conversation
    mention: Mention

    @property
    def pk(self) -> int:
        return self.conversation.pk


@dataclass
class Page:
    rows: list[Row] = field(default_factory=list)
    # The id that the next page comes after; None: this was the last.
    more: int | None = None


def of_incident(incident: Incident) -> QuerySet[Conversation]:
    """Those of which something stands."""
    return Conversation.objects.filter(incident=incident, gone_at=None)


def get_conversation(user: User, reference: str, pk: int) -> Conversation:
    """Conversation.DoesNotExist alike for a missing, an invisible and a gone one."""
    rows = Conversation.objects.visible_to(user).filter(gone_at=None)
    found: Conversation = rows.select_related(
        "incident__brand", "assignee", "claimed_by", "concern"
    ).get(incident__reference=reference, pk=pk)
    return found


def matching(incident: Incident, wanted: Wanted, *, user: User) -> QuerySet[Conversation]:
    rows = of_incident(incident)
    if wanted.state:
        rows = rows.filter(state=wanted.state)
    if wanted.view == "mine":
        rows = rows.filter(assignee=user)
    elif wanted.view == "free":
        rows = rows.filter(assignee=None)
    elif wanted.view == "late":
        rows = rows.filter(late_at__isnull=False)
    same = {"network": wanted.network, "lang": wanted.language, "sentiment": wanted.sentiment}
    rows = rows.filter(**{name: value for name, value in same.items() if value})
    return rows if wanted.concern is None else rows.filter(concern=wanted.concern)


def page(incident: Incident, wanted: Wanted, *, user: User, size: int = PAGE) -> Page:
    """What is due first comes first; of what is not our turn the latest. Three queries."""
    rows = matching(incident, wanted, user=user).select_related("assignee", "claimed_by", "concern")
    if wanted.after is not None:
        rows = _beyond(rows, wanted)
    order = ("due_at", "id") if wanted.state == ConversationState.OPEN else ("-last_at", "-id")
    found = list(rows.order_by(*order)[: size + 1])
    shown, posts = found[:size], mentions(found[:size])
    more = shown[-1].pk if len(found) > size else None
    return Page([Row(row, posts[row.mention_id]) for row in shown if row.mention_id in posts], more)


def _beyond(rows: QuerySet[Conversation], wanted: Wanted) -> QuerySet[Conversation]:
    last = Conversation.objects.filter(pk=wanted.after or 0).values("due_at", "last_at").first()
    if last is None:
        return rows
    after = wanted.after
    if wanted.state != ConversationState.OPEN:
        at = last["last_at"]
        return rows.filter(Q(last_at__lt=at) | Q(last_at=at, pk__lt=after))
    if last["due_at"] is None:
        return rows.filter(due_at=None, pk__gt=after)
    due = last["due_at"]
    return rows.filter(Q(due_at__gt=due) | Q(due_at=due, pk__gt=after) | Q(due_at=None))


def mentions(conversations: Sequence[Conversation]) -> dict[int, Mention]:
    """Each conversation's latest message by its id, those that stand. One query."""
    if not conversations:
        return {}
    places = [(row.mention_id, row.mention_at) for row in conversations]
    return {post.pk: post for post in _standing(places)}


def _standing(places: Iterable[tuple[int, datetime]]) -> QuerySet[Mention]:
    ids, times = zip(*places, strict=True)
    found: QuerySet[Mention] = standing(
        Mention.objects.filter(pk__in=ids, published_at__range=(min(times), max(times)))
    )
    return found


def messages(conversation: Conversation) -> list[Mention]:
    """What the person wrote and still stands, in order."""
    places = list(conversation.messages.values_list("mention_id", "published_at"))
    return (
        sorted(_standing(places), key=lambda each: (each.published_at, each.pk)) if places else []
    )


def counts(incident: Incident, *, user: User) -> dict[str, int]:
    """How many are in each state, and of those to answer mine, nobody's and late. One query."""
    to_answer = Q(state=ConversationState.OPEN)
    every = {state.value: Count("pk", filter=Q(state=state)) for state in ConversationState}
    found: dict[str, int] = of_incident(incident).aggregate(
        **every,
        mine=Count("pk", filter=to_answer & Q(assignee=user)),
        free=Count("pk", filter=to_answer & Q(assignee=None)),
        late=Count("pk", filter=to_answer & Q(late_at__isnull=False)),
    )
    return found


_OFFERED = """
SELECT 'network', network FROM responses_conversation
WHERE incident_id = %(incident)s AND gone_at IS NULL GROUP BY 2
UNION ALL SELECT 'language', lang FROM responses_conversation
WHERE incident_id = %(incident)s AND gone_at IS NULL AND lang <> '' GROUP BY 2
ORDER BY 1, 2
"""


def offered(incident: Incident) -> dict[str, list[str]]:
    """The networks and languages that can be filtered by."""
    found: dict[str, list[str]] = {"network": [], "language": []}
    with connection.cursor() as cursor:
        cursor.execute(_OFFERED, {"incident": incident.pk})
        for name, value in cursor.fetchall():
            found[name].append(value)
    return found


def group(conversation: Conversation) -> str:
    """The live group of those who look at it."""
    return f"conversation.{conversation.pk}"


def looking(conversation: Conversation, *, besides: User) -> list[User]:
    """Who else has it open right now: the warning before two answer the same."""
    ids = [pk for pk in presence.present(group(conversation)) if pk != besides.pk]
    return list(insiders(conversation.incident).filter(pk__in=ids)) if ids else []


_MEDIAN = """
SELECT count(*), count(first_reply_at), count(*) FILTER (WHERE state = 'SOLVED'),
    count(*) FILTER (WHERE state = 'IGNORED'), count(*) FILTER (WHERE late_at IS NOT NULL),
    percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM first_reply_at - first_at))
        FILTER (WHERE first_reply_at IS NOT NULL)
FROM responses_conversation WHERE incident_id = %s
"""


@dataclass(frozen=True)
class Figures:
    """Of an incident's conversations: those that left with their author count, without words.

    `share` is of those that were not left alone; `median` is in seconds from the person's first
    message to our first reply; None while there was none.
    """

    total: int
    answered: int
    solved: int
    ignored: int
    late: int
    median: float | None

    @property
    def asked(self) -> int:
        """Those that wanted an answer."""
        return self.total - self.ignored

    @property
    def share(self) -> float | None:
        return min(1.0, self.answered / self.asked) if self.asked else None


def figures(incident: Incident) -> Figures:
    with connection.cursor() as cursor:
        cursor.execute(_MEDIAN, [incident.pk])
        total, answered, solved, ignored, late, median = cursor.fetchone()
    soon = None if median is None else max(0.0, float(median))
    return Figures(total, answered, solved, ignored, late, soon)
