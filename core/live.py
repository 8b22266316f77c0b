"""Live pages: the one sender of frames, and who may hear them.

A frame tells the pages that show an object which part of it has changed. It carries ids, codes and
counts, never text: each page then fetches the part through its ordinary view, so that permission,
language and escaping exist once.

Every frame of a group has a number from the group's counter row, taken as the last statement of
the transaction that made the change. Two things follow. Numbers have no gaps, and because the row
stays locked until the commit, whoever sees number 6 knows that the change behind 5 is committed
too. And a process that dies between commit and sending has already moved the counter: the hub's
next beat, which reads it, tells the pages that they missed something (core.hub).
"""

import logging
import re
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from . import live_sender

if TYPE_CHECKING:
    # At run time this module is loaded with the database backend, before any model.
    from django.contrib.auth.base_user import AbstractBaseUser

logger = logging.getLogger(__name__)
Guard = Callable[[Any, int], bool]
GUARDS: dict[str, Guard] = {}
AHEAD: list[Callable[[list[Any]], None]] = []

GROUP = re.compile(r"[a-z_]{1,40}\.[1-9][0-9]{0,18}")
_PART = re.compile(r"[a-z][a-z_]{0,39}")
# Codes, references and moments may travel; a sentence may not.
_CODE = re.compile(r"[A-Za-z0-9_.:+-]{1,64}")

_TAKE = """
INSERT INTO core_livesequence ("group", number, changed_at)
SELECT name, taken, clock_timestamp()
FROM unnest(%s::text[], %s::bigint[]) AS wanted (name, taken)
ORDER BY name
ON CONFLICT ("group") DO UPDATE
SET number = core_livesequence.number + excluded.number, changed_at = excluded.changed_at
RETURNING "group", number
"""


def guard(kind: str) -> Callable[[Guard], Guard]:
    """Register who may join the groups `<kind>.<pk>`: `function(user, pk) -> bool`."""

    def register(function: Guard) -> Guard:
        if kind in GUARDS:
            raise ValueError(f"The live groups {kind} are guarded twice.")
        GUARDS[kind] = function
        return function

    return register


def ahead(function: Callable[[list[Any]], None]) -> Callable[[list[Any]], None]:
    """Register what reads for many users at once that which guards ask each of them for."""
    AHEAD.append(function)
    return function


def may_join(user: "AbstractBaseUser", group: str) -> bool:
    """Whether `user` may hear `group` now: their own always, what nobody guards never."""
    kind, _, pk = group.partition(".")
    if group == f"user.{user.pk}":
        return True
    check = GUARDS.get(kind)
    return check is not None and check(user, int(pk))


class Frame:
    """One change of one part of a group's page; sends itself when called after the commit."""

    def __init__(self, group: str, part: str, data: dict[str, Any]) -> None:
        self.group = group
        self.part = part
        self.data = data
        # 0 until taken; frames that nobody needs to miss keep it.
        self.number = 0

    def __call__(self) -> None:
        # The change is committed: nothing that goes wrong from here on may reach the caller.
        try:
            if not self.number:
                # Outside of a transaction there was no commit to take it in.
                take_numbers(connection, [self])
            live_sender.send(self.group, self.part, self.data, self.number)
        except Exception:
            logger.exception("A live frame of %s was not sent", self.group)


def publish(group: str, part: str, data: dict[str, Any] | None = None) -> None:
    """Tell the pages in `group`, once the current transaction has committed, that `part` changed.

    `data` holds ids, codes, counts and moments as they are now, not what was added: frames of one
    part that follow each other within half a second arrive as one, with the latest data.
    Raises ValueError for text in `data` or a malformed name; never because Redis is away.
    """
    transaction.on_commit(_frame(group, part, data))


def hint(group: str, part: str, data: dict[str, Any] | None = None) -> None:
    """Tell the pages at once, without a number: for what may be lost, such as who is looking."""
    frame = _frame(group, part, data)
    live_sender.send(frame.group, frame.part, frame.data, 0)


def take_numbers(database: BaseDatabaseWrapper, frames: list[Frame]) -> None:
    """Give each frame the next number of its group. Rows are locked in the order of names."""
    wanted = Counter(frame.group for frame in frames)
    groups = sorted(wanted)
    with database.cursor() as cursor:
        cursor.execute(_TAKE, [groups, [wanted[group] for group in groups]])
        latest = dict(cursor.fetchall())
    for frame in reversed(frames):
        frame.number = latest[frame.group]
        latest[frame.group] -= 1


def numbers(groups: Iterable[str]) -> dict[str, int]:
    """Return the committed number of each group; 0 where nothing was ever told."""
    return {group: number for group, (number, _) in _positions(groups).items()}


def changed_since(groups: Iterable[str], moment: datetime) -> bool:
    """Whether any group has moved after `moment` (aware)."""
    changes = (changed_at for _, changed_at in _positions(groups).values())
    return any(changed_at is not None and changed_at > moment for changed_at in changes)


def _positions(groups: Iterable[str]) -> dict[str, tuple[int, datetime | None]]:
    found: dict[str, tuple[int, datetime | None]] = dict.fromkeys(groups, (0, None))
    with connection.cursor() as cursor:
        cursor.execute(
            'SELECT "group", number, changed_at FROM core_livesequence WHERE "group" = ANY(%s)',
            [list(found)],
        )
        found.update({group: (number, changed_at) for group, number, changed_at in cursor})
    return found


def _frame(group: str, part: str, data: dict[str, Any] | None) -> Frame:
    if not GROUP.fullmatch(group):
        raise ValueError(f"{group!r} is not a live group: write kind.pk.")
    if not _PART.fullmatch(part):
        raise ValueError(f"{part!r} is not the name of a part.")
    checked = dict(data or {})
    for name, value in checked.items():
        _refuse_text(name, value)
    return Frame(group, part, checked)


def _refuse_text(name: str, value: Any) -> None:
    if isinstance(value, list | tuple):
        for each in value:
            _refuse_text(name, each)
    elif isinstance(value, str):
        if not _CODE.fullmatch(value):
            raise ValueError(f"{name!r} holds text: live frames carry ids, codes and counts only.")
    elif value is not None and not isinstance(value, int | float):
        raise ValueError(f"{name!r} is a {type(value).__name__}: not fit for a live frame.")
