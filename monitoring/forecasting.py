"""How loud it will become, for a brand: read from closed steps, told in words."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from core import formats

from . import steps
from .detection.forecast import DAYS, Forecast, forecast
from .models import Detection
from .steps import STEP

# Forecasts of less than this, in mentions an hour, are about nothing.
WORTH_SAYING = 10.0


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
    counts = steps.closed(brand_id, since=since, until=until)
    begin = counts[-1].starts_at + STEP if counts else since
    # What is not closed yet is counted from the minutes.
    latest = steps.counts(brand_id, since=begin, until=until) if begin < until else []
    found = forecast([count.total for count in [*counts, *latest]])
    return Outlook(found, until) if found else None


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
    crossing = found.crossing()
    if crossing and crossing.rising:
        said.insert(0, _passing(outlook, now=now))
    elif crossing:
        said.insert(
            0,
            _("Predicted to be near the usual %(level)s an hour again at %(time)s.")
            % {
                "level": formats.number(found.usual),
                "time": formats.when(outlook.at(crossing.minutes), now=now),
            },
        )
    return said


def _passing(outlook: Outlook, *, now: datetime) -> str:
    crossing = outlook.forecast.crossing()
    assert crossing is not None  # noqa: S101 - for the reader and the checker
    return _("Predicted to pass %(level)s an hour at %(time)s.") % {
        "level": formats.number(crossing.level),
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
