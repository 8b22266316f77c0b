"""Whom the two texts of a concern would go to now: the same people for the board and for a run."""

from collections.abc import Collection
from dataclasses import dataclass

from django.db import connection

from .enums import MAY_BE_OUT
from .enums_engage import RunKind

# An answer that may be out counts as had, whoever sent it. So does one that was taken back because
# somebody answers that person themselves, as long as that answer stands.
_REACH = """
WITH had AS (
    SELECT a.concern_id, a.kind, a.person FROM responses_answer AS a
    WHERE a.concern_id = ANY(%(concerns)s) AND (a.state = ANY(%(had)s)
        OR a.error = 'by_hand' AND EXISTS (SELECT FROM responses_answer AS own
            WHERE own.conversation_id = a.conversation_id AND own.run_id IS NULL
            AND own.state = ANY(%(had)s)))
), wanted AS (
    SELECT c.concern_id, 'ANSWER' AS kind, c.id, c.person, c.last_at
    FROM responses_conversation AS c
    WHERE c.concern_id = ANY(%(concerns)s) AND c.gone_at IS NULL AND c.state <> 'IGNORED'
    -- Whoever was answered is told, also if their conversation was moved elsewhere since.
    UNION ALL SELECT a.concern_id, 'FIXED', c.id, c.person, c.last_at
    FROM responses_answer AS a JOIN responses_conversation AS c ON c.id = a.conversation_id
    WHERE a.concern_id = ANY(%(concerns)s) AND a.kind = 'ANSWER' AND a.state = 'SENT'
        AND c.gone_at IS NULL AND c.state <> 'IGNORED'
)
SELECT DISTINCT ON (concern_id, kind, person) concern_id, kind, id FROM wanted
WHERE NOT EXISTS (SELECT FROM had WHERE had.concern_id = wanted.concern_id
    AND had.kind = wanted.kind AND had.person = wanted.person)
ORDER BY concern_id, kind, person, last_at DESC, id DESC
"""
_COUNTED = f"SELECT concern_id, kind, count(*) FROM ({_REACH}) AS reach GROUP BY 1, 2"  # noqa: S608
_TOLD = """
SELECT concern_id, count(*) FROM responses_answer
WHERE concern_id = ANY(%(concerns)s) AND kind = 'ANSWER' AND state = 'SENT' GROUP BY 1
"""


@dataclass(frozen=True)
class Reach:
    """How many people each text would go to, by concern and kind; and whom the answers reached."""

    left: dict[tuple[int, str], int]
    told: dict[int, int]


def to_reach(concern_id: int, kind: RunKind) -> list[int]:
    """One conversation a person, the latest, of those who are to get this text."""
    with connection.cursor() as cursor:
        cursor.execute(_REACH, _named([concern_id]))
        return [pk for _concern, of, pk in cursor.fetchall() if of == kind]


def reach(concerns: Collection[int]) -> Reach:
    """Two queries, however many concerns."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNTED, _named(concerns))
        left = {(pk, kind): count for pk, kind, count in cursor.fetchall()}
        cursor.execute(_TOLD, _named(concerns))
        return Reach(left, dict(cursor.fetchall()))


def _named(concerns: Collection[int]) -> dict[str, list[object]]:
    return {"concerns": list(concerns), "had": [str(state.value) for state in MAY_BE_OUT]}
