"""The second tier's rounds: the posts that matter are judged again, better, after they came in.

Asked first are the posts of the greatest reach and those that the fast tier was unsure of; when
the stream is slow enough all get their turn. A round reads, judges outside any transaction, and
writes labels and counts in one: killed anywhere, it has changed nothing or all, and the next round
finds what is left. A mention that a person has labelled is left alone.
"""

import logging
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef

from core.live import publish
from monitoring import marking, rulebook
from monitoring.models import Mention
from monitoring.models_labels import Correction, SecondLook
from monitoring.scoring.endpoint import Endpoint, NoAnswer, endpoint
from monitoring.scoring.second import Tier, second_tier

from .recounting import Counted, move

logger = logging.getLogger(__name__)

# Posts of one round: a second or two of work, so that a worker is soon free again.
ROUND = 100
# Older posts have been acted upon by then, or not.
LATEST = timedelta(hours=6)
# Of each brand, read back from the newest to choose from.
_CHOICE = 3_000
# Posts of a round that the endpoint is asked about.
_ASKED = 5
# Its answer counts as this sure where nothing better is known.
_SAID = 0.9
# One round at a time, whichever worker has it.
_LOCK = 7_304_119
_FIELDS = (
    "sentiment", "sentiment_score", "confidence", "crisis_type", "crisis_confidence", "emotion",
    "emotion_confidence", "blame", "blame_confidence", "question",
)  # fmt: skip
# What is wide of reach, or unsure, first; both as shares.
# Each brand's newest are read along its index: the cost does not grow with the table.
_LATEST = """
FROM accounts_brand AS brand CROSS JOIN LATERAL (
    SELECT id, published_at, reach, confidence, crisis_confidence, tier, gone_at
    FROM monitoring_mention WHERE brand_id = brand.id AND published_at > %s
    ORDER BY published_at DESC, id DESC LIMIT %s
) AS latest WHERE latest.tier = 1 AND latest.gone_at IS NULL
"""
_CHOOSE = f"""
SELECT latest.id, latest.published_at {_LATEST}
ORDER BY ln(1 + reach) / 14 + (1 - confidence) + (1 - crisis_confidence) / 2 DESC, latest.id
LIMIT %s
"""


@dataclass(frozen=True)
class Round:
    """What a round did."""

    posts: int = 0
    changed: int = 0


def run(*, now: datetime) -> Round:
    """Judge the posts that most deserve it again. Does nothing where another worker is at it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK])
        if not cursor.fetchone()[0]:
            return Round()
    try:
        return _round(now)
    finally:
        with suppress(Exception), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])


def waiting(*, now: datetime) -> int:
    """How many of the posts to choose from the second tier has not seen yet."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) {_LATEST}", [now - LATEST, _CHOICE])
        return int(cursor.fetchone()[0])


def budget() -> int:
    """How many calls of the endpoint a day may have; 0 where none is set."""
    return settings.SCORING_ENDPOINT_DAILY if endpoint() else 0


def _round(now: datetime) -> Round:
    tier = second_tier()
    mentions = _chosen(now) if tier else []
    if tier is None or not mentions:
        return Round()
    began = time.monotonic()
    better = _judged(tier, mentions)
    asked = endpoint()
    if asked:
        _ask(asked, mentions, better, now)
    changed = sum(
        _write(brand_id, list(group), better)
        for brand_id, group in groupby(mentions, key=lambda row: row.brand_id)
    )
    _count(now, posts=len(mentions), changed=changed, seconds=time.monotonic() - began)
    return Round(len(mentions), changed)


def _chosen(now: datetime) -> list[Mention]:
    with connection.cursor() as cursor:
        cursor.execute(_CHOOSE, [now - LATEST, _CHOICE, ROUND])
        keys = dict(cursor.fetchall())
    if not keys:
        return []
    rows = Mention.objects.filter(pk__in=list(keys), published_at__in=set(keys.values()))
    return list(rows.order_by("brand_id", "pk"))


def _judged(tier: Tier, mentions: Sequence[Mention]) -> dict[int, dict[str, Any]]:
    """By mention: its new labels, the brand's rules applied."""
    found: dict[int, dict[str, Any]] = {}
    for brand_id, group in groupby(mentions, key=lambda row: row.brand_id):
        rows = list(group)
        texts = [row.text for row in rows]
        columns = marking.scored(texts, rulebook.of_brand(brand_id), tier.score_batch)
        for number, row in enumerate(rows):
            found[row.pk] = {name: columns[name][number] for name in _FIELDS}
    return found


def _ask(
    asked: Endpoint, mentions: Sequence[Mention], better: dict[int, dict[str, Any]], now: datetime
) -> None:
    """Ask the endpoint about the farthest-reaching, within the day's budget; else ours stands."""
    far = sorted(mentions, key=lambda row: row.reach, reverse=True)[:_ASKED]
    for row in far:
        if row.reach < settings.SCORING_ENDPOINT_REACH or not _spend(now):
            return
        try:
            said = asked.label(row.text)
        except NoAnswer as reason:
            logger.warning("The scoring endpoint gave no answer: %s", reason)
            _count(now, failures=1)
            return
        _take(better[row.pk], said)


def _take(marks: dict[str, Any], said: dict[str, str]) -> None:
    """Take the endpoint's labels; where it agrees with ours, the surer of both holds."""
    confidences = {"sentiment": "confidence", "crisis_type": "crisis_confidence"}
    for name, value in said.items():
        sure = confidences.get(name, f"{name}_confidence")
        marks[sure] = max(marks[sure], _SAID) if marks[name] == value else _SAID
        marks[name] = value
    if said["sentiment"] == "neutral":
        marks["sentiment_score"] = 0.0
    else:
        sign = 1.0 if said["sentiment"] == "positive" else -1.0
        marks["sentiment_score"] = sign * max(abs(marks["sentiment_score"]), 0.5)


def _spend(now: datetime) -> bool:
    """Take one call out of the day's budget, if there is one left."""
    day, _made = SecondLook.objects.get_or_create(day=now.date())
    left = SecondLook.objects.filter(pk=day.pk, calls__lt=settings.SCORING_ENDPOINT_DAILY)
    return bool(left.update(calls=F("calls") + 1))


def _count(now: datetime, **figures: float) -> None:
    SecondLook.objects.get_or_create(day=now.date())
    added = {name: F(name) + figure for name, figure in figures.items()}
    SecondLook.objects.filter(day=now.date()).update(**added)


def _write(brand_id: int, rows: Sequence[Mention], better: dict[int, dict[str, Any]]) -> int:
    """Write one brand's labels and move its counts; return how many mean something else now."""
    with transaction.atomic():
        word = Correction.objects.filter(mention_id=OuterRef("pk"))
        keys: dict[str, Any] = {"pk__in": [row.pk for row in rows]}
        keys["published_at__in"] = list({row.published_at for row in rows})
        locked = list(
            Mention.objects.filter(tier=1, gone_at=None, **keys)
            .annotate(labelled=Exists(word))
            .order_by("pk")
            .select_for_update(of=("self",))
        )
        changes = []
        for row in locked:
            before = Counted.of(row)
            # Labelled by a person, or edited since it was read: only ticked off, or left for later.
            if not (row.labelled or row.corrected_sentiment):
                for name, value in better[row.pk].items():
                    setattr(row, name, value)
            row.tier = 2
            changes.append((before, Counted.of(row)))
        _save(locked)
        move(brand_id, changes)
    changed = sum(before != after for before, after in changes)
    if changed:
        publish(f"brand.{brand_id}", "volume")
    return changed


def _save(rows: Sequence[Mention]) -> None:
    for row in rows:
        values = {name: getattr(row, name) for name in (*_FIELDS, "tier")}
        # The time names the month: the update stays in it.
        Mention.objects.filter(pk=row.pk, published_at=row.published_at).update(**values)
