"""How conversations leave the inbox, and how it hears of answers given elsewhere."""

from datetime import datetime

from django.db import connection, transaction

from core import live
from monitoring.visible import STANDING
from responses.enums_engage import ConversationState
from responses.models_engage import Conversation

from .due import stop

BATCH = 500
# Conversations looked at in one cycle: it costs the same however many there are.
WINDOW = 2_000
_WINDOW = """
SELECT max(id), count(*) FROM (
    SELECT id FROM responses_conversation WHERE id > %s ORDER BY id LIMIT %s) AS looked
"""
_LEFT = f"""
SELECT c.id FROM responses_conversation AS c
WHERE c.id > %(after)s AND c.id <= %(until)s AND c.gone_at IS NULL AND NOT EXISTS (
    SELECT FROM monitoring_mention AS m
    WHERE m.id = c.mention_id AND m.published_at = c.mention_at AND {STANDING.format("m")})
ORDER BY c.id LIMIT %(limit)s
"""  # noqa: S608 - our own words
_LEFT_OF = f"""
SELECT c.conversation_id, c.mention_id, c.published_at FROM responses_conversationmessage AS c
JOIN monitoring_mention AS m ON m.id = c.mention_id AND m.published_at = c.published_at
WHERE c.conversation_id = ANY(%(ids)s) AND {STANDING.format("m")}
ORDER BY c.conversation_id, c.published_at DESC, c.mention_id DESC
"""  # noqa: S608 - our own words


def sweep(*, now: datetime, after: int = 0) -> int:
    """Look at the next conversations after an id; return where to go on, 0 from the beginning.

    Words that were taken away are shown nowhere from the first moment on (monitoring.visible);
    this takes their rows out of lists and counts.
    """
    with connection.cursor() as cursor:
        cursor.execute(_WINDOW, [after, WINDOW])
        until, looked = cursor.fetchone()
    if looked and let_go(now=now, after=after, until=until) >= BATCH:
        return after
    return int(until) if looked == WINDOW else 0


@transaction.atomic
def let_go(*, now: datetime, after: int = 0, until: int = 2**62) -> int:
    """Take out the conversations of which nothing stands any more; return how many changed.

    Of the others the latest message that stands is shown. Their deadlines end with them.
    """
    with connection.cursor() as cursor:
        cursor.execute(_LEFT, {"limit": BATCH, "after": after, "until": until})
        ids = [row[0] for row in cursor.fetchall()]
        if not ids:
            return 0
        cursor.execute(_LEFT_OF, {"ids": ids})
        left: dict[int, list[tuple[int, datetime]]] = {}
        for conversation_id, mention_id, at in cursor.fetchall():
            left.setdefault(conversation_id, []).append((mention_id, at))
    rows = Conversation.objects.select_for_update(no_key=True, of=("self",)).filter(pk__in=ids)
    changed = list(rows.order_by("pk"))
    for row in changed:
        row.version += 1
        if row.pk in left:
            row.mention_id, row.mention_at = left[row.pk][0]
            row.messages_count = len(left[row.pk])
        else:
            row.gone_at = now
            stop(row)
        row.save()
    for incident_id in sorted({row.incident_id for row in changed}):
        live.publish(f"incident.{incident_id}", "engage")
    return len(changed)


# Answers that went the long way: a draft of its own


def note_replies(*, now: datetime) -> int:
    """Note which conversations were answered by a draft, with its own approval."""
    with connection.cursor() as cursor:
        cursor.execute(_ANSWERED, {"limit": BATCH})
        found = dict(cursor.fetchall())
    for conversation_id, at in sorted(found.items()):
        answered(conversation_id, at=at)
    return len(found)


_ANSWERED = """
SELECT c.id, max(p.sent_at) FROM responses_publication AS p
JOIN responses_version AS v ON v.id = p.version_id
JOIN responses_draft AS d ON d.id = v.draft_id AND d.reply_to ? 'id' AND d.act = 'POST'
JOIN responses_conversationmessage AS m
    ON m.incident_id = d.incident_id AND m.mention_id = (d.reply_to->>'id')::bigint
JOIN responses_conversation AS c ON c.id = m.conversation_id
WHERE p.state = 'SENT' AND (c.last_reply_at IS NULL OR c.last_reply_at < p.sent_at)
GROUP BY c.id ORDER BY c.id LIMIT %(limit)s
"""


@transaction.atomic
def answered(conversation_id: int, *, at: datetime) -> None:
    """We answered: their turn. What they wrote since, if anything, still waits."""
    row = Conversation.objects.select_for_update(no_key=True, of=("self",)).get(pk=conversation_id)
    row.first_reply_at = min(row.first_reply_at or at, at)
    row.last_reply_at = max(row.last_reply_at or at, at)
    row.claimed_by = row.claimed_until = None
    if row.state == ConversationState.OPEN and row.last_at <= at:
        row.state = ConversationState.WAITING
        stop(row)
    row.version += 1
    row.save()
    live.publish(f"incident.{row.incident_id}", "engage")
