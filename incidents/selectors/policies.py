"""Policies for reading: drawn, foreseen, compared with what they were."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from accounts.models import Brand, User
from accounts.selectors import members
from core import formats
from incidents import escalation, wording
from incidents.entries import PASSED
from incidents.enums import Target
from incidents.escalation import Foreseen, Step
from incidents.models_escalation import OutgoingWebhook, PolicyVersion
from incidents.wording import Names
from notifications.models import Channel


def names(brand: Brand) -> Names:
    """Return what everything that a brand's ladders may reach for is called: three queries."""
    people = {user.pk: str(user) for user in members(brand)}
    return Names(people, _webhooks(brand) | _channels(brand))


def names_in(ladder: list[Step], brand: Brand, people: Iterable[User]) -> Names:
    """Return what one ladder reaches for is called: no query for what it does not hold."""
    targets = {step.target for step in ladder}
    subjects = _webhooks(brand) if Target.WEBHOOK in targets else {}
    subjects |= _channels(brand) if Target.CHANNEL in targets else {}
    return Names({user.pk: str(user) for user in people}, subjects)


def _webhooks(brand: Brand) -> dict[tuple[str, int], str]:
    rows = OutgoingWebhook.objects.filter(brand=brand).values_list("pk", "name")
    return {(str(Target.WEBHOOK), pk): name for pk, name in rows}


def _channels(brand: Brand) -> dict[tuple[str, int], str]:
    rows = Channel.objects.filter(brand=brand).values_list("pk", "name")
    return {(str(Target.CHANNEL), pk): name for pk, name in rows}


@dataclass(frozen=True)
class Drawn:
    """One step as it is drawn: `wait` in words, "" where none is waited."""

    number: int
    target: str
    label: str
    limits: list[str]
    wait: str
    calls: bool


def drawn(stored: list[dict[str, Any]], known: Names) -> list[Drawn]:
    """Return a stored ladder in words; an empty list if it cannot be read."""
    try:
        ladder = escalation.steps(stored)
    except (KeyError, TypeError, ValueError):
        return []
    return [_drawn(number, step, known) for number, step in enumerate(ladder, start=1)]


def _drawn(number: int, step: Step, known: Names) -> Drawn:
    wait = formats.duration(step.wait) if step.wait else ""
    label = wording.told(step, known)
    return Drawn(number, step.target, label, wording.limits(step), wait, step.calls)


# --- What would happen --------------------------------------------------------------------------


@dataclass(frozen=True)
class Moment:
    """One line of a preview. `kind` is call, deed, everyone or rest; `passed` says what was not
    done, and why."""

    at: datetime
    after: str
    kind: str
    label: str
    people: list[str] = field(default_factory=list)
    number: int | None = None
    passed: list[str] = field(default_factory=list)
    until: datetime | None = None


def moments(found: Iterable[Foreseen], ladder: list[Step], known: Names) -> list[Moment]:
    """Put what is foreseen into words; looks at which a ladder only rests become one line."""
    lap = escalation.places(ladder)
    rows: list[Moment] = []
    start: datetime | None = None
    for each in found:
        start = start or each.at.now
        if each.climb.resting and rows and rows[-1].kind == "rest":
            rest = rows.pop()
            rows.append(_rest(rest.at, each, rest.at - start))
            continue
        rows.append(_moment(each, lap, ladder, known, after=each.at.now - start))
    return rows


def _rest(since: datetime, each: Foreseen, after: timedelta) -> Moment:
    label = _("Nobody is called: the conditions exclude everyone")
    return Moment(since, _after(after), "rest", label, until=each.climb.next_at)


def _moment(
    each: Foreseen, lap: list[int], ladder: list[Step], known: Names, *, after: timedelta
) -> Moment:
    climb, at = each.climb, each.at.now
    if climb.resting:
        return _rest(at, each, after)
    passed = [
        _("Step %(number)d is passed: %(why)s")
        % {"number": lap[rung % len(lap)] + 1, "why": PASSED.get(why, why)}
        for rung, why in {lap[rung % len(lap)]: (rung, why) for rung, why in climb.passed}.values()
    ]
    people = [known.person(pk) for pk in climb.users]
    if climb.step is None:
        label = _("Everyone is called, again every five minutes")
        return Moment(at, _after(after), "everyone", label, people, passed=passed)
    kind = "call" if climb.step.calls else "deed"
    label = wording.told(climb.step, known)
    number = lap[climb.rung % len(lap)] + 1
    return Moment(at, _after(after), kind, label, people, number, passed)


def _after(gone: timedelta) -> str:
    return formats.duration(gone.total_seconds()) if gone else _("at once")


# --- What changed -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Change:
    """A version, and how its ladder differs from the one before."""

    version: PolicyVersion
    added: list[str]
    removed: list[str]
    facts: list[str]


def history(versions: Iterable[PolicyVersion], known: Names) -> list[Change]:
    """Return versions, the latest first, each with what it changed."""
    rows = list(versions)
    earlier: list[PolicyVersion | None] = [*rows[1:], None]
    return [_change(row, before, known) for row, before in zip(rows, earlier, strict=True)]


def _change(version: PolicyVersion, before: PolicyVersion | None, known: Names) -> Change:
    now, then = _lines(version, known), _lines(before, known) if before else []
    facts = []
    if before and before.name != version.name:
        facts.append(_("Renamed from “%(name)s”") % {"name": before.name})
    if before and before.rounds != version.rounds:
        facts.append(
            _("Rounds: %(before)d, now %(after)d")
            % {"before": before.rounds, "after": version.rounds}
        )
    added = [line for line in now if line not in then]
    removed = [line for line in then if line not in now]
    if before and not added and not removed and now != then:
        facts.append(_("The order of the steps"))
    return Change(version, added, removed, facts)


def _lines(version: PolicyVersion, known: Names) -> list[str]:
    return [
        ", ".join([step.label, *step.limits, *([step.wait] if step.wait else [])])
        for step in drawn(version.ladder, known)
    ]
