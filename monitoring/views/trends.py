"""Trends: share of voice against competitors, and what is said of the industry's topics."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from accounts.enums import Permission
from accounts.http import SignedIn
from accounts.rules import allowed
from accounts.selectors import get_brand, visible_brands
from core import charts, formats
from core.clock import database_now
from monitoring import trends as compare
from monitoring.selectors.queries import Days
from monitoring.trends import MOST_LINES, PERIODS, Line


@dataclass(frozen=True)
class Drawn:
    """A line with its path and its number, by which the style sheet tells it from the others."""

    line: Line
    path: str
    number: int


@dataclass(frozen=True)
class Chart:
    """A chart of lines, its finding in a sentence, and its figures as a table."""

    sentence: str
    lines: tuple[Drawn, ...]
    left_out: int
    top: str
    first: str
    last: str
    rows: tuple[tuple[str, tuple[str, ...]], ...]
    table: tuple[Line, ...]


@login_required
@require_GET
def index(request: SignedIn) -> HttpResponse:
    """The trends of the first of the reader's brands; without a brand, a page that says so."""
    brand = visible_brands(request.user).first()
    if brand is None:
        return render(request, "monitoring/trends.html")
    return redirect("monitoring:trends_of", brand.slug)


@login_required
@require_GET
def trends(request: SignedIn, slug: str) -> HttpResponse:
    """Trends of a brand over `days`."""
    brand = get_brand(request.user, slug)
    days = int(given) if (given := request.GET.get("days", "")) in map(str, PERIODS) else 30
    found = compare.trends(request.user, brand, days=days, now=database_now())
    context = {
        "brand": brand,
        "brands": visible_brands(request.user),
        "days": days,
        "periods": PERIODS,
        "found": found,
        "voice": compare.voice_sentence(found) if found.competitors else "",
        "voices": _chart(found.voices, found.period) if found.competitors else None,
        "topics": _chart(found.topics, found.period) if found.topics else None,
        "managing": allowed(request.user, Permission.MANAGE_BRAND, brand),
    }
    return render(request, "monitoring/trends.html", context)


def _chart(lines: Sequence[Line], period: Days) -> Chart:
    """Draw at most MOST_LINES of the lines; the table has all of them."""
    drawn = lines[:MOST_LINES]
    begin = _first_counted(lines, len(period.days))
    paths = charts.lines([line.series.totals[begin:] for line in drawn])
    names = [formats.day_month(day) for day in period.days]
    return Chart(
        sentence=compare.lines_sentence(lines, period),
        lines=tuple(
            Drawn(line, path, number)
            for number, (line, path) in enumerate(zip(drawn, paths, strict=True), start=1)
        ),
        left_out=len(lines) - len(drawn),
        top=formats.number(max((n for line in drawn for n in line.series.totals), default=0)),
        first=names[begin],
        last=names[-1],
        rows=tuple(
            (name, tuple(formats.number(line.series.totals[at]) for line in lines))
            for at, name in reversed(list(enumerate(names))[begin:])
        ),
        table=tuple(lines),
    )


def _first_counted(lines: Sequence[Line], days: int) -> int:
    """Return the number of the day on which counting began: before it nothing is known, and a line
    at nought would say that nobody spoke. Two days at least are drawn."""
    counted = (at for at in range(days) if any(line.series.totals[at] for line in lines))
    return min(next(counted, 0), days - 2)
