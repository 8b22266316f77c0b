"""When a step of a ladder is carried out at all: pure, without a database.

Stored as `{"hours": {"from": "22:00", "to": "06:00", "days": [0, 6], "zone": "Europe/Copenhagen"},
"severity": 2, "alarms": {"count": 3, "minutes": 30}}`, each left out where nothing is asked.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

WEEK = tuple(range(7))
# The codes in which an unmet condition is told.
HOURS, SEVERITY, ALARMS = "hours", "severity", "alarms"
CODES = (HOURS, SEVERITY, ALARMS)


@dataclass(frozen=True)
class Hours:
    """From one time of day to another, by the clocks of a zone, on days that count from Monday (0).

    What ends before it starts goes over midnight and belongs to the day on which it begins; what
    starts when it ends lasts the whole day.
    """

    start: time
    end: time
    days: tuple[int, ...]
    zone: str

    def include(self, moment: datetime) -> bool:
        local = moment.astimezone(ZoneInfo(self.zone))
        today, clock = local.weekday(), local.time()
        if self.start < self.end:
            return today in self.days and self.start <= clock < self.end
        began_today = today in self.days and clock >= self.start
        began_yesterday = (today - 1) % 7 in self.days and clock < self.end
        return began_today or began_yesterday

    def next_edge(self, moment: datetime) -> datetime:
        """Return when they next begin or end, after `moment`; a week on if on no day."""
        today = moment.astimezone(ZoneInfo(self.zone)).date()
        edges = (edge for ago in range(-1, 9) for edge in self._edges(today + timedelta(ago)))
        return min((e for e in edges if e > moment), default=moment + timedelta(days=7))

    def _edges(self, day: date) -> Iterator[datetime]:
        if day.weekday() not in self.days:
            return
        last = day if self.start < self.end else day + timedelta(days=1)
        for at, clock in ((day, self.start), (last, self.end)):
            yield datetime.combine(at, clock, ZoneInfo(self.zone)).astimezone(UTC)


@dataclass(frozen=True)
class Conditions:
    """All must hold. `severity`: at least this grave; `alarms`: so many in so many minutes."""

    hours: Hours | None = None
    severity: int | None = None
    alarms: tuple[int, int] | None = None

    def unmet(self, *, now: datetime, severity: int, signals: tuple[datetime, ...]) -> str:
        """Return the code of the first condition that does not hold; "" if all do."""
        if self.severity is not None and severity > self.severity:
            return SEVERITY
        if self.hours is not None and not self.hours.include(now):
            return HOURS
        if self.alarms is not None and not self._enough(now, signals):
            return ALARMS
        return ""

    def _enough(self, now: datetime, signals: tuple[datetime, ...]) -> bool:
        assert self.alarms  # noqa: S101 - asked for by the only caller
        count, minutes = self.alarms
        since = now - timedelta(minutes=minutes)
        return sum(1 for signal in signals if since < signal <= now) >= count


ALWAYS = Conditions()


def read(stored: Mapping[str, Any]) -> Conditions:
    """Read what a step keeps. ValueError, KeyError or TypeError if it is broken."""
    hours, alarms = stored.get("hours"), stored.get("alarms")
    return Conditions(
        hours=_hours(hours) if hours else None,
        severity=int(stored["severity"]) if stored.get("severity") else None,
        alarms=(int(alarms["count"]), int(alarms["minutes"])) if alarms else None,
    )


def _hours(stored: Mapping[str, Any]) -> Hours:
    days = tuple(int(day) for day in stored.get("days", WEEK))
    # An unknown zone breaks here, not in the middle of an escalation.
    zone = ZoneInfo(stored["zone"]).key
    return Hours(time.fromisoformat(stored["from"]), time.fromisoformat(stored["to"]), days, zone)
