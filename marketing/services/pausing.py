"""The pause: pressed, carried by somebody, ended. Nothing starts again by itself."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from accounts.enums import Permission
from accounts.models import Brand, User
from accounts.rules import require
from accounts.selectors import members
from connectors.models import ConnectedAccount
from core.errors import Conflict, Refused
from incidents.models import Incident
from incidents.services.timeline import lock_current
from marketing import gate
from marketing.covering import covered, covering, running
from marketing.enums import Chore, Hold, PostState
from marketing.models import ChecklistItem, Pause, ScheduledPost
from marketing.networks import carries_marketing
from notifications.models import Urgency

from .posts import tidy, tidy_tags
from .telling import notice, record_pause, refresh, refresh_banners

# Entries of other tools within this are on the checklist; further ones can wait for the end.
SOON = timedelta(days=7)
MOST_CHORES = 100
GAPS = (0, 24 * 60)


@dataclass(frozen=True)
class Scope:
    """What is paused of a brand: empty means everything, `exempt_tags` go on."""

    networks: Collection[str] = field(default_factory=tuple)
    countries: Collection[str] = field(default_factory=tuple)
    exempt_tags: Collection[str] = field(default_factory=tuple)


EVERYTHING = Scope()


@dataclass(frozen=True)
class Terms:
    """Why, until about when, and how far apart posts go on afterwards (minutes)."""

    reason: str
    planned_end: datetime | None = None
    gap: int = 30


@transaction.atomic
def press(
    brand: Brand,
    terms: Terms,
    *,
    by: User | None,
    now: datetime,
    scope: Scope = EVERYTHING,
    incident: Incident | None = None,
) -> Pause:
    """Stop a brand's marketing now. After this commits, no call for a covered post begins.

    Without `by` an escalation policy presses. Refused without a reason or with an end in the past;
    Conflict if the very same is paused already.
    """
    if by:
        require(by, Permission.PAUSE_MARKETING, brand)
    _check(terms, now=now)
    if incident:
        incident = lock_current(incident.pk)
    everybody_out = gate.close(brand.pk)
    _refuse_double(brand, scope)
    pause = _start(brand, terms, scope, by=by, incident=incident, now=now)
    held = _hold_all(pause)
    _list_chores(pause, everybody_out=everybody_out, now=now)
    _tell_pressed(pause, held=held, now=now)
    return pause


def _check(terms: Terms, *, now: datetime) -> None:
    if not tidy(terms.reason, 300):
        raise Refused(_("Say why: everybody who plans something will read it."))
    if terms.planned_end and terms.planned_end <= now:
        raise Refused(_("The planned end has passed."))
    if not GAPS[0] <= terms.gap <= GAPS[1]:
        raise Refused(_("Between two posts there may be up to a day."))


def _refuse_double(brand: Brand, scope: Scope) -> None:
    """Expects the closed gate: whoever pressed at the same moment has committed."""
    wanted = (_names(scope.networks), _names(scope.countries))
    for pause in running(brand.pk):
        if (pause.networks, pause.countries) == wanted:
            raise Conflict(_("This is paused already: %(reason)s") % {"reason": pause.reason})


def _names(names: Iterable[str]) -> list[str]:
    return sorted({tidy(name, 60).lower() for name in names if tidy(name, 60)})


def _start(
    brand: Brand,
    terms: Terms,
    scope: Scope,
    *,
    by: User | None,
    incident: Incident | None,
    now: datetime,
) -> Pause:
    return Pause.objects.create(
        brand=brand,
        incident=incident,
        networks=_names(scope.networks),
        countries=_names(scope.countries),
        exempt_tags=tidy_tags(scope.exempt_tags),
        reason=tidy(terms.reason, 300),
        started_at=now,
        started_by=by,
        owner=by or (incident.lead if incident else None),
        planned_end=terms.planned_end,
        gap=terms.gap,
    )


def _hold_all(pause: Pause) -> int:
    """Hold everything it covers that has not left, however far ahead."""
    rows = covered(pause).filter(state=PostState.QUEUED)
    ids = list(rows.order_by("pk").select_for_update(of=("self",)).values_list("pk", flat=True))
    pause.held = ScheduledPost.objects.filter(pk__in=ids).update(
        state=PostState.HELD, hold=Hold.PAUSED, pause=pause, is_kept=False, error=""
    )
    pause.save(update_fields=["held"])
    return pause.held


def _list_chores(pause: Pause, *, everybody_out: bool, now: datetime) -> None:
    """What this desk cannot stop: other tools' entries, posts planned at the networks, ads."""
    chores = [] if everybody_out else _under_way(pause)
    elsewhere = covered(pause).filter(state=PostState.ELSEWHERE)
    soon = elsewhere.filter(at__lte=now + SOON, at__gte=now) | elsewhere.filter(
        at__lte=now, ends_at__gte=now
    )
    chores += [ChecklistItem(pause=pause, chore=Chore.ENTRY, post=post)
               for post in soon.order_by("at")[:MOST_CHORES]]  # fmt: skip
    accounts = ConnectedAccount.objects.filter(brand=pause.brand_id, is_active=True)
    if pause.networks:
        accounts = accounts.filter(network__in=pause.networks)
    able = [each for each in accounts if carries_marketing(each.network)]
    chores += [ChecklistItem(pause=pause, chore=Chore.NATIVE, account=each) for each in able]
    chores += [
        ChecklistItem(pause=pause, chore=Chore.ADS, network=name)
        for name in sorted({each.network for each in able})
    ]
    ChecklistItem.objects.bulk_create(chores)


def _under_way(pause: Pause) -> list[ChecklistItem]:
    rows = covered(pause).filter(state=PostState.SENDING)
    return [ChecklistItem(pause=pause, chore=Chore.UNDERWAY, post=post) for post in rows]


def _tell_pressed(pause: Pause, *, held: int, now: datetime) -> None:
    planners = members(pause.brand_id, permission=Permission.PLAN_MARKETING)
    notice(
        planners, "paused", pause=pause, key="pressed", now=now, urgency=Urgency.PAGE,
        reason=pause.reason, held=held,
    )  # fmt: skip
    record_pause(pause, "pressed", actor=pause.started_by, now=now, held=held)
    refresh_banners(pause.brand_id)


def lock_pause(pause_id: int) -> Pause:
    """The pause as it is now, locked. Takes its incident's lock first, as `press` does."""
    incident_id = Pause.objects.values_list("incident", flat=True).get(pk=pause_id)
    if incident_id:
        lock_current(incident_id)
    rows = Pause.objects.select_for_update(no_key=True, of=("self",))
    return rows.select_related("brand", "owner", "incident").get(pk=pause_id)


@transaction.atomic
def prolong(pause_id: int, planned_end: datetime | None, *, by: User, now: datetime) -> Pause:
    """Set another planned end, or none. Its owner is reminded when that comes."""
    pause = lock_pause(pause_id)
    require(by, Permission.PAUSE_MARKETING, pause.brand_id)
    _refuse_ended(pause)
    if planned_end and planned_end <= now:
        raise Refused(_("The planned end has passed."))
    pause.planned_end, pause.reminded_at = planned_end, None
    pause.save(update_fields=["planned_end", "reminded_at"])
    record_pause(pause, "prolonged", actor=by, now=now,
                 until=planned_end.isoformat() if planned_end else "")  # fmt: skip
    return pause


@transaction.atomic
def take_over(pause_id: int, *, by: User, now: datetime) -> Pause:
    """Become the one who decides what becomes of the held posts."""
    pause = lock_pause(pause_id)
    require(by, Permission.PAUSE_MARKETING, pause.brand_id)
    if pause.owner_id != by.pk:
        pause.owner = by
        pause.save(update_fields=["owner"])
        record_pause(pause, "taken_over", actor=by, now=now)
    return pause


@transaction.atomic
def end(pause_id: int, *, by: User, now: datetime) -> Pause:
    """Let marketing go on. What was kept with a time still ahead is planned again; nothing else.

    What nobody decided about, and what was kept for a time that has passed, stays held.
    """
    pause = lock_pause(pause_id)
    require(by, Permission.PAUSE_MARKETING, pause.brand_id)
    _refuse_ended(pause)
    pause.ended_at, pause.ended_by = now, by
    pause.save(update_fields=["ended_at", "ended_by"])
    released = _release(pause, now=now)
    left = pause.posts.filter(state=PostState.HELD).count()
    record_pause(pause, "ended", actor=by, now=now, released=released, left=left)
    refresh_banners(pause.brand_id)
    return pause


def _refuse_ended(pause: Pause) -> None:
    if pause.ended_at:
        raise Conflict(_("This pause has been ended."))


def _release(pause: Pause, *, now: datetime) -> int:
    """Plan again what was kept; what another pause covers stays held, by that one."""
    kept = pause.posts.select_for_update(of=("self",)).filter(state=PostState.HELD, is_kept=True)
    released = 0
    for post in kept.select_related("account").order_by("pk"):
        released += let_go(post, now=now)
    return released


def let_go(post: ScheduledPost, *, now: datetime) -> bool:
    """Plan a kept post again unless its time has passed or a pause covers it. Expects the lock."""
    other = covering(post)
    if post.at <= now or other:
        post.is_kept = post.is_kept and post.at > now
        post.pause = other or post.pause
        post.save(update_fields=["is_kept", "pause"])
        return False
    post.state, post.hold, post.send_at, post.is_kept = PostState.QUEUED, "", post.at, False
    post.save(update_fields=["state", "hold", "send_at", "is_kept"])
    return True


@transaction.atomic
def tick(item_id: int, done: bool, *, by: User, now: datetime) -> ChecklistItem:
    """Say that something was done by hand, or that it was not after all."""
    pause_id = ChecklistItem.objects.values_list("pause", flat=True).get(pk=item_id)
    pause = lock_pause(pause_id)
    require(by, Permission.PLAN_MARKETING, pause.brand_id)
    item = pause.checklist.select_related("post", "account").get(pk=item_id)
    if done == bool(item.done_at):
        return item
    item.done_at, item.done_by = (now, by) if done else (None, None)
    item.save(update_fields=["done_at", "done_by"])
    what = str(item.post or item.account or item.network)[:80]
    record_pause(
        pause, "ticked" if done else "unticked", actor=by, now=now, chore=item.chore, what=what
    )
    return item


@transaction.atomic
def remind_due(*, now: datetime) -> int:
    """Tell the owners of pauses whose planned end has come; returns how many. Ends nothing."""
    rows = Pause.objects.select_for_update(no_key=True, skip_locked=True, of=("self",))
    due = rows.filter(ended_at=None, reminded_at=None, planned_end__lte=now)
    done = 0
    for pause in due.select_related("brand", "owner")[:50]:
        pause.reminded_at = now
        pause.save(update_fields=["reminded_at"])
        people = (
            [pause.owner]
            if pause.owner
            else members(pause.brand_id, permission=Permission.PAUSE_MARKETING)
        )
        left = pause.posts.filter(state=PostState.HELD).count()
        notice(
            people, "end_due", pause=pause, key=f"end.{pause.planned_end}", now=now,
            urgency=Urgency.PAGE, reason=pause.reason, left=left,
        )  # fmt: skip
        refresh(pause.brand_id)
        done += 1
    return done


def press_by_policy(incident: Incident, now: datetime) -> bool:
    """What a step of an escalation policy does; False where all of it is paused already."""
    with override(None):
        reason = incident.title if not incident.is_private else incident.reference
    try:
        press(incident.brand, Terms(str(reason)), by=None, incident=incident, now=now)
    except Conflict:
        return False
    return True
