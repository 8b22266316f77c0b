"""Swaps: somebody asks to be covered, somebody takes it. Nothing changes until it is taken."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import audit
from accounts.enums import Permission
from accounts.models import User
from accounts.rules import allowed
from accounts.selectors import members
from core.errors import Conflict, Forbidden, Refused
from core.text import clean
from incidents.enums_rota import SwapState
from incidents.models_rota import Rota, Swap
from incidents.selectors.schedule import latest_plan, schedule

from .covers import LONGEST_NOTE, Part, put
from .duty_news import news, telling
from .rotas import lock, touch


@transaction.atomic
def ask(  # noqa: PLR0913 - who asks whom for what in return for what
    rota_id: int,
    part: Part,
    *,
    by: User,
    asked: User | None = None,
    back: Part | None = None,
    note: str = "",
    now: datetime,
) -> Swap:
    """Ask one person, or with None everybody in the rota, to take a duty of `by`.

    `back` is a duty of the person asked that `by` takes in return. Refused unless both have what
    they give.
    """
    rota = lock(rota_id)
    part = _left(part, now)
    _own(rota, part, by, now)
    if asked:
        _check_asked(rota, asked, by)
    if back:
        _check_return(rota, back, asked, now)
    if rota.swaps.filter(
        asker=by, state=SwapState.OPEN, line=part.line,
        starts_at__lt=part.ends_at, ends_at__gt=part.starts_at,
    ).exists():  # fmt: skip
        raise Conflict(_("You have asked for this duty already."))
    swap = Swap.objects.create(
        rota=rota, line=part.line, asker=by, asked=asked, starts_at=part.starts_at,
        ends_at=part.ends_at, note=clean(note).strip()[:LONGEST_NOTE], asked_at=now,
        return_line=back.line if back else None,
        return_starts_at=back.starts_at if back else None,
        return_ends_at=back.ends_at if back else None,
    )  # fmt: skip
    _tell(swap, _asked(swap), "swap_asked", by=by, now=now)
    audit.record("swap.asked", actor=by, brand=rota.brand, subject=rota.name, swap=swap.pk)
    return swap


def _left(part: Part, now: datetime) -> Part:
    """Return what is still to come of a duty."""
    if part.ends_at <= part.starts_at or part.ends_at <= now:
        raise Refused(_("Choose a duty that is not over."))
    return replace(part, starts_at=max(part.starts_at, now))


def _own(rota: Rota, part: Part, user: User, now: datetime) -> None:
    """Refuse a time in which the line is not, or not all the time it is held, this person's."""
    lines = schedule(rota, part.starts_at, part.ends_at, now=now, gaps_too=False).lines
    spans = [span for line in lines if line.key == part.line for span in line.spans]
    holders = {span.duty.user for span in spans if span.duty}
    if holders != {user.pk}:
        raise Conflict(_("%(name)s is not on duty all that time.") % {"name": user})


def _check_asked(rota: Rota, asked: User, by: User) -> None:
    if asked.pk == by.pk:
        raise Refused(_("Ask somebody else."))
    if not members(rota.brand, permission=Permission.RUN_INCIDENT).filter(pk=asked.pk).exists():
        raise Refused(_("Choose members of the brand who may run incidents."))


def _check_return(rota: Rota, back: Part, asked: User | None, now: datetime) -> None:
    if asked is None:
        raise Refused(_("A duty in return is one of the person you ask."))
    _own(rota, _left(back, now), asked, now)


def _asked(swap: Swap) -> list[User]:
    """Whom a request goes to: of the rota's people those who can answer, but not who asks."""
    if swap.asked:
        return [swap.asked]
    plan = latest_plan(swap.rota)
    people = {user for line in plan.lines for user in line.people} if plan else set()
    able = members(swap.rota.brand, permission=Permission.RUN_INCIDENT)
    return list(able.filter(pk__in=people - {swap.asker_id}))


def lock_open(swap_id: int, *, now: datetime) -> Swap:
    """Lock a request with its rota, the rota first. Conflict if it is no longer open."""
    rota = lock(Swap.objects.values_list("rota", flat=True).get(pk=swap_id))
    swap = Swap.objects.select_for_update(of=("self",)).select_related("asker", "asked").get(
        pk=swap_id
    )  # fmt: skip
    swap.rota = rota
    if not swap.is_open:
        raise Conflict(_("This request has been answered: %(state)s.")
                       % {"state": swap.get_state_display()})  # fmt: skip
    if swap.ends_at <= now:
        raise Conflict(_("The duty is over: nobody can take it any more."))
    return swap


@transaction.atomic
def take(swap_id: int, *, by: User, now: datetime) -> Swap:
    """Take a duty that somebody asked to be covered; of two who try the first has it.

    Conflict if it was answered or if either no longer has what they give.
    """
    swap = lock_open(swap_id, now=now)
    _may_answer(swap, by)
    part = _left(Part(swap.line, swap.starts_at, swap.ends_at), now)
    _own(swap.rota, part, swap.asker, now)
    with telling([swap.rota], by=by, key=f"swap.{swap.pk}", now=now, but=[swap.asker]):
        _exchange(swap, part, by, now)
    _answer(swap, SwapState.TAKEN, by, now)
    _tell(swap, [swap.asker], "swap_taken", by=by, now=now)
    _tell(swap, [by], "swap_yours", by=swap.asker, now=now)
    touch(swap.rota, now=now)
    return swap


def _exchange(swap: Swap, part: Part, by: User, now: datetime) -> None:
    _put(swap, part, by, by, now)
    if swap.return_starts_at and swap.return_ends_at and swap.return_line:
        stored = Part(swap.return_line, swap.return_starts_at, swap.return_ends_at)
        if stored.ends_at <= now:
            raise Conflict(_("The duty in return is over."))
        back = _left(stored, now)
        _own(swap.rota, back, by, now)
        _put(swap, back, swap.asker, by, now)


def _put(swap: Swap, part: Part, user: User, by: User, now: datetime) -> None:
    put(swap.rota, part, user, by=by, note=swap.note, now=now)


def _may_answer(swap: Swap, by: User) -> None:
    if by.pk == swap.asker_id:
        raise Refused(_("Somebody else has to take it."))
    if swap.asked_id and swap.asked_id != by.pk:
        raise Forbidden(_("%(name)s was asked, not you.") % {"name": swap.asked})
    if not allowed(by, Permission.RUN_INCIDENT, swap.rota.brand_id):
        raise Forbidden(_("Your role does not include being on duty."))


@transaction.atomic
def decline(swap_id: int, *, by: User, now: datetime) -> Swap:
    """Say no to a request made to oneself."""
    swap = lock_open(swap_id, now=now)
    if swap.asked_id is None:
        raise Refused(_("Everybody was asked: whoever cannot simply leaves it."))
    _may_answer(swap, by)
    _answer(swap, SwapState.REFUSED, by, now)
    _tell(swap, [swap.asker], "swap_declined", by=by, now=now)
    return swap


@transaction.atomic
def withdraw(swap_id: int, *, by: User, now: datetime) -> Swap:
    """Take one's own request back; who was asked is told."""
    swap = lock_open(swap_id, now=now)
    if by.pk != swap.asker_id:
        raise Forbidden(_("Only who asked can withdraw it."))
    _answer(swap, SwapState.WITHDRAWN, by, now)
    _tell(swap, _asked(swap), "swap_withdrawn", by=by, now=now)
    return swap


def _answer(swap: Swap, state: SwapState, by: User, now: datetime) -> None:
    swap.state, swap.answered_by, swap.answered_at = state, by, now
    swap.save(update_fields=["state", "answered_by", "answered_at"])
    action = {
        SwapState.TAKEN: "swap.taken",
        SwapState.REFUSED: "swap.declined",
        SwapState.WITHDRAWN: "swap.withdrawn",
    }[state]
    audit.record(action, actor=by, brand=swap.rota.brand, subject=swap.rota.name, swap=swap.pk)


def _tell(swap: Swap, users: list[User], kind: str, *, by: User, now: datetime) -> None:
    params: dict[str, Any] = {
        "starts_at": swap.starts_at.isoformat(),
        "ends_at": swap.ends_at.isoformat(),
    }
    news(swap.rota, users, kind, key=f"swap.{swap.pk}", by=by, now=now, **params)
