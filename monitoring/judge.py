"""Judges the counts: closes steps, looks at the running one, and says when a brand is in trouble.

A storm is called as soon as its counts are above, within its first step, however they came in. A
kill loses nothing: memory, steps and detections of a brand are written in one transaction under
the lock of its baseline row.
"""

import logging
import time
from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import OperationalError, transaction
from django.db.models import Q, QuerySet

from core import live

from . import alarms, explain, forecasting, memory, peaks, rules, steps
from .alarms import Finding, Look
from .enums import DetectionKind
from .events import detection_made
from .memory import Memory, Outlook
from .models import Baseline, Detection
from .models_signals import Theme
from .peaks import Peaks
from .rules import Rule
from .steps import STEP, Judged

logger = logging.getLogger(__name__)
# Brands a call looks at; the rest come with the next.
BRANDS = 50
# An alarm is about now: what is imported or arrives later than this only warms the memory.
ALARM_WITHIN = timedelta(minutes=30)
# One crisis, one group of signals: what comes within this of the last one belongs to it …
QUIET = timedelta(hours=24)
# … and the first kind is told again only where it has grown so many times since.
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
        held = [pk for pk in waiting if not _judged(pk, now)]
        done += len(waiting) - len(held)
        waiting = held
        if not waiting:
            break
    return done


def _judged(pk: int, now: datetime) -> bool:
    """One brand that breaks stops no other; the auditor says that it is not judged."""
    try:
        return _judge(pk, now)
    except OperationalError:
        raise
    except Exception:
        logger.exception("The counts of baseline %s could not be judged", pk)
        return True


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
    expected = peaks.of_brand(baseline.brand_id, since=now - memory.HISTORY, until=now + STEP)
    known, closed = memory.advance(baseline, now, expected)
    if known:
        _raise_alarms(baseline, known, closed, expected, now)
    baseline.pending_at = baseline.changed_from = None
    fields = ["closed_at", "pending_at", "changed_from", "quiet_until"]
    if closed:
        # The large column is written once a step, not with every look.
        fields.append("state")
    baseline.save(update_fields=fields)
    return True


def _raise_alarms(
    baseline: Baseline, known: Memory, closed: list[Judged], expected: Peaks, now: datetime
) -> None:
    outlook, look = _look(baseline.brand_id, known, closed, expected, now)
    steps.write(baseline.brand_id, outlook.steps[:-1])
    standing = rules.standing(baseline.brand_id)
    for rule in standing:
        if not _may_call(baseline, rule, look, now):
            continue
        seen = _own_look(rule, expected, now) if _counts_for_itself(rule) else look
        found = alarms.find(rule, seen, now) if seen else None
        if found:
            _detect(baseline, found, seen or look, expected, now)


def _counts_for_itself(rule: Rule) -> bool:
    return rule.row is not None and rule.row.counts_for_itself


def _look(
    brand_id: int, known: Memory, closed: list[Judged], expected: Peaks, now: datetime
) -> tuple[Outlook, Look]:
    """Judge what is not remembered yet."""
    counts = steps.counts(brand_id, since=known.closed_until, until=steps.floor(now) + STEP)
    outlook = known.look(counts, expected)
    latest = [step for step in closed if step.count.starts_at >= now - ALARM_WITHIN]
    return outlook, _seen(brand_id, known, [*latest, *outlook.steps], outlook)


def _own_look(rule: Rule, expected: Peaks, now: datetime) -> Look | None:
    """The same for a rule that counts for itself, by its own memory."""
    assert rule.row is not None  # noqa: S101 - for the reader and the checker
    known = memory.advance_rule(rule.row, now, expected)
    if known is None:
        return None
    own = rule.row.pk if rule.row.scope else None
    until = steps.floor(now) + STEP
    counts = steps.counts(rule.row.brand_id, since=known.closed_until, until=until, rule_id=own)
    outlook = known.look(counts, expected)
    return _seen(rule.row.brand_id, known, outlook.steps, outlook, rule_id=own)


def _seen(
    brand_id: int,
    known: Memory,
    latest: list[Judged],
    outlook: Outlook,
    *,
    rule_id: int | None = None,
) -> Look:
    counts = [step.count for step in outlook.steps]
    total = sum(count.total for count in counts)
    share = known.share.judge(total, sum(count.negative for count in counts))
    loudest = max(reversed(latest), key=lambda step: step.verdict.score)
    rest = (outlook.reach, outlook.rise, outlook.silence, rule_id)
    return Look(brand_id, latest, loudest, share, *rest)


def _may_call(baseline: Baseline, rule: Rule, look: Look, now: datetime) -> bool:
    """Whether the rule is not silenced, or by a storm that has grown since."""
    if rule.is_standard and rule.kind in rules.FOLLOWS_VOLUME:
        volume = DetectionKind.VOLUME.value
        if _quiet(baseline, volume, now):
            return False
    return not _quiet(baseline, rule.key, now) or _has_grown(rule, look, now)


def _quiet(baseline: Baseline, key: str, now: datetime) -> bool:
    until = baseline.quiet_until.get(key)
    return until is not None and datetime.fromisoformat(until) > now


def _has_grown(rule: Rule, look: Look, now: datetime) -> bool:
    """Whether the storm is GROWN times as far above its band as when it was called the last time.

    The first alarm is early and so small; what it became must not stay unsaid for a day.
    """
    if rule.kind != DetectionKind.VOLUME or not rule.is_standard:
        return False
    times = max(step.count.total / max(step.verdict.expected_high, 1.0) for step in look.steps)
    if times < GROWN:
        # No earlier alarm was from below the band: not worth a query.
        return False
    called = Detection.objects.filter(
        brand=look.brand_id, kind=rule.kind, detected_at__gt=now - QUIET
    )
    latest = called.order_by("-detected_at").first()
    if latest is None:
        return False
    return times >= GROWN * latest.value / max(latest.expected_high, 1.0)


def _detect(
    baseline: Baseline, finding: Finding, look: Look, expected: Peaks, now: datetime
) -> None:
    """Write the detection with its reasons, silence its rule, and tell everybody."""
    found = explain.explain(finding, look, now, peak=expected.at(now))
    outlook = forecasting.of_brand(look.brand_id, now)
    detection = Detection.objects.create(
        brand_id=look.brand_id,
        kind=finding.kind,
        rule_id=finding.rule.pk,
        group_id=_group(look.brand_id, now),
        started_at=found.started_at,
        detected_at=now,
        value=found.extent.count,
        expected_low=found.extent.low,
        expected_high=found.extent.high,
        score=finding.score,
        negative_share=found.negative_share,
        reach=found.reach,
        crisis_type=found.crisis_type,
        reasons=found.reasons,
        samples=found.samples,
        forecast=forecasting.state(outlook),
    )
    if finding.theme:
        Theme.objects.filter(pk=finding.theme).update(told_at=now)
    until = (now + finding.rule.cooldown).isoformat()
    baseline.quiet_until = {**baseline.quiet_until, finding.rule.key: until}
    detection_made.announce(detection_id=detection.pk)
    live.publish(f"brand.{look.brand_id}", "detection", {"id": detection.pk})


def _group(brand_id: int, now: datetime) -> int | None:
    """The first signal of the matter that the brand's latest one belongs to, if it is fresh."""
    latest = Detection.objects.filter(brand=brand_id, detected_at__gt=now - QUIET)
    found = latest.order_by("-detected_at", "-pk").values_list("group_id", "pk").first()
    return (found[0] or found[1]) if found else None
