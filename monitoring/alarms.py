"""Which kinds of alarm are to be raised for a brand, each by its rule. Bounded in what it reads.

Volume, share, reach, the day and silence come from the memory of the counts; themes, posts and
ratings from tables that are kept as mentions arrive. Nothing here reads mentions.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from django.db.models import Max
from django.db.models.functions import TruncDate

from . import steps
from .detection import RiseVerdict, ShareVerdict, SilenceVerdict, rating
from .detection.detector import Verdict
from .enums import DetectionKind, SourceKind
from .models import Source
from .models_signals import DayRating, FarthestPost, Theme
from .rules import Rule
from .steps import STEP, Judged

Reason = dict[str, Any]

# A post that is older was to be told when it came.
POST_WITHIN = timedelta(minutes=30)
# A post of less reach is never an alarm, nor one below three times the usual greatest of a day;
# where fewer days are known, only one of such a reach.
LEAST_REACH = 10_000
TIMES_REACH = 3.0
REACH_DAYS = 30
KNOWN_DAYS = 3
REACH_UNKNOWN = 100_000
# Reach below this in its window is no alarm, however unusual.
LEAST_SUM_OF_REACH = 50_000
# A theme is new for so long; it must be so many mentions an hour and so much of what is said, and
# not be praise.
NEW_FOR = timedelta(hours=6)
THEME_HOURLY = 15.0
THEME_SHARE = 0.08
THEME_NEGATIVE = 0.3
RATING_DAYS = timedelta(days=rating.BEFORE_DAYS + max(rating.RECENT_DAYS) + 1)


@dataclass(frozen=True, slots=True)
class Look:
    """What a brand, or what a rule counts of it, looks like at a moment.

    `steps` are the latest ones, the running one last; `loudest` is the one of greatest score.
    `share` judges the negative ones among what is not remembered yet, `reach` the same steps by
    reach. `rule_id` is that of a rule with a scope.
    """

    brand_id: int
    steps: list[Judged]
    loudest: Judged
    share: ShareVerdict
    reach: Sequence[Verdict]
    rise: RiseVerdict
    silence: SilenceVerdict
    rule_id: int | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """A kind that is out of the ordinary by its rule.

    `reason` is the one that leads; `began` is when, where the counts do not tell; `posts` are
    mentions that show it, as Detection.samples keeps them, `said` limits what is explained.
    """

    rule: Rule
    score: float
    reason: Reason
    began: datetime | None = None
    posts: list[dict[str, Any]] = field(default_factory=list)
    theme: int | None = None

    @property
    def kind(self) -> DetectionKind:
        return self.rule.kind


def find(rule: Rule, look: Look, now: datetime) -> Finding | None:
    """What the rule finds, if it is enough for an alarm."""
    finding = _FINDERS[rule.kind](rule, look, now)
    return finding if finding and finding.score >= rule.threshold else None


def _volume(rule: Rule, look: Look, _now: datetime) -> Finding | None:
    # Its reason, the extent, needs the steps before: explain makes it.
    return Finding(rule, look.loudest.verdict.score, {"code": "volume"})


def _share(rule: Rule, look: Look, _now: datetime) -> Finding | None:
    share = look.share
    figures = {"share": round(share.share, 3), "usual": round(share.usual, 3)}
    return Finding(rule, share.score, {"code": "negative", **figures})


def _reach(rule: Rule, look: Look, now: datetime) -> Finding | None:
    verdict = max(look.reach, key=lambda each: each.score)
    if verdict.score < rule.threshold:
        return None
    since = now - timedelta(minutes=verdict.minutes)
    counts = steps.counts(look.brand_id, since=steps.floor(since), until=now, rule_id=look.rule_id)
    reached = sum(count.reach for count in counts)
    if reached < LEAST_SUM_OF_REACH:
        return None
    spans = max(verdict.minutes * 60 // steps.SECONDS, 1)
    # The root of reach was judged: back into people.
    usual = 100 * verdict.expected_high**2 * spans
    reason = {"code": "reach", "reach": reached, "usual": round(usual), "minutes": verdict.minutes}
    return Finding(rule, verdict.score, reason)


def _rise(rule: Rule, look: Look, now: datetime) -> Finding | None:
    rise = look.rise
    reason = {"code": "day", "count": round(rise.total), "usual": round(rise.usual)}
    return Finding(rule, rise.score, reason, began=steps.floor(now - timedelta(hours=24)))


def _silence(rule: Rule, look: Look, now: datetime) -> Finding | None:
    silence = look.silence
    if silence.score < rule.threshold:
        return None
    # Only where something should come by itself: a file that was read is silent for good.
    sources = Source.objects.filter(brand=look.brand_id, is_active=True, mention_at__isnull=False)
    if not sources.exclude(kind=SourceKind.FILE).exists():
        return None
    began = steps.floor(now) - STEP * silence.steps
    failing = sources.filter(failures__gt=0)
    reason = {
        "code": "silence",
        "since": began.isoformat(),
        "missed": round(silence.missed),
        "longest": silence.longest * steps.SECONDS // 60,
        "sources": list(failing.order_by("name").values_list("name", flat=True)[:3]),
    }
    return Finding(rule, silence.score, reason, began=began)


def _post(rule: Rule, look: Look, now: datetime) -> Finding | None:
    posts = FarthestPost.objects.filter(brand=look.brand_id)
    latest = posts.filter(starts_at__gte=steps.floor(now - POST_WITHIN), reach__gte=LEAST_REACH)
    farthest = latest.order_by("-reach").first()
    if farthest is None:
        return None
    before = posts.filter(
        starts_at__lt=farthest.starts_at - timedelta(hours=1),
        starts_at__gte=now - timedelta(days=REACH_DAYS),
    )
    days = before.annotate(day=TruncDate("starts_at", tzinfo=UTC)).values("day")
    highest = list(days.annotate(most=Max("reach")).order_by().values_list("most", flat=True))
    usual = float(np.quantile(highest, 0.9)) if len(highest) >= KNOWN_DAYS else 0.0
    needed = max(TIMES_REACH * usual, LEAST_REACH if usual else REACH_UNKNOWN)
    strength = farthest.reach / needed
    reason = {
        "code": "post",
        "reach": farthest.reach,
        "usual": round(usual),
        "external_id": farthest.external_id,
        "published_at": farthest.published_at.isoformat(),
    }
    return Finding(rule, strength / (strength + 1), reason, began=farthest.published_at)


def _rating(rule: Rule, look: Look, now: datetime) -> Finding | None:
    today = now.astimezone(UTC).date()
    rows = DayRating.objects.filter(brand=look.brand_id, day__gt=today - RATING_DAYS)
    by_network: dict[str, list[rating.Day]] = {}
    columns = ("network", "day", "reviews", "stars", "squares")
    for network, *day in rows.values_list(*columns):
        by_network.setdefault(network, []).append(rating.Day(*day))
    found = [
        (verdict, network)
        for network, days in sorted(by_network.items())
        if (verdict := rating.judge(days, today))
    ]
    if not found:
        return None
    verdict, network = max(found, key=lambda each: each[0].strength)
    reason = {
        "code": "rating",
        "network": network,
        "average": round(verdict.average, 2),
        "usual": round(verdict.usual, 2),
        "reviews": verdict.reviews,
        "days": verdict.days,
    }
    return Finding(rule, verdict.score, reason, began=now - timedelta(days=verdict.days))


def _theme(rule: Rule, look: Look, now: datetime) -> Finding | None:
    if not look.loudest.verdict.ready:
        # On the first day every theme is new.
        return None
    fresh = Theme.objects.filter(
        brand=look.brand_id, rank__isnull=False, told_at=None, began_at__gte=now - NEW_FOR
    )
    found = max(fresh, key=_theme_strength, default=None)
    if found is None:
        return None
    strength = _theme_strength(found)
    reason = {
        "code": "theme",
        "theme": found.pk,
        "name": found.name,
        "hourly": round(found.hourly),
        "share": round(found.mentions / max(found.sampled, 1), 3),
        "negative": round(found.negative_share, 3),
    }
    score = strength / (strength + 1)
    return Finding(rule, score, reason, found.began_at, found.samples, found.pk)


def _theme_strength(theme: Theme) -> float:
    """The weakest of: loud, much of what is said, not praise, and still growing."""
    before = [rate for _at, rate in theme.course[:-1]]
    growing = not before or theme.hourly >= 0.8 * max(before)
    return min(
        theme.hourly / THEME_HOURLY,
        theme.mentions / max(theme.sampled, 1) / THEME_SHARE,
        theme.negative_share / THEME_NEGATIVE,
        1.0 if growing else 0.0,
    )


_FINDERS: dict[DetectionKind, Callable[[Rule, Look, datetime], Finding | None]] = {
    DetectionKind.VOLUME: _volume,
    DetectionKind.NEGATIVE_SHARE: _share,
    DetectionKind.REACH: _reach,
    DetectionKind.SLOW_RISE: _rise,
    DetectionKind.NEW_THEME: _theme,
    DetectionKind.GREAT_POST: _post,
    DetectionKind.RATING_FALL: _rating,
    DetectionKind.SILENCE: _silence,
}


def findings(rules: Sequence[Rule], look: Look, now: datetime) -> Iterator[Finding]:
    """What these rules find, in their order."""
    for rule in rules:
        found = find(rule, look, now)
        if found:
            yield found
