"""How loud it will become, for a brand: read from closed steps, told in words."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from core import formats

from . import steps
from .detection.forecast import DAYS, Crossing, Forecast, forecast
from .models import Detection
from .steps import STEP

# Forecasts of less than this, in mentions an hour, are about nothing.
WORTH_SAYING = 10.0
# Of the running step at least so much must be over to be scaled up by.
LEAST_OF_STEP = timedelta(minutes=2)


@dataclass(frozen=True)
class Outlook:
    """A forecast and the moment it was made at: its minutes count from there."""

    forecast: Forecast
    made_at: datetime

    def at(self, minutes: int) -> datetime:
        return self.made_at + timedelta(minutes=minutes)


def of_brand(brand_id: int, now: datetime) -> Outlook | None:
    """Forecast from what was counted; None where less than an hour is known. Two queries."""
    until = steps.floor(now)
    since = until - timedelta(days=DAYS)
    totals, last = steps.totals(brand_id, since=since, until=until)
    # What is not closed yet is counted from the minutes.
    latest = steps.counts(brand_id, since=last + STEP if last else since, until=until + STEP)
    totals += [count.total for count in latest]
    # A storm begins within the running step: it counts as if it went on as it is.
    totals[-1] *= STEP / max(now - until, LEAST_OF_STEP)
    found = forecast(totals)
    return Outlook(found, now) if found else None


def of_detection(detection: Detection) -> Outlook | None:
    """The forecast that was made when the alarm was raised."""
    if not detection.forecast:
        return None
    made_at = datetime.fromisoformat(detection.forecast["made_at"])
    return Outlook(Forecast.from_state(detection.forecast), made_at)


def state(outlook: Outlook | None) -> dict[str, object]:
    """As a detection keeps it."""
    if outlook is None:
        return {}
    return {**outlook.forecast.state(), "made_at": outlook.made_at.isoformat()}


def sentences(outlook: Outlook, *, now: datetime) -> list[str]:
    """What it says, a sentence each: where it goes, within what bounds, and what it passes."""
    found = outlook.forecast
    if max(found.rate, found.peak.high) < WORTH_SAYING:
        return [_("Few mentions are expected in the next hours.")]
    said = [_in_hours(outlook, 1), _in_hours(outlook, 3)]
    return [*_crossings(outlook, now=now), *said]


def _crossings(outlook: Outlook, *, now: datetime) -> list[str]:
    """What it passes, and what it may pass."""
    found, said = outlook.forecast, []
    crossing, possible = found.crossing(), found.possible()
    if crossing:
        words = (
            _("Predicted to pass %(level)s an hour at %(time)s.")
            if crossing.rising
            else _("Predicted to be near the usual again at %(time)s: %(level)s an hour.")
        )
        said.append(words % _when(outlook, crossing, now))
    if possible and found.storm and (not crossing or possible.level > crossing.level):
        words = _("One time in ten it passes %(level)s an hour by %(time)s.")
        said.append(words % _when(outlook, possible, now))
    return said


def _when(outlook: Outlook, crossing: Crossing, now: datetime) -> dict[str, str]:
    level = crossing.level if crossing.rising else outlook.forecast.usual
    return {
        "level": formats.number(level),
        "time": formats.when(outlook.at(crossing.minutes), now=now),
    }


def _in_hours(outlook: Outlook, hours: int) -> str:
    there = next(each for each in outlook.forecast.ahead if each.minutes == 60 * hours)
    figures = {
        "time": formats.clock(outlook.at(there.minutes)),
        "middle": formats.number(there.middle),
        "low": formats.number(there.low),
        "high": formats.number(there.high),
    }
    return (
        _(
            "Around %(time)s about %(middle)s mentions an hour; four times in five"
            " between %(low)s and %(high)s."
        )
        % figures
    )
