"""How long the public has heard nothing from us: over all, and on each channel."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from core.markup import network_name
from incidents.enums_record import Outlet
from incidents.models import Incident
from incidents.models_promises import PublicWord
from incidents.severity import targets


@dataclass(frozen=True)
class Channel:
    """`last` is our last word there; None where people talk and we have not said anything."""

    code: str
    name: Any
    last: PublicWord | None
    since: datetime
    due_at: datetime | None
    is_late: bool


@dataclass(frozen=True)
class Silence:
    """`due_at` is when the public should hear from us at the latest; None: no such target."""

    since: datetime
    due_at: datetime | None
    is_late: bool
    last: PublicWord | None
    every: timedelta | None
    channels: list[Channel]


def name(channel: str) -> Any:
    """Return what a channel is called: a network, or where else something was said."""
    if channel in Outlet.values:
        return Outlet(channel).label
    return network_name(channel)


def due(incident: Incident, last: datetime | None) -> datetime | None:
    """Return by when the public should hear from us: the first time, or again after `last`."""
    if last is None:
        return incident.respond_by
    every = targets(incident.severity, incident.plan).update
    return last + every if every else None


def last_words(incident: Incident) -> list[PublicWord]:
    """Return the last word on each channel, the latest first: one query."""
    found = incident.public_words.order_by("channel", "-at", "-pk").distinct("channel")
    return sorted(found, key=lambda word: word.at, reverse=True)


def silence(incident: Incident, *, now: datetime, talked: Iterable[str] = ()) -> Silence:
    """Return the clocks; `talked` are networks on which people talk about it now."""
    words = last_words(incident)
    last = words[0] if words else None
    last_at = last.at if last else incident.responded_at
    heard = {word.channel for word in words}
    channels = [_channel(incident, word.channel, word, now) for word in words]
    channels += [
        _channel(incident, network, None, now) for network in talked if network not in heard
    ]
    by = due(incident, last_at) if incident.is_open else None
    return Silence(
        since=last_at or incident.detected_at,
        due_at=by,
        is_late=by is not None and by < now,
        last=last,
        every=targets(incident.severity, incident.plan).update,
        channels=channels,
    )


def _channel(incident: Incident, code: str, last: PublicWord | None, now: datetime) -> Channel:
    by = due(incident, last.at if last else None) if incident.is_open else None
    since = last.at if last else incident.detected_at
    return Channel(code, name(code), last, since, by, by is not None and by < now)
