"""What people do in the inbox: claim, give to somebody, solve, leave alone, take up again."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import audit
from accounts.enums import Permission
from accounts.models import User
from accounts.rules import require
from core import live
from core.errors import Conflict, Refused
from core.text import clean
from incidents.models import Incident
from incidents.selectors import insiders
from responses.enums_engage import ConversationState
from responses.models_engage import Conversation, EngageSettings

from .due import notice, settings_of, stop, wind

# How long somebody has a conversation to themselves, from their last sign.
CLAIM = timedelta(minutes=10)
MOST = 500


@dataclass(frozen=True)
class Outcome:
    """How many were changed, and how many left as they were: somebody else has them in hand, or
    they are that way already."""

    done: int
    left: int


def lock_conversation(conversation_id: int) -> Conversation:
    """The conversation with its incident and brand, locked."""
    rows = Conversation.objects.select_for_update(no_key=True, of=("self",))
    return rows.select_related("incident__brand", "claimed_by", "assignee").get(pk=conversation_id)


def held_by_other(row: Conversation, by: User, now: datetime) -> bool:
    """Whether somebody else is answering it right now."""
    return (
        row.claimed_by_id is not None
        and row.claimed_by_id != by.pk
        and row.claimed_until is not None
        and row.claimed_until > now
    )


def refuse_held(row: Conversation, by: User, now: datetime) -> None:
    """Conflict, with the name, while somebody else is answering it."""
    if held_by_other(row, by, now):
        raise Conflict(_("%(name)s is answering this right now.") % {"name": row.claimed_by})


@transaction.atomic
def claim(conversation_id: int, *, by: User, now: datetime) -> Conversation:
    """Have it to oneself for ten minutes; claiming again goes on. Whose it is follows, unless it
    is somebody's already. Conflict while another has it."""
    row = lock_conversation(conversation_id)
    require(by, Permission.DRAFT, row.incident.brand_id)
    refuse_held(row, by, now)
    row.claimed_by, row.claimed_until = by, now + CLAIM
    row.assignee = row.assignee or by
    _save(row)
    return row


@transaction.atomic
def release(conversation_id: int, *, by: User, now: datetime) -> Conversation:
    """Let others answer it. What is nobody's, or whose time is over, is free already."""
    row = lock_conversation(conversation_id)
    require(by, Permission.DRAFT, row.incident.brand_id)
    refuse_held(row, by, now)
    row.claimed_by = row.claimed_until = None
    _save(row)
    return row


def _save(row: Conversation) -> None:
    row.version += 1
    row.save()
    live.publish(f"incident.{row.incident_id}", "engage", {"conversation": row.pk})


# One or many


@transaction.atomic
def assign(
    incident_id: int, ids: Collection[int], to: User | None, *, by: User, now: datetime
) -> Outcome:
    """Give conversations to somebody who sees the incident and may answer, or to nobody."""
    incident = _incident(incident_id, by)
    able = insiders(incident, permission=Permission.DRAFT)
    if to is not None and not able.filter(pk=to.pk).exists():
        raise Refused(_("%(name)s cannot answer in this incident.") % {"name": to})

    def give(row: Conversation) -> bool:
        if row.assignee_id == (to.pk if to else None):
            return False
        row.assignee = to
        return True

    outcome = _each(incident, ids, give, by=by, now=now)
    if to is not None and to != by and outcome.done:
        notice(incident, [to], "replies_given", outcome.done, now=now)
    return outcome


@dataclass(frozen=True)
class Move:
    """Where to: and why, if it is to be left alone. `seen` is the version that was shown."""

    state: ConversationState
    reason: str = ""
    seen: int | None = None


@transaction.atomic
def move(incident_id: int, ids: Collection[int], to: Move, *, by: User, now: datetime) -> Outcome:
    """Solve, leave alone (with a reason), or take up again. Deadlines stop, or begin anew.

    Conflict if the one that was `seen` has changed since, with nothing done.
    """
    if to.state == ConversationState.WAITING:
        raise Refused(_("It counts as answered once an answer is out."))
    reason = " ".join(clean(to.reason).split())[:300]
    if to.state == ConversationState.IGNORED and not reason:
        raise Refused(_("Say why it is left alone."))
    incident = _incident(incident_id, by)
    settings = settings_of(incident.brand_id)

    def put(row: Conversation) -> bool:
        if to.seen is not None and row.version != to.seen:
            raise Conflict(_("It has changed since it was shown to you. Look again."))
        return _put(row, to.state, reason, incident, settings, now=now)

    outcome = _each(incident, ids, put, by=by, now=now)
    if outcome.done:
        audit.record(
            f"conversation.{to.state.lower()}",
            actor=by,
            brand=incident.brand,
            subject=incident.reference,
            count=outcome.done,
            comment=reason,
        )
    return outcome


def _put(
    row: Conversation,
    state: ConversationState,
    reason: str,
    incident: Incident,
    settings: EngageSettings,
    *,
    now: datetime,
) -> bool:
    if row.state == state:
        return False
    row.state, row.reason = state, reason if state == ConversationState.IGNORED else ""
    row.claimed_by = row.claimed_until = None
    if state == ConversationState.OPEN:
        wind(row, settings, incident.severity, now=now)
    else:
        stop(row)
    return True


def _incident(incident_id: int, by: User) -> Incident:
    incident: Incident = Incident.with_drills.select_related("brand").get(pk=incident_id)
    require(by, Permission.DRAFT, incident.brand_id)
    return incident


def _each(
    incident: Incident,
    ids: Collection[int],
    change: Callable[[Conversation], bool],
    *,
    by: User,
    now: datetime,
) -> Outcome:
    """Change those of the incident in one order for everybody; leave what others have in hand."""
    if len(ids) > MOST:
        raise Refused(_("At most %(most)d at a time.") % {"most": MOST})
    rows = Conversation.objects.select_for_update(no_key=True, of=("self",)).filter(
        incident=incident, pk__in=ids, gone_at=None
    )
    done = 0
    for row in rows.order_by("pk").select_related("claimed_by"):
        if held_by_other(row, by, now):
            if len(ids) == 1:
                refuse_held(row, by, now)
            continue
        if change(row):
            row.version += 1
            row.save()
            done += 1
    if done:
        live.publish(f"incident.{incident.pk}", "engage", {"count": done})
    return Outcome(done, len(ids) - done)
