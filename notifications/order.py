"""In which order one person is told: pure, without a database.

A page goes by the person's own rule for the hour, else by the usual order; it is never left
without a way. News goes out only by a rule. Quiet hours put off news, and pages only to who is
not on duty and has asked for it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from .enums import Means, Urgency

# Seconds after which each is used, where a person has said nothing about pages.
USUAL = ((Means.PUSH, 0), (Means.EMAIL, 0), (Means.CHAT, 0), (Means.SMS, 120), (Means.VOICE, 300))


@dataclass(frozen=True)
class Place:
    """A verified address."""

    id: int
    means: str
    provider: str


@dataclass(frozen=True)
class Listener:
    """What is known of a person when something is to be told to them. `rules` in their order."""

    user: int
    zone: str
    places: Sequence[Place] = ()
    # Each {"starts", "ends": "HH:MM:SS" or None, "steps": […]}.
    rules: Sequence[dict[str, Any]] = ()
    quiet: tuple[time, time] | None = None
    holds_pages: bool = False
    on_duty: bool = True
    # When the next bundle of news goes out, or may go out.
    news_at: datetime | None = None


@dataclass(frozen=True)
class Way:
    """One way out, when, and its place in the order. `address` None is the profile's e-mail."""

    means: str
    provider: str
    address: int | None
    at: datetime
    step: int = field(default=0, compare=False)


def ways(listener: Listener, urgency: str, *, loud: bool, now: datetime) -> list[Way]:
    """By what and when to tell this person, the first first. `loud` breaks through quiet hours."""
    found = _by_rule(listener, urgency, now)
    if urgency == Urgency.PAGE:
        found = found or _usual(listener, now)
        if listener.holds_pages and not listener.on_duty and not loud:
            found = [_held(listener, way) for way in found]
    else:
        found = [_gathered(listener, way, now) for way in found]
    ordered = sorted(found, key=lambda way: way.at)
    return [replace(way, step=step) for step, way in enumerate(ordered)]


def within(moment: time, starts: time, ends: time) -> bool:
    """Whether a time lies in hours that may go past midnight; the same twice is all day."""
    if starts < ends:
        return starts <= moment < ends
    return moment >= starts or moment < ends


def _by_rule(listener: Listener, urgency: str, now: datetime) -> list[Way]:
    here = now.astimezone(ZoneInfo(listener.zone)).time()
    for rule in listener.rules:
        hours = rule.get("starts"), rule.get("ends")
        if hours == (None, None) or within(here, *map(time.fromisoformat, map(str, hours))):
            return _without_doubles(
                way for step in rule["steps"] for way in _of_step(listener, step, now)
            )
    return []


def _of_step(listener: Listener, step: dict[str, Any], now: datetime) -> list[Way]:
    at = now + timedelta(seconds=int(step.get("after") or 0))
    if step["way"] == Means.EMAIL:
        return [Way(Means.EMAIL, "email", None, at)]
    wanted = step.get("address")
    return [
        Way(place.means, place.provider, place.id, at)
        for place in listener.places
        if (place.means == Means.PUSH if step["way"] == Means.PUSH else place.id == wanted)
    ]


def _without_doubles(found: Any) -> list[Way]:
    """An address once, at the earliest of its times: a second sending of the same is no news."""
    kept: dict[int | None, Way] = {}
    for way in sorted(found, key=lambda each: each.at):
        kept.setdefault(way.address, way)
    return list(kept.values())


def _usual(listener: Listener, now: datetime) -> list[Way]:
    found = []
    for means, after in USUAL:
        at = now + timedelta(seconds=after)
        if means == Means.EMAIL:
            found.append(Way(means, "email", None, at))
        found += [Way(p.means, p.provider, p.id, at) for p in listener.places if p.means == means]
    return found


def _held(listener: Listener, way: Way) -> Way:
    """In quiet hours only the letter goes out: it wakes nobody."""
    if way.means == Means.EMAIL:
        return way
    return replace(way, at=_after_quiet(listener, way.at))


def _gathered(listener: Listener, way: Way, now: datetime) -> Way:
    """With what waits already, or at the earliest a bundle's time after the last one."""
    at = max(way.at, listener.news_at or now)
    return replace(way, at=_after_quiet(listener, at))


def _after_quiet(listener: Listener, at: datetime) -> datetime:
    """The same time, or the end of the quiet hours in which it lies."""
    if listener.quiet is None:
        return at
    zone = ZoneInfo(listener.zone)
    here = at.astimezone(zone)
    starts, ends = listener.quiet
    if starts == ends or not within(here.time(), starts, ends):
        return at
    day = here.date() + timedelta(days=1 if here.time() >= ends else 0)
    return datetime.combine(day, ends, tzinfo=zone).astimezone(UTC)
