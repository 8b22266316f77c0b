"""Why a brand is in trouble: the figures behind an alarm, looked up once, when it is raised.

Reasons are stored as codes and figures; monitoring.reasons puts them into words when they are
shown. What is read is bounded: a storm is explained from a sample of it.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import log1p
from typing import Any

from django.db.models.functions import Left

from accounts.models import Brand

from . import steps
from .detection import ShareVerdict
from .distinctive import READ, distinctive, words
from .enums import CrisisType, DetectionKind, Sentiment
from .models import Mention, MentionCount, Step
from .steps import STEP, Count, Judged
from .visible import standing

Reason = dict[str, Any]

# How far back the beginning is looked for, and what is compared with what.
LOOK_BACK = timedelta(hours=3)
RECENT = timedelta(minutes=30)
EARLIER = timedelta(days=14)
RECENT_TEXTS = 600
EARLIER_TEXTS = 1500
SAMPLES = 5
# A kind of crisis is named if at least this share speaks of it, and this much more than before.
KIND_SHARE = 0.15
KIND_RISE = 1.5
_TICK = timedelta(microseconds=1)
# Followers from which an account is worth naming.
LARGE = 1000


@dataclass(frozen=True, slots=True)
class Look:
    """What a brand looks like at a moment.

    `steps` are the latest ones, the running one last; `loudest` is the one of greatest score.
    `share` judges the negative ones among what is not remembered yet.
    """

    brand_id: int
    steps: list[Judged]
    loudest: Judged
    share: ShareVerdict


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


@dataclass(frozen=True, slots=True)
class Text:
    """A mention as far as it explains anything. `at` is when it was published."""

    pk: int
    at: datetime
    author: str
    text: str
    reach: int
    sentiment: str
    crisis_type: str


def explain(kind: DetectionKind, look: Look, now: datetime) -> Explanation:
    """Look up what makes the difference. Reads the brand's latest texts and counts; six queries."""
    started_at = _began(look, now)
    since = max(started_at, now - RECENT)
    recent = _texts(look.brand_id, since, now, limit=RECENT_TEXTS)
    earlier = _texts(look.brand_id, now - EARLIER, since - _TICK, limit=EARLIER_TEXTS)
    said = _total(steps.counts(look.brand_id, since=started_at, until=steps.floor(now) + STEP))
    share = look.share.share if kind == DetectionKind.NEGATIVE_SHARE else _share(said)
    telling = _words(look.brand_id, recent, earlier)
    crisis_type = _crisis_type(recent, earlier)
    extent = _extent(look)
    reasons = [
        _volume(extent),
        {"code": "since", "at": started_at.isoformat()},
        {"code": "negative", "share": round(share, 3), "usual": round(look.share.usual, 3)},
        {"code": "words", "words": telling},
        _networks(look.brand_id, since, now),
        _accounts(recent),
        {"code": "kind", "crisis_type": crisis_type.value},
    ]
    if kind == DetectionKind.NEGATIVE_SHARE:
        reasons.insert(0, reasons.pop(2))
    if not look.loudest.verdict.ready:
        reasons.append({"code": "short_history"})
    return Explanation(
        extent=extent,
        started_at=started_at,
        negative_share=round(share, 4),
        reach=said.reach,
        crisis_type=crisis_type,
        reasons=[reason for reason in reasons if _says_something(reason)],
        samples=_samples(recent, telling),
    )


def _says_something(reason: Reason) -> bool:
    """Leave out what was looked for and not found."""
    lists = ("words", "networks", "accounts")
    empty = any(reason.get(name) == [] for name in lists)
    return not empty and reason.get("crisis_type") != CrisisType.NONE


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
    if step.above or step.verdict.score < 0.5:
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


def _texts(brand_id: int, since: datetime, until: datetime, *, limit: int) -> list[Text]:
    """The newest mentions of a time, as many as are read."""
    period = Mention.objects.filter(
        brand_id=brand_id, published_at__gte=since, published_at__lte=until
    )
    rows = standing(period).order_by("-published_at", "-id")
    columns = ("pk", "published_at", "author", "start", "reach", "sentiment", "crisis_type")
    return [
        Text(*row) for row in rows.annotate(start=Left("text", READ)).values_list(*columns)[:limit]
    ]


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


def _words(brand_id: int, recent: Sequence[Text], earlier: Sequence[Text]) -> list[str]:
    name = Brand.objects.values_list("name", flat=True).get(pk=brand_id)
    # The brand's name is in every text; its hashtag is one word.
    names = (name, "".join(name.split()))
    return distinctive(
        [text.text for text in recent], [text.text for text in earlier], ignore=names
    )


def _networks(brand_id: int, since: datetime, now: datetime) -> Reason:
    """The networks with most mentions since then."""
    counts: Counter[str] = Counter()
    rows = MentionCount.objects.filter(
        brand=brand_id, minute__gte=since.replace(second=0, microsecond=0), minute__lte=now
    )
    for network, total in rows.values_list("network", "total"):
        counts[network] += total
    return {"code": "networks", "networks": counts.most_common(3)}


def _accounts(recent: Sequence[Text]) -> Reason:
    """The accounts that most people follow, each once."""
    reach: dict[str, int] = {}
    for text in recent:
        if text.author and text.reach >= LARGE:
            reach[text.author] = max(text.reach, reach.get(text.author, 0))
    largest = sorted(reach.items(), key=lambda each: (-each[1], each[0]))[:3]
    return {"code": "accounts", "accounts": [[author, followers] for author, followers in largest]}


def _crisis_type(recent: Sequence[Text], earlier: Sequence[Text]) -> CrisisType:
    """The kind that most of what is said speaks of, if it is much and more than before."""
    now, then = _types(recent), _types(earlier)
    now.pop(CrisisType.NONE.value, None)
    if not now:
        return CrisisType.NONE
    kind, count = max(now.items(), key=lambda each: (each[1], each[0]))
    share = count / len(recent)
    before = then[kind] / len(earlier) if earlier else 0.0
    named = share >= KIND_SHARE and share >= KIND_RISE * before
    return CrisisType(kind) if named else CrisisType.NONE


def _types(texts: Sequence[Text]) -> Counter[str]:
    return Counter(text.crisis_type for text in texts)


def _samples(recent: Sequence[Text], telling: Sequence[str]) -> list[dict[str, Any]]:
    """The posts that show it best: telling words, reach, negative; no wording twice."""
    best: list[Text] = []
    seen: set[str] = set()
    for text in sorted(recent, key=lambda text: (-_weight(text, telling), text.pk)):
        wording = " ".join(words(text.text))[:80]
        if wording not in seen:
            seen.add(wording)
            best.append(text)
        if len(best) == SAMPLES:
            break
    return [{"id": text.pk, "published_at": text.at.isoformat()} for text in best]


def _weight(text: Text, telling: Sequence[str]) -> float:
    said = f" {' '.join(words(text.text))} "
    typical = sum(f" {term} " in said for term in telling)
    return log1p(text.reach) + 2 * typical + (text.sentiment == Sentiment.NEGATIVE)
