"""What is counted of a batch beside the minutes: ratings, far-reaching posts, rules' own mentions.

Counted in the transaction that writes the mentions, so that no judge ever reads mentions to count.
"""

import time
from collections.abc import Callable, Sequence
from datetime import UTC, date
from typing import Any

from .enums import About, Sentiment
from .models_signals import DetectionRule
from .packing import moment
from .rows import Row

STEP = 300_000_000
# Posts of a smaller reach are never the one that makes the difference.
FAR = 1_000
# Seconds for which a process remembers which rules count for themselves.
_REMEMBERED = 5.0
_rules: dict[int, tuple[float, list[DetectionRule]]] = {}

_RATINGS = """
INSERT INTO monitoring_dayrating AS r (brand_id, network, day, reviews, stars, squares)
SELECT %s, * FROM unnest(%s::text[], %s::date[], %s::int[], %s::float8[], %s::float8[])
ON CONFLICT (brand_id, network, day) DO UPDATE SET reviews = r.reviews + excluded.reviews,
    stars = r.stars + excluded.stars, squares = r.squares + excluded.squares
"""
_FARTHEST = """
INSERT INTO monitoring_farthestpost AS f
    (brand_id, starts_at, reach, published_at, source_id, external_id)
SELECT %s, * FROM unnest(%s::timestamptz[], %s::bigint[], %s::timestamptz[], %s::bigint[],
    %s::text[])
ON CONFLICT (brand_id, starts_at) DO UPDATE SET reach = excluded.reach,
    published_at = excluded.published_at, source_id = excluded.source_id,
    external_id = excluded.external_id WHERE f.reach < excluded.reach
"""
_SCOPES = """
INSERT INTO monitoring_rulecount AS c (rule_id, starts_at, total, negative, positive, reach)
SELECT rule, at, total, negative, positive, reach FROM unnest(%s::bigint[], %s::timestamptz[],
    %s::int[], %s::int[], %s::int[], %s::bigint[]) AS new (rule, at, total, negative, positive,
    reach) JOIN monitoring_detectionrule AS known ON known.id = rule
ON CONFLICT (rule_id, starts_at) DO UPDATE SET total = c.total + excluded.total,
    negative = c.negative + excluded.negative, positive = c.positive + excluded.positive,
    reach = c.reach + excluded.reach
"""
Execute = Callable[[str, list[Any]], Any]


class Tallies:
    """Gathers the figures of one source's batch."""

    def __init__(self, brand_id: int, source_id: int) -> None:
        self.brand_id = brand_id
        self.source_id = source_id
        self._ratings: dict[tuple[str, date], list[float]] = {}
        self._farthest: dict[int, Row] = {}
        self._scopes: dict[tuple[int, int], list[int]] = {}

    def add(self, rows: Sequence[Row]) -> None:
        """Count rows with their marks."""
        rules = scoped_rules(self.brand_id)
        # Looked up once: an enumeration's value costs as much as the rest of a row.
        brand, positive = About.BRAND.value, Sentiment.POSITIVE.value
        for row in rows:
            if row.about != brand:
                continue
            if row.stars is not None:
                self._rate(row, row.stars)
            if row.reach >= FAR and row.marks[2] != positive:
                self._go_far(row)
            for rule in rules:
                if fits(rule, row):
                    self._count(rule.pk, row)

    def write(self, execute: Execute) -> None:
        """Add to the tables; in a fixed order, as two transactions that meet must."""
        if self._ratings:
            each = sorted(self._ratings.items())
            networks = [network for (network, _day), _sums in each]
            days = [day for (_network, day), _sums in each]
            sums = [[sums[at] for _key, sums in each] for at in range(3)]
            sums[0] = [int(reviews) for reviews in sums[0]]
            execute(_RATINGS, [self.brand_id, networks, days, *sums])
        if self._farthest:
            posts = [row for _step, row in sorted(self._farthest.items())]
            columns = [
                [moment(step) for step in sorted(self._farthest)],
                [row.reach for row in posts],
                [row.published_at for row in posts],
                [self.source_id] * len(posts),
                [row.external_id for row in posts],
            ]
            execute(_FARTHEST, [self.brand_id, *columns])
        if self._scopes:
            counted = sorted(self._scopes.items())
            figures = [[sums[at] for _key, sums in counted] for at in range(4)]
            rules = [rule for (rule, _step), _sums in counted]
            steps = [moment(step) for (_rule, step), _sums in counted]
            execute(_SCOPES, [rules, steps, *figures])

    def _rate(self, row: Row, stars: float) -> None:
        day = row.published_at.astimezone(UTC).date()
        sums = self._ratings.setdefault((row.network, day), [0, 0.0, 0.0])
        sums[0] += 1
        sums[1] += stars
        sums[2] += stars * stars

    def _go_far(self, row: Row) -> None:
        step = _step(row.micros)
        known = self._farthest.get(step)
        if known is None or row.reach > known.reach:
            self._farthest[step] = row

    def _count(self, rule_id: int, row: Row) -> None:
        sums = self._scopes.setdefault((rule_id, _step(row.micros)), [0, 0, 0, 0])
        sums[0] += 1
        sums[1] += row.marks[2] == Sentiment.NEGATIVE.value
        sums[2] += row.marks[2] == Sentiment.POSITIVE.value
        sums[3] += row.reach


def fits(rule: DetectionRule, row: Row) -> bool:
    """Whether a rule with a scope counts the mention."""
    return (
        (not rule.networks or row.network in rule.networks)
        and (not rule.languages or (row.lang or row.marks[0]) in rule.languages)
        and (not rule.crisis_types or row.marks[5] in rule.crisis_types)
        and (not rule.queries or any(query in rule.queries for query in row.queries))
    )


def scoped_rules(brand_id: int) -> list[DetectionRule]:
    """The brand's rules that count for themselves; asked for again after five seconds."""
    until, rules = _rules.get(brand_id, (0.0, []))
    now = time.monotonic()
    if now >= until:
        rows = DetectionRule.objects.filter(brand=brand_id, is_active=True)
        rules = [rule for rule in rows if rule.scope]
        _rules[brand_id] = (now + _REMEMBERED, rules)
    return rules


def forget_rules() -> None:
    """Ask for the rules anew with the next batch of this process."""
    _rules.clear()


def _step(instant: int) -> int:
    return instant - instant % STEP
