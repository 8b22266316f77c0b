"""How a brand, its competitors and the topics of its industry compare over time, from counts.

A share of voice compares what was said about the brand with what was said about each competitor,
as far as the brand's sources carry both.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Brand, User
from core import formats

from .enums import QueryKind
from .models import Query
from .selectors import queries as selectors
from .selectors.queries import Days, Series

PERIODS = (7, 30, 90)
# Lines that an eye can follow in one chart; the table has all.
MOST_LINES = 6
# Below this a change in percent says more than is known.
_ENOUGH = 20
# From here on it is said how many times as much, not how many percent more.
_MANIFOLD = 2.0


@dataclass(frozen=True)
class Line:
    """One of those that are compared. `before` is what was said in as many days before these.

    `query` is None for the brand itself.
    """

    name: str
    series: Series
    before: int
    query: int | None = None
    share: float = 0.0

    @property
    def change(self) -> float | None:
        """The change against the days before as a share; None where too little was said then."""
        if self.before < _ENOUGH:
            return None
        return self.series.total / self.before - 1

    @property
    def change_words(self) -> str:
        if self.change is None:
            return "–"
        if self.change >= _MANIFOLD:
            return f"×{formats.number(self.change + 1, 1)}"
        sign = "+" if self.change >= 0.005 else ""
        return sign + formats.percent(self.change)


@dataclass(frozen=True)
class Trends:
    """The brand and its competitors (`voices`, the brand first), and the topics, loudest first."""

    period: Days
    voices: tuple[Line, ...]
    topics: tuple[Line, ...]

    @property
    def competitors(self) -> tuple[Line, ...]:
        return self.voices[1:]


def trends(user: User, brand: Brand, *, days: int, now: datetime) -> Trends:
    """Return what is to be compared over the last `days`. Three queries."""
    double = Days.last(2 * days, zone=brand.time_zone, now=now)
    kinds = (QueryKind.COMPETITOR, QueryKind.TOPIC)
    asked = list(selectors.queries(user, brand).filter(kind__in=kinds))
    counted = selectors.by_day([query.pk for query in asked], double)
    own = _line(brand.name, selectors.brand_by_day(brand.pk, double), days)
    return Trends(
        Days.last(days, zone=brand.time_zone, now=now),
        _with_shares((own, *_lines(asked, counted, QueryKind.COMPETITOR, days))),
        _lines(asked, counted, QueryKind.TOPIC, days),
    )


def voice_sentence(found: Trends) -> str:
    """What the share of voice shows, in a sentence."""
    own, total = found.voices[0], sum(line.series.total for line in found.voices)
    days = len(found.period.days)
    if not total:
        return _("Nobody has said anything about you or them in %(days)d days.") % {"days": days}
    words = ngettext(
        "Of %(total)s mentions of you and %(count)d competitor in %(days)d days,"
        " %(share)s were of you.",
        "Of %(total)s mentions of you and %(count)d competitors in %(days)d days,"
        " %(share)s were of you.",
        len(found.competitors),
    ) % {
        "total": formats.number(total),
        "count": len(found.competitors),
        "days": days,
        "share": formats.percent(own.share),
    }
    before = sum(line.before for line in found.voices)
    if before < _ENOUGH:
        return words
    earlier = _("In the %(days)d days before it was %(share)s.") % {
        "days": days,
        "share": formats.percent(own.before / before),
    }
    return f"{words} {earlier}"


def lines_sentence(lines: Sequence[Line], period: Days) -> str:
    """What a chart of lines shows: who was loudest, and when."""
    loudest = max(lines, key=lambda line: line.series.total)
    if not loudest.series.total:
        return _("Nothing was said in %(days)d days.") % {"days": len(period.days)}
    totals = loudest.series.totals
    peak = max(range(len(totals)), key=totals.__getitem__)
    return _("%(name)s was spoken of most: %(total)s times, most on %(day)s with %(peak)s.") % {
        "name": loudest.name,
        "total": formats.number(loudest.series.total),
        "day": formats.day_month(period.days[peak]),
        "peak": formats.number(totals[peak]),
    }


def _lines(
    asked: Sequence[Query], counted: dict[int, Series], kind: QueryKind, days: int
) -> tuple[Line, ...]:
    found = [
        _line(query.name, counted[query.pk], days, query.pk)
        for query in asked
        if query.kind == kind
    ]
    return tuple(sorted(found, key=lambda line: (-line.series.total, line.name)))


def _line(name: str, double: Series, days: int, query: int | None = None) -> Line:
    before, totals = double.totals[:days], double.totals[days:]
    return Line(name, Series(totals), sum(before), query)


def _with_shares(lines: tuple[Line, ...]) -> tuple[Line, ...]:
    total = sum(line.series.total for line in lines)
    return tuple(
        Line(line.name, line.series, line.before, line.query, line.series.total / total)
        if total
        else line
        for line in lines
    )
