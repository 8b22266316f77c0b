"""What a volume chart draws (static/js/volume.js): counts, band, forecast and expected peaks."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from core import formats

from .forecasting import Outlook
from .models_signals import ExpectedPeak
from .selectors import Point
from .steps import SECONDS, STEP

Drawn = dict[str, Any]


def drawn(
    points: Sequence[Point], *, since: datetime, until: datetime, latest: int | None = None
) -> Drawn:
    """Lay the points of one brand on an even grid; what was not counted stays a gap.

    The running step is not over: the `latest` five minutes stand in its place, or each step would
    seem to begin with a plunge.
    """
    times = range(_seconds(since), _seconds(until), SECONDS)
    by_time = {_seconds(point.at): point for point in points}
    closed = [point for point in points if point.high is not None]
    # After the newest closed step nothing counted means nothing said, in the newest band.
    newest = closed[-1] if closed else None
    counted_to = _seconds(newest.at) if newest else times.stop
    found = [by_time.get(at) for at in times]
    bands = [
        newest if at > counted_to else (point if point and point.high is not None else None)
        for at, point in zip(times, found, strict=True)
    ]
    counts = [
        point.total if point else (0 if at > counted_to else None)
        for at, point in zip(times, found, strict=True)
    ]
    return {
        "step": SECONDS,
        "at": list(times),
        "count": [*counts[:-1], latest] if latest is not None else counts,
        "low": [band.low if band else None for band in bands],
        "high": [band.high if band else None for band in bands],
        "marks": [],
    }


def with_forecast(data: Drawn, outlook: Outlook | None, *, hours: float) -> Drawn:
    """Go on into the next hours with what is predicted, per five minutes."""
    if outlook is None or not data["at"]:
        return data
    steps = int(timedelta(hours=hours) / STEP)
    first = data["at"][-1]
    times = [*data["at"], *(first + SECONDS * (place + 1) for place in range(steps))]
    padding = [None] * (len(times) - len(data["at"]))
    lines = {name: _line(outlook, name, times) for name in ("middle", "low", "high")}
    grown = {name: [*data[name], *padding] for name in ("count", "low", "high")}
    return {**data, **grown, "at": times, "ahead": lines}


def _line(outlook: Outlook, name: str, times: Sequence[int]) -> list[float | None]:
    """A line of the forecast on the chart's grid; nothing before it was made."""
    made_at = _seconds(outlook.made_at)
    known = [(0, outlook.forecast.rate)]
    known += [(each.minutes * 60, getattr(each, name)) for each in outlook.forecast.ahead]
    return [_at(known, at - made_at) for at in times]


def _at(known: Sequence[tuple[int, float]], seconds: int) -> float | None:
    """Between two known points straight; mentions an hour become mentions in five minutes."""
    if seconds < 0 or seconds > known[-1][0]:
        return None
    place = next(place for place, (at, _rate) in enumerate(known) if at >= seconds)
    (right, high), (left, low) = known[place], known[max(place - 1, 0)]
    share = (seconds - left) / (right - left) if right > left else 0.0
    return round((low + share * (high - low)) / 12, 2)


def with_peaks(data: Drawn, peaks: Iterable[ExpectedPeak]) -> Drawn:
    """Shade the times at which more is expected."""
    shaded = [{"from": _seconds(peak.starts_at), "to": _seconds(peak.ends_at)} for peak in peaks]
    return {**data, "peaks": shaded} if shaded else data


def peak_words(peak: ExpectedPeak, *, now: datetime) -> str:
    """What the shade on a chart means."""
    return _(
        "“%(title)s” is expected from %(start)s to %(end)s: up to %(factor)s times the usual."
    ) % {
        "title": peak.title,
        "start": formats.when(peak.starts_at, now=now),
        "end": formats.when(peak.ends_at, now=now),
        "factor": number_format(peak.factor, 0 if peak.factor % 1 == 0 else 1),
    }


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())
