"""Signals, what people make of them, and how precise each rule has been."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet

from accounts.models import User
from monitoring.enums import Opinion
from monitoring.models import Detection
from monitoring.models_signals import ExpectedPeak, Theme, Vote

# Which rule a precision belongs to: brand, kind, and the row of a changed or made rule.
RuleKey = tuple[int, str, int | None]
# Two-sided 80 %: the interval says "four times in five", as the forecasts do.
Z = 1.2816


@dataclass(frozen=True)
class Precision:
    """How many of the signals that were voted on were real; `low` and `high` bound the share."""

    real: int
    noise: int

    @property
    def votes(self) -> int:
        return self.real + self.noise

    @property
    def share(self) -> float:
        return self.real / self.votes if self.votes else 0.0

    @property
    def low(self) -> float:
        return self._bounds()[0]

    @property
    def high(self) -> float:
        return self._bounds()[1]

    def _bounds(self) -> tuple[float, float]:
        """Wilson's interval of 80 %, which is honest for few votes too."""
        n = self.votes
        if not n:
            return 0.0, 1.0
        middle = self.share + Z * Z / (2 * n)
        reach = Z * (self.share * (1 - self.share) / n + Z * Z / (4 * n * n)) ** 0.5
        whole = 1 + Z * Z / n
        return max((middle - reach) / whole, 0.0), min((middle + reach) / whole, 1.0)


def signals(
    user: User, *, brands: Sequence[int] = (), kinds: Sequence[str] = ()
) -> "QuerySet[Detection]":
    """The signals that `user` may see, the newest first."""
    found = Detection.objects.visible_to(user).select_related("brand", "rule")
    if brands:
        found = found.filter(brand__in=brands)
    if kinds:
        found = found.filter(kind__in=kinds)
    return found.order_by("-detected_at", "-pk")


def get_signal(user: User, pk: int) -> Detection:
    """Return the signal; Detection.DoesNotExist alike for a missing and an invisible one."""
    found: Detection = signals(user).get(pk=pk)
    return found


def of_group(signal: Detection) -> list[Detection]:
    """The other signals of the same matter, the earliest first."""
    first = signal.group_id or signal.pk
    every = Detection.objects.filter(group=first) | Detection.objects.filter(pk=first)
    others = every.exclude(pk=signal.pk).select_related("brand")
    return list(others.order_by("detected_at", "pk"))


def votes(signal: Detection) -> list[Vote]:
    return list(Vote.objects.filter(detection=signal).select_related("user"))


def opinions(detections: Iterable[int]) -> dict[int, Counter[str]]:
    """How many voted what on each signal. One query."""
    found: dict[int, Counter[str]] = {}
    rows = Vote.objects.filter(detection__in=list(detections))
    for detection, opinion in rows.order_by().values_list("detection", "opinion"):
        found.setdefault(detection, Counter())[opinion] += 1
    return found


def precisions(brands: Iterable[int]) -> dict[RuleKey, Precision]:
    """How precise each rule was by the votes; a signal counts as most say. One query."""
    rows = Vote.objects.filter(detection__brand__in=list(brands)).order_by()
    columns = ("detection__brand", "detection__kind", "detection__rule", "detection", "opinion")
    by_signal: dict[tuple[RuleKey, int], Counter[str]] = {}
    for brand, kind, rule, detection, opinion in rows.values_list(*columns):
        by_signal.setdefault(((brand, kind, rule), detection), Counter())[opinion] += 1
    sums: dict[RuleKey, list[int]] = {}
    for (key, _detection), counts in by_signal.items():
        balance = counts[Opinion.REAL] - counts[Opinion.NOISE]
        real_noise = sums.setdefault(key, [0, 0])
        # Where opinions are divided, nothing is known.
        real_noise[0] += balance > 0
        real_noise[1] += balance < 0
    return {key: Precision(real, noise) for key, (real, noise) in sums.items()}


def precision_of(signal: Detection) -> Precision:
    key = (signal.brand_id, signal.kind, signal.rule_id)
    return precisions([signal.brand_id]).get(key, Precision(0, 0))


def themes(
    brands: Sequence[int], *, now: datetime, limit: int = 40, over: bool = False
) -> list[Theme]:
    """The themes of these brands, the largest first; with `over`, those that ended this week."""
    found = Theme.objects.filter(brand__in=brands).select_related("brand")
    if over:
        week = now - timedelta(days=7)
        return list(found.filter(rank=None, seen_at__gte=week).order_by("-seen_at")[:limit])
    # A brand that fell silent has no themes of the moment.
    fresh = found.filter(rank__isnull=False, seen_at__gte=now - timedelta(hours=24))
    return list(fresh.order_by("brand__name", "rank")[:limit])


def expected_peaks(user: User) -> "QuerySet[ExpectedPeak]":
    """The calendar of the user's brands, the latest first."""
    found = ExpectedPeak.objects.visible_to(user).select_related("brand", "created_by")
    return found.order_by("-starts_at", "-pk")
