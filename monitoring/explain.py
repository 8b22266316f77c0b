"""Why a brand is in trouble: the figures behind an alarm, looked up once, when it is raised.

Reasons are stored as codes and figures; monitoring.reasons puts them into words when they are
shown. What is read is bounded: a storm is explained from a sample of it.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q

from . import evidence, steps
from .alarms import Finding, Look
from .enums import CrisisType, DetectionKind
from .evidence import Heaps, Text
from .models import Mention, MentionCount, Step
from .models_signals import ExpectedPeak, Theme
from .steps import STEP, Count

Reason = dict[str, Any]

# How far back the beginning is looked for, and what is compared with what.
LOOK_BACK = timedelta(hours=3)
RECENT = timedelta(minutes=30)
EARLIER = timedelta(days=14)
RECENT_TEXTS = 600
EARLIER_TEXTS = 1500
_TICK = timedelta(microseconds=1)
# What took a day to build is explained from that day.
_SLOW = (DetectionKind.SLOW_RISE, DetectionKind.RATING_FALL)
_LONGEST = timedelta(days=1)
_LISTS = ("words", "networks", "accounts", "authors", "places", "themes")


@dataclass(frozen=True, slots=True)
class Extent:
    """How many mentions in how many minutes, where so many are usual."""

    count: int
    minutes: int
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Explanation:
    extent: Extent
    started_at: datetime
    negative_share: float
    reach: int
    crisis_type: CrisisType
    reasons: list[Reason]
    samples: list[dict[str, Any]]


def explain(
    finding: Finding, look: Look, now: datetime, *, peak: ExpectedPeak | None = None
) -> Explanation:
    """Look up what makes the difference: some ten queries, whatever the size of the storm."""
    extent = _extent(look)
    if finding.kind == DetectionKind.SILENCE:
        began = finding.began or now
        reasons = [finding.reason, *_history(look)]
        return Explanation(extent, began, 0.0, 0, CrisisType.NONE, reasons, [])
    started_at = finding.began or _began(look, now)
    heaps = _heaps(finding, look, started_at, now)
    counted_from = steps.floor(max(started_at, now - _LONGEST))
    until = steps.floor(now) + STEP
    said = _total(
        steps.counts(look.brand_id, since=counted_from, until=until, rule_id=look.rule_id)
    )
    share = look.share.share if finding.kind == DetectionKind.NEGATIVE_SHARE else _share(said)
    telling = evidence.telling_words(heaps)
    crisis_type = evidence.crisis_type(heaps)
    found: list[Reason | None] = [
        _leading(finding, extent),
        *_since(finding, extent, started_at),
        {"code": "negative", "share": round(share, 3), "usual": round(look.share.usual, 3)},
        {"code": "words", "words": telling},
        _themes(look.brand_id),
        _networks(look.brand_id, max(counted_from, now - RECENT), now),
        evidence.risen_networks(heaps),
        evidence.places(heaps),
        evidence.largest_accounts(heaps),
        evidence.busiest_authors(heaps),
        evidence.copies(heaps),
        {"code": "kind", "crisis_type": crisis_type.value},
        _peak(peak),
        *_history(look),
    ]
    own = finding.posts or _own_post(finding, look.brand_id)
    return Explanation(
        extent=extent,
        started_at=started_at,
        negative_share=round(share, 4),
        reach=said.reach,
        crisis_type=crisis_type,
        reasons=_each_once(found),
        samples=_first(own, evidence.samples(heaps.recent, telling)),
    )


def _heaps(finding: Finding, look: Look, started_at: datetime, now: datetime) -> Heaps:
    span = _LONGEST if finding.kind in _SLOW else RECENT
    since = max(started_at, now - span)
    only = _only(finding)
    recent = evidence.texts(look.brand_id, since, now, limit=RECENT_TEXTS, only=only)
    before = since - _TICK
    earlier = evidence.texts(look.brand_id, now - EARLIER, before, limit=EARLIER_TEXTS, only=only)
    return Heaps(recent, earlier, evidence.brand_name(look.brand_id))


def _only(finding: Finding) -> Q:
    """Which mentions the rule counts."""
    if finding.kind == DetectionKind.RATING_FALL:
        return Q(stars__isnull=False, network=finding.reason["network"])
    row = finding.rule.row
    if row is None or not row.scope:
        return Q()
    only = Q(queries__overlap=row.queries) if row.queries else Q()
    for column, values in (
        ("network", row.networks),
        ("lang", row.languages),
        ("crisis_type", row.crisis_types),
    ):
        if values:
            only &= Q(**{f"{column}__in": values})
    return only


def _since(finding: Finding, extent: Extent, started_at: datetime) -> list[Reason]:
    """How much at once and since when, where the matter is not one of days."""
    if finding.kind in _SLOW:
        return []
    return [_volume(extent), {"code": "since", "at": started_at.isoformat()}]


def _leading(finding: Finding, extent: Extent) -> Reason:
    return _volume(extent) if finding.kind == DetectionKind.VOLUME else finding.reason


def _each_once(reasons: Sequence[Reason | None]) -> list[Reason]:
    """Leave out what was looked for and not found, and what the leading reason has said."""
    kept: dict[str, Reason] = {}
    for reason in reasons:
        if reason and _says_something(reason):
            kept.setdefault(reason["code"], reason)
    return list(kept.values())


def _says_something(reason: Reason) -> bool:
    empty = any(reason.get(name) == [] for name in _LISTS)
    return not empty and reason.get("crisis_type") != CrisisType.NONE


def _history(look: Look) -> list[Reason]:
    return [] if look.loudest.verdict.ready else [{"code": "short_history"}]


def _peak(peak: ExpectedPeak | None) -> Reason | None:
    if peak is None:
        return None
    figures = {"title": peak.title, "factor": peak.factor, "until": peak.ends_at.isoformat()}
    return {"code": "peak", **figures}


def _began(look: Look, now: datetime) -> datetime:
    """The first of the steps above the band without a break, up to the loudest."""
    loudest = look.loudest.count.starts_at
    above = {step.count.starts_at for step in look.steps if step.above}
    stored = Step.objects.filter(
        brand=look.brand_id, starts_at__gte=now - LOOK_BACK, starts_at__lt=loudest
    )
    above.update(
        starts_at
        for starts_at, total, high in stored.values_list("starts_at", "total", "expected_high")
        if total > high
    )
    began = loudest
    # One quiet step in between does not make it another storm.
    while began - STEP in above or began - 2 * STEP in above:
        began -= STEP if began - STEP in above else 2 * STEP
    return began


def _extent(look: Look) -> Extent:
    """The figures of the loudest step; of its longer window where the step alone is not above."""
    step = look.loudest
    low, high = step.verdict.expected_low, step.verdict.expected_high
    if step.above or step.verdict.score < 0.3:
        return Extent(step.count.total, STEP // timedelta(minutes=1), low, high)
    minutes = step.verdict.minutes
    spans = timedelta(minutes=minutes) / STEP
    return Extent(int(step.verdict.mentions), minutes, low * spans, high * spans)


def _volume(extent: Extent) -> Reason:
    return {
        "code": "volume",
        "count": extent.count,
        "minutes": extent.minutes,
        "low": round(extent.low),
        "high": round(extent.high),
    }


def _total(counts: Sequence[Count]) -> Count:
    return Count(
        counts[0].starts_at,
        sum(count.total for count in counts),
        sum(count.negative for count in counts),
        sum(count.positive for count in counts),
        sum(count.reach for count in counts),
    )


def _share(said: Count) -> float:
    return said.negative / said.total if said.total else 0.0


def _themes(brand_id: int) -> Reason:
    """The largest themes of the moment, each with its share of what is said."""
    rows = Theme.objects.filter(brand=brand_id, rank__isnull=False).order_by("rank")[:3]
    return {
        "code": "themes",
        "themes": [[row.name, round(row.mentions / max(row.sampled, 1), 3)] for row in rows],
    }


def _networks(brand_id: int, since: datetime, now: datetime) -> Reason:
    """The networks with most mentions since then."""
    counts: Counter[str] = Counter()
    rows = MentionCount.objects.filter(
        brand=brand_id, minute__gte=since.replace(second=0, microsecond=0), minute__lte=now
    )
    for network, total in rows.values_list("network", "total"):
        counts[network] += total
    return {"code": "networks", "networks": counts.most_common(3)}


def _own_post(finding: Finding, brand_id: int) -> list[dict[str, Any]]:
    """The post that raised the alarm, where one did."""
    if finding.kind != DetectionKind.GREAT_POST:
        return []
    reason = finding.reason
    found = Mention.objects.filter(
        brand_id=brand_id,
        published_at=datetime.fromisoformat(reason["published_at"]),
        external_id=reason["external_id"],
    )
    return [
        {"id": pk, "published_at": reason["published_at"]}
        for pk in found.values_list("pk", flat=True)[:1]
    ]


def _first(own: list[dict[str, Any]], others: list[dict[str, Any]]) -> list[dict[str, Any]]:
    known = {post["id"] for post in own}
    return [*own, *(post for post in others if post["id"] not in known)][: evidence.SAMPLES]


__all__ = ["Explanation", "Extent", "Text", "explain"]
