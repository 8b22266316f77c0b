"""Judges the counts: closes steps, looks at the running one, and says when a brand is in trouble.

A storm is called as soon as its counts are above, within its first step, however they came in. A
kill loses nothing: memory, steps and detections of a brand are written in one transaction under
the lock of its baseline row.
"""

import time
from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet

from core import live

from . import explain, memory, steps
from .enums import DetectionKind
from .events import detection_made
from .explain import Look
from .memory import Memory
from .models import Baseline, Detection
from .steps import STEP, Judged

# Brands a call looks at; the rest come with the next.
BRANDS = 50
# An alarm is about now: what is imported or arrives later than this only warms the memory.
ALARM_WITHIN = timedelta(minutes=30)
# One crisis, one alarm …
QUIET = timedelta(hours=24)
# … told again only where it has grown so many times since, for the rooms above to weigh anew.
GROWN = 4.0
# A row that ingest holds for a moment is asked for again, so often and after so many seconds.
_TRIES = 5
_WAIT = 0.02


def judge_pending(now: datetime, *, brands: Collection[int] | None = None) -> int:
    """Judge the brands whose counts changed or whose steps are over; return how many.

    `now` may be a simulated time; then name the `brands` that live in it. Any number of judges may
    run at once: a brand that another one holds is left to it.
    """
    due = _waiting(now) if brands is None else _waiting(now).filter(brand_id__in=brands)
    waiting = list(due.values_list("pk", flat=True)[:BRANDS])
    done = 0
    for attempt in range(_TRIES):
        if attempt:
            time.sleep(_WAIT)
        held = [pk for pk in waiting if not _judge(pk, now)]
        done += len(waiting) - len(held)
        waiting = held
        if not waiting:
            break
    return done


def _waiting(now: datetime) -> QuerySet[Baseline]:
    due = steps.floor(now - memory.GRACE) - STEP
    waiting = Q(pending_at__isnull=False) | Q(closed_at__lt=due)
    return Baseline.objects.filter(waiting).order_by("pending_at", "pk")


@transaction.atomic
def _judge(pk: int, now: datetime) -> bool:
    """Judge one brand; False if somebody else holds it."""
    mine = _waiting(now).filter(pk=pk).select_for_update(skip_locked=True)
    baseline = mine.first()
    if baseline is None:
        # Judged in the meantime is done, too.
        return not _waiting(now).filter(pk=pk).exists()
    known, closed = memory.advance(baseline, now)
    if known:
        look = _look(baseline.brand_id, known, closed, now)
        for kind in _alarms(baseline, look, now):
            _detect(baseline, kind, look, now)
    baseline.pending_at = baseline.changed_from = None
    baseline.save(update_fields=["state", "closed_at", "pending_at", "changed_from", "quiet_until"])
    return True


def _look(brand_id: int, known: Memory, closed: list[Judged], now: datetime) -> Look:
    """Judge what is not remembered yet, and draw it."""
    counts = steps.counts(brand_id, since=known.closed_until, until=steps.floor(now) + STEP)
    fresh = known.look(counts)
    steps.write(brand_id, fresh[:-1])
    total = sum(count.total for count in counts)
    share = known.share.judge(total, sum(count.negative for count in counts))
    latest = [step for step in closed if step.count.starts_at >= now - ALARM_WITHIN] + fresh
    loudest = max(reversed(latest), key=lambda step: step.verdict.score)
    return Look(brand_id, latest, loudest, share)


def _alarms(baseline: Baseline, look: Look, now: datetime) -> list[DetectionKind]:
    """The kinds of alarm that are to be raised: what is far above usual and not silenced."""
    raised = []
    if _volume_score(look) >= 0.5:
        raised.append(DetectionKind.VOLUME)
    elif look.share.alarm and not _quiet(baseline, DetectionKind.VOLUME, now):
        raised.append(DetectionKind.NEGATIVE_SHARE)
    return [
        kind for kind in raised if not _quiet(baseline, kind, now) or _has_grown(look, kind, now)
    ]


def _volume_score(look: Look) -> float:
    return look.loudest.verdict.score


def _quiet(baseline: Baseline, kind: DetectionKind, now: datetime) -> bool:
    until = baseline.quiet_until.get(kind)
    return until is not None and datetime.fromisoformat(until) > now


def _has_grown(look: Look, kind: DetectionKind, now: datetime) -> bool:
    """Whether the storm is GROWN times as far above its band as when it was called the last time.

    The first alarm is early and so small; what it became must not stay unsaid for a day.
    """
    if kind != DetectionKind.VOLUME:
        return False
    called = Detection.objects.filter(brand=look.brand_id, kind=kind, detected_at__gt=now - QUIET)
    latest = called.order_by("-detected_at").first()
    if latest is None:
        return False
    times = max(step.count.total / max(step.verdict.expected_high, 1.0) for step in look.steps)
    return times >= GROWN * latest.value / max(latest.expected_high, 1.0)


def _detect(baseline: Baseline, kind: DetectionKind, look: Look, now: datetime) -> None:
    """Write the detection with its reasons, silence its kind, and tell everybody."""
    found = explain.explain(kind, look, now)
    detection = Detection.objects.create(
        brand_id=look.brand_id,
        kind=kind,
        started_at=found.started_at,
        detected_at=now,
        value=found.extent.count,
        expected_low=found.extent.low,
        expected_high=found.extent.high,
        score=look.share.score if kind == DetectionKind.NEGATIVE_SHARE else _volume_score(look),
        negative_share=found.negative_share,
        reach=found.reach,
        crisis_type=found.crisis_type,
        reasons=found.reasons,
        samples=found.samples,
    )
    baseline.quiet_until = {**baseline.quiet_until, kind.value: (now + QUIET).isoformat()}
    detection_made.announce(detection_id=detection.pk)
    live.publish(f"brand.{look.brand_id}", "detection", {"id": detection.pk})
