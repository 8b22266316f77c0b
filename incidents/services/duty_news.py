"""Telling people that their duties changed: what was before is held against what is after."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from django.urls import reverse

from accounts.models import User
from incidents.models_rota import Rota
from incidents.rotation import Span
from incidents.selectors.schedule import LineSchedule, schedule
from notifications.services import notify

# Changes beyond this are seen on the page; nobody is told in November of a Tuesday in June.
HORIZON = timedelta(days=56)

Times = list[tuple[datetime, datetime]]


@dataclass
class Changes:
    """What a person gained and lost in a rota, each as times that do not touch."""

    gained: Times = field(default_factory=list)
    lost: Times = field(default_factory=list)


@contextmanager
def telling(
    rotas: Iterable[Rota], *, by: User | None, key: str, now: datetime, but: Iterable[User] = ()
) -> Iterator[None]:
    """Tell whoever gains or loses duties by what is done within, but not `by` and `but`."""
    watched = list(rotas)
    before = {rota.pk: _lines(rota, now) for rota in watched}
    yield
    quiet = {user.pk for user in (by, *but) if user}
    for rota in watched:
        changes = _changes(before[rota.pk], _lines(rota, now))
        people = User.objects.in_bulk([pk for pk in changes if pk not in quiet])
        for pk, user in people.items():
            _tell(rota, user, changes[pk], by=by, key=key, now=now)


def _lines(rota: Rota, now: datetime) -> list[LineSchedule]:
    return schedule(rota, now, now + HORIZON, now=now, gaps_too=False).lines


def _changes(before: list[LineSchedule], after: list[LineSchedule]) -> dict[int, Changes]:
    was, now_is = ({line.key: line.spans for line in lines} for lines in (before, after))
    found: dict[int, Changes] = defaultdict(Changes)
    for key in was.keys() | now_is.keys():
        for start, end, old, new in _pieces(was.get(key, []), now_is.get(key, [])):
            if old is not None and old != new:
                _add(found[old].lost, start, end)
            if new is not None and old != new:
                _add(found[new].gained, start, end)
    return found


def _pieces(
    was: list[Span], now_is: list[Span]
) -> Iterator[tuple[datetime, datetime, int | None, int | None]]:
    """Yield each stretch with who had it and who has it: two walks side by side."""
    cuts = {edge for span in (*was, *now_is) for edge in (span.starts_at, span.ends_at)}
    old, new = iter(was), iter(now_is)
    left, right = next(old, None), next(new, None)
    for start, end in pairwise(sorted(cuts)):
        while left and left.ends_at <= start:
            left = next(old, None)
        while right and right.ends_at <= start:
            right = next(new, None)
        yield start, end, _user(left, start), _user(right, start)


def _user(span: Span | None, at: datetime) -> int | None:
    return span.duty.user if span and span.duty and span.starts_at <= at else None


def _add(times: Times, start: datetime, end: datetime) -> None:
    if times and times[-1][1] == start:
        times[-1] = (times[-1][0], end)
    else:
        times.append((start, end))


def _tell(
    rota: Rota, user: User, changes: Changes, *, by: User | None, key: str, now: datetime
) -> None:
    kind, times = _kind(changes)
    params: dict[str, Any] = {"count": len(times)}
    if times:
        params |= {"starts_at": times[0][0].isoformat(), "ends_at": times[0][1].isoformat()}
    news(rota, [user], kind, key=f"{key}.{now.isoformat()}", by=by, now=now, **params)


def _kind(changes: Changes) -> tuple[str, Times]:
    if len(changes.gained) == 1 and not changes.lost:
        return "duty_given", changes.gained
    if len(changes.lost) == 1 and not changes.gained:
        return "duty_lost", changes.lost
    return "duties_changed", changes.gained or changes.lost


def news(
    rota: Rota,
    users: Iterable[User],
    kind: str,
    *,
    key: str,
    now: datetime,
    by: User | None = None,
    **params: Any,
) -> None:
    """Notify people once for `key` about a rota; messages_rota.py has the words."""
    facts = {"rota": rota.name, "brand": rota.brand.name, "actor": str(by) if by else ""}
    notify(
        users,
        key=f"{kind}.{key}"[:120],
        kind=f"incidents.{kind}",
        params=facts | params,
        url=reverse("incidents:my_duties"),
        brand=rota.brand,
        now=now,
    )
