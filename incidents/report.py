"""The course of an incident as a chart for its review: drawn here as SVG, sharp in print."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from core import charts, formats
from monitoring.selectors import Point, Shares
from monitoring.selectors import volume as counted

from .models import Incident
from .picture import LONGEST, STEP, Mark, floor, marked

WIDTH, HEIGHT, SLICES, PIN = 660, 150, 220, 16
BEFORE, AFTER = timedelta(hours=2), timedelta(hours=2)


@dataclass(frozen=True)
class Tick:
    """A grid line at `place` pixels with its label."""

    place: float
    label: str


@dataclass(frozen=True)
class Pin:
    """`x` is where the moment is, `shown` where its letter stands: letters never overlap."""

    x: float
    shown: float
    letter: str

    @property
    def left(self) -> float:
        return self.shown - PIN / 2


@dataclass(frozen=True)
class Report:
    """The whole course as SVG geometry, and its figures. `peak` is mentions per five minutes."""

    paths: charts.SparkPaths
    rows: list[Tick]
    columns: list[Tick]
    pins: list[Pin]
    marks: list[Mark]
    finding: str
    mentions: int
    reach: int
    negative_share: float
    peak: int
    before: Shares
    during: Shares


def report(incident: Incident, *, now: datetime) -> Report:
    """Return the course of an incident from two hours before to two hours after: two queries."""
    end = incident.resolved_at or now
    since = floor(max(incident.began_at - BEFORE, end - LONGEST))
    until = min(end + AFTER, now)
    points = counted([incident.brand_id], since=since, until=until)
    running = [point for point in points if floor(incident.began_at) <= point.at <= end]
    marks = marked(incident, since=since)
    during = _summed(running)
    peak = max((point.total for point in running), default=0)
    figures = {"count": formats.number(during.total), "peak": formats.number(peak)}
    return Report(
        **_geometry(points, marks, since=since, until=until),
        marks=marks,
        finding=_("%(count)s mentions in all, at most %(peak)s in five minutes.") % figures,
        mentions=during.total,
        reach=sum(point.reach for point in running),
        negative_share=during.negative_share,
        peak=peak,
        before=_summed([point for point in points if point.at < floor(incident.began_at)]),
        during=during,
    )


def _summed(points: Sequence[Point]) -> Shares:
    return Shares(
        sum(point.total for point in points),
        sum(point.negative for point in points),
        sum(point.positive for point in points),
    )


def _geometry(
    points: Sequence[Point], marks: Sequence[Mark], *, since: datetime, until: datetime
) -> dict[str, Any]:
    length = max((until - since).total_seconds(), 1.0)
    actual, low, high = _sliced(points, since=since, length=length)
    top = max(1.0, *high, *(value for value in actual if value is not None)) * 1.08
    return {
        "paths": charts.spark_paths(actual, low, high, width=WIDTH, height=HEIGHT),
        "rows": [
            Tick(HEIGHT - 2 - value * (HEIGHT - 4) / top, formats.number(value))
            for value in _round_figures(top)
        ],
        "columns": [
            Tick(WIDTH * share, formats.when(since + share * (until - since), now=until))
            for share in (0.0, 0.25, 0.5, 0.75)
        ],
        "pins": _pins(marks, since=since, length=length),
    }


def _pins(marks: Sequence[Mark], *, since: datetime, length: float) -> list[Pin]:
    pins: list[Pin] = []
    for mark in marks:
        x = WIDTH * (mark.at - since).total_seconds() / length
        pins.append(Pin(x, max(x, pins[-1].shown + PIN + 2) if pins else x, mark.letter))
    return pins


def _sliced(
    points: Sequence[Point], *, since: datetime, length: float
) -> tuple[list[float | None], list[float], list[float]]:
    """Gather the points into at most SLICES means per five minutes; slices without any are gaps."""
    slices = max(2, min(SLICES, int(length // STEP.total_seconds())))
    gathered: list[list[Point]] = [[] for _place in range(slices)]
    for point in points:
        # Multiplied before it is divided, and a millionth more: 3 * (1 / 3) must not fall below 1.
        place = int((point.at - since).total_seconds() * slices / length + 1e-6)
        gathered[min(max(place, 0), slices - 1)].append(point)
    actual = [sum(p.total for p in each) / len(each) if each else None for each in gathered]
    low = [max((p.low or 0.0 for p in each), default=0.0) for each in gathered]
    high = [max((p.high or 0.0 for p in each), default=0.0) for each in gathered]
    return actual, low, high


def _round_figures(top: float) -> list[int]:
    """Return zero and up to four round figures below `top`."""
    size = 1
    while top / size > 4:
        size = size * 2 if str(size)[0] in "15" else size * 5 // 2
    return list(range(0, int(top) + 1, size))
