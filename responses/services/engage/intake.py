"""How conversations get into the inbox of an incident.

In come, of open incidents: what is linked to the incident; what answers something of ours, or goes
on in a conversation that is known; and what triage says is to be answered, in the brand's latest
open incident. Every look is repeated until it finds nothing new: what was found twice is in once.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from operator import attrgetter
from typing import Any

from django.db import connection, transaction

from connectors.network import Group
from core import live
from incidents.models import Incident
from monitoring import kinds
from monitoring.models import Source
from monitoring.visible import STANDING
from responses.enums import PublicationState
from responses.enums_engage import CameBy, ConversationState
from responses.models import Publication
from responses.models_engage import (
    Answer,
    Conversation,
    ConversationMessage,
    EngageCursor,
    EngageSettings,
)
from responses.people import digest, person

from .due import settings_of, wind

# Taken in one transaction.
BATCH = 500
# Mentions looked through for replies in one cycle.
READ = 2_000
# What commits late is at most so old when it does.
MARGIN = timedelta(seconds=60)
# Of the advisory locks: this one and the incident's, so that two engines never take in the same.
LOCK = 7_451_010

_COLUMNS = """m.id, m.published_at, m.source_id, m.external_id, m.parent_id, m.author_id, m.author,
    m.network, m.lang, coalesce(nullif(m.corrected_sentiment, ''), m.sentiment)"""
_OPEN = """SELECT id, brand_id, detected_at FROM incidents_incident
    WHERE state <> 'RESOLVED' AND NOT is_drill"""
_KNOWN = """EXISTS (SELECT FROM responses_conversationmessage c
    WHERE c.incident_id = {0} AND c.mention_id = m.id)"""
_LINKED = f"""
SELECT link.incident_id, 'LINKED', {_COLUMNS} FROM incidents_linkedmention AS link
JOIN ({_OPEN}) AS i ON i.id = link.incident_id
JOIN monitoring_mention AS m ON m.id = link.mention_id AND m.published_at = link.published_at
WHERE NOT {_KNOWN.format("link.incident_id")} AND {STANDING.format("m")}
    AND m.source_id <> ALL(%(told)s)
ORDER BY link.incident_id, m.published_at, m.id LIMIT %(limit)s
"""  # noqa: S608 - our own words
_TRIAGED = f"""
SELECT i.id, 'TRIAGE', {_COLUMNS} FROM monitoring_mentionstate AS s
JOIN LATERAL (SELECT id, detected_at FROM incidents_incident
    WHERE brand_id = s.brand_id AND state <> 'RESOLVED' AND NOT is_drill AND NOT is_private
    ORDER BY detected_at DESC, id DESC LIMIT 1) AS i ON true
JOIN monitoring_mention AS m ON m.id = s.mention_id AND m.published_at = s.published_at
WHERE s.brand_id = ANY(SELECT brand_id FROM ({_OPEN}) AS o) AND s.state = 'doing'
    AND s.course IN ('fix_facts', 'restore', 'answer') AND s.at >= i.detected_at
    AND NOT EXISTS (SELECT FROM responses_conversationmessage c WHERE c.mention_id = m.id)
    AND {STANDING.format("m")} AND m.source_id <> ALL(%(told)s)
ORDER BY i.id, m.published_at, m.id LIMIT %(limit)s
"""  # noqa: S608 - our own words
_NEW = f"""
SELECT 0, 'REPLY', {_COLUMNS} FROM monitoring_mention AS m
WHERE m.brand_id = %(brand)s AND m.id > %(after)s AND m.parent_id <> '' AND {STANDING.format("m")}
ORDER BY m.id LIMIT %(limit)s
"""  # noqa: S608 - our own words


@dataclass(frozen=True)
class Found:
    """A mention on its way into the inbox; `thread` is what it is told apart by."""

    incident_id: int
    came_by: str
    mention_id: int
    published_at: datetime
    source_id: int
    external_id: str
    parent_id: str
    author_id: str
    author: str
    network: str
    lang: str
    sentiment: str
    known_thread: str = ""

    @property
    def person(self) -> str:
        return person(self.source_id, self.author_id, self.author, self.external_id)

    @property
    def thread(self) -> str:
        return self.known_thread or digest("thread", self.parent_id or self.external_id)

    @property
    def key(self) -> tuple[int, str, str]:
        return self.source_id, self.person, self.thread


def take_in(*, now: datetime) -> int:
    """Look in every way, and take in what is new; return how many messages."""
    told = _news_sources()
    found = _read(_LINKED, told=told, limit=BATCH) + _read(_TRIAGED, told=told, limit=BATCH)
    taken = _take_all(found, now=now)
    brands = Incident.objects.running().order_by().values_list("brand", flat=True).distinct()
    for brand_id in list(brands):
        taken += _replies(brand_id, now=now)
    return taken


def _news_sources() -> list[int]:
    """Ids of sources of newspapers: nobody is answered there."""
    news = [name for name, kind in kinds.all_kinds().items() if kind.group == Group.NEWS]
    return list(Source.objects.filter(kind__in=news).values_list("pk", flat=True))


def _read(sql: str, **values: Any) -> list[Found]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return [Found(*row) for row in cursor.fetchall()]


def _take_all(found: Iterable[Found], *, now: datetime) -> int:
    rows = sorted(found, key=attrgetter("incident_id", "published_at", "mention_id"))
    taken = 0
    for incident_id, part in groupby(rows, key=attrgetter("incident_id")):
        taken += take(incident_id, list(part), now=now)
    return taken


# What answers us


def _replies(brand_id: int, *, now: datetime) -> int:
    """Look through what came in since the last time, from a minute before."""
    cursor, _made = EngageCursor.objects.get_or_create(brand_id=brand_id, defaults=_start(brand_id))
    rows = _read(_NEW, brand=brand_id, after=cursor.mention_id, limit=READ)
    ours = _threads(brand_id, {row.parent_id for row in rows}) if rows else {}
    found = [each for row in rows for each in _answering(row, ours)]
    found += _going_on(brand_id, rows)
    taken = _take_all(found, now=now)
    _move(cursor, rows, brand_id, now=now)
    return taken


def _start(brand_id: int) -> dict[str, int]:
    """From the first open incident on: what came before it answered something else."""
    opened = Incident.objects.filter(brand=brand_id).running().order_by("began_at").first()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(min(id), 1) - 1 FROM monitoring_mention"
            " WHERE brand_id = %s AND published_at >= %s",
            [brand_id, opened.began_at if opened else None],
        )
        return {"mention_id": cursor.fetchone()[0]}


def _move(cursor: EngageCursor, rows: Sequence[Found], brand_id: int, *, now: datetime) -> None:
    """Go on after what can no longer be joined by something with a smaller number."""
    with connection.cursor() as query:
        query.execute(
            "SELECT max(id) FROM monitoring_mention WHERE brand_id = %s AND id > %s"
            " AND received_at < %s AND (%s OR id <= %s)",
            [
                *(brand_id, cursor.mention_id, now - MARGIN),
                *(len(rows) < READ, rows[-1].mention_id if rows else 0),
            ],
        )
        last = query.fetchone()[0]
    if last:
        EngageCursor.objects.filter(pk=cursor.pk, mention_id__lt=last).update(mention_id=last)


def _threads(brand_id: int, parents: set[str]) -> dict[str, list[tuple[int, str]]]:
    """By the id of what we wrote: the incidents that it is of, and the thread it stands in."""
    found: dict[str, list[tuple[int, str]]] = {}
    answers = Answer.objects.filter(
        state=PublicationState.SENT,
        external_id__in=parents,
        account__brand=brand_id,
    ).values_list("external_id", "conversation__incident", "conversation__thread")
    for external_id, incident_id, thread in answers:
        found.setdefault(external_id, []).append((incident_id, thread))
    posts = Publication.objects.filter(
        state=PublicationState.SENT, external_id__in=parents, account__brand=brand_id
    ).values_list("external_id", "version__draft__incident", "version__draft__reply_to")
    for external_id, incident_id, answered in posts:
        found.setdefault(external_id, []).append(
            (incident_id, _thread_of(incident_id, answered.get("id")))
        )
    return found


def _thread_of(incident_id: int, mention_id: int | None) -> str:
    """The thread of a message that we answered; "" for a post of its own."""
    if mention_id is None:
        return ""
    known = ConversationMessage.objects.filter(incident=incident_id, mention_id=mention_id)
    return known.values_list("conversation__thread", flat=True).first() or ""


def _answering(row: Found, ours: dict[str, list[tuple[int, str]]]) -> list[Found]:
    return [_as(row, incident, thread) for incident, thread in ours.get(row.parent_id, ())]


def _going_on(brand_id: int, rows: Sequence[Found]) -> list[Found]:
    """Those of the same person in a thread that is known."""
    wanted = {row.key: row for row in rows}
    known = Conversation.objects.filter(
        incident__brand=brand_id, thread__in={key[2] for key in wanted}
    ).values_list("incident", "source_id", "person", "thread")
    threads = {(source, who, thread): incident for incident, source, who, thread in known}
    return [_as(row, threads[row.key], row.thread) for row in rows if row.key in threads]


def _as(row: Found, incident_id: int, thread: str) -> Found:
    values = {name: getattr(row, name) for name in row.__dataclass_fields__}
    return Found(**values | {"incident_id": incident_id, "known_thread": thread})


# Taking in


@transaction.atomic
def take(incident_id: int, found: Sequence[Found], *, now: datetime) -> int:
    """Put these into the incident's inbox; return how many were not there yet."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LOCK, incident_id % 2**31])
    incident = Incident.with_drills.get(pk=incident_id)
    if not incident.is_open:
        return 0
    fresh = _unknown(incident_id, found)
    if not fresh:
        return 0
    by_key: dict[tuple[int, str, str], list[Found]] = {}
    for each in sorted(fresh, key=attrgetter("published_at", "mention_id")):
        by_key.setdefault(each.key, []).append(each)
    _write(incident, by_key, settings_of(incident.brand_id), now=now)
    live.publish(f"incident.{incident_id}", "engage", {"count": len(fresh)})
    return len(fresh)


def _unknown(incident_id: int, found: Sequence[Found]) -> list[Found]:
    """Those that are not in yet, each once, and none that we wrote ourselves."""
    ids = {each.mention_id: each for each in found}
    known = ConversationMessage.objects.filter(incident=incident_id, mention_id__in=ids)
    seen = set(known.values_list("mention_id", flat=True))
    external = {each.external_id for each in found}
    own = set(
        Publication.objects.filter(external_id__in=external)
        .values_list("external_id", flat=True)
        .union(Answer.objects.filter(external_id__in=external).values_list("external_id"))
    )
    return [each for pk, each in ids.items() if pk not in seen and each.external_id not in own]


def _write(
    incident: Incident,
    by_key: dict[tuple[int, str, str], list[Found]],
    settings: EngageSettings,
    *,
    now: datetime,
) -> None:
    threads = {key[2] for key in by_key}
    rows = Conversation.objects.select_for_update(no_key=True, of=("self",)).filter(
        incident=incident, thread__in=threads
    )
    known = {(row.source_id, row.person, row.thread): row for row in rows.order_by("pk")}
    new = []
    for key, messages in by_key.items():
        if key in known:
            _go_on(known[key], messages, incident, settings, now=now)
        else:
            new.append(_begin(messages, incident, settings, now=now))
            known[key] = new[-1]
    Conversation.objects.bulk_create(new)
    ConversationMessage.objects.bulk_create(
        ConversationMessage(
            incident=incident,
            conversation=known[key],
            mention_id=each.mention_id,
            published_at=each.published_at,
        )
        for key, messages in by_key.items()
        for each in messages
    )


def _begin(
    messages: list[Found], incident: Incident, settings: EngageSettings, *, now: datetime
) -> Conversation:
    first, last = messages[0], messages[-1]
    made = Conversation(
        incident=incident,
        source_id=first.source_id,
        person=first.person,
        thread=first.thread,
        came_by=CameBy(first.came_by),
        network=first.network,
        lang=last.lang,
        sentiment=last.sentiment,
        mention_id=last.mention_id,
        mention_at=last.published_at,
        messages_count=len(messages),
        first_at=first.published_at,
        last_at=last.published_at,
    )
    wind(made, settings, incident.severity, now=now)
    return made


def _go_on(
    row: Conversation,
    messages: list[Found],
    incident: Incident,
    settings: EngageSettings,
    *,
    now: datetime,
) -> None:
    """They wrote again: it is our turn, unless they are left alone. A time that runs goes on."""
    last = messages[-1]
    row.messages_count += len(messages)
    row.gone_at = None
    if last.published_at >= row.last_at:
        row.mention_id, row.mention_at, row.last_at = (
            last.mention_id,
            last.published_at,
            last.published_at,
        )
        row.lang, row.sentiment = last.lang, last.sentiment
        if row.state in (ConversationState.WAITING, ConversationState.SOLVED):
            row.state = ConversationState.OPEN
            wind(row, settings, incident.severity, now=now)
    row.first_at = min(row.first_at, messages[0].published_at)
    row.version += 1
    row.save()
