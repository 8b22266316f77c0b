"""A draft's way through its steps. Everything here expects the draft's lock (rows.py).

begin → a stage's steps are opened → approvals cover them → the next stage → all are done. The
engine hands a step on when its time is over, and opens it again when its approvals end.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Q

from accounts.enums import Permission
from accounts.models import User
from incidents import selectors as incidents
from incidents.enums import EntryKind
from notifications.models import Urgency
from responses import chain
from responses.chain import Roster
from responses.enums import StepMode, StepState
from responses.models import Approval, Draft, Version
from responses.models_policy import ApprovalStep, StepApproval
from responses.plan import holding
from responses.selectors import standing_approvals

from .telling import notice, tell

LIVE = (StepState.WAITING, StepState.OPEN, StepState.DONE, StepState.SKIPPED)


def begin(draft: Draft, version: Version, *, now: datetime) -> None:
    """Copy the policy's steps into the draft, and ask those of the first stage."""
    close(draft)
    # What was approved beforehand needs one more person, who sees it filled.
    ready = holding.pre_approved(draft, version, now=now)
    policy = None if ready else chain.policy_for(draft, version)
    definitions = chain.read(policy.steps) if policy else chain.usual()
    draft.policy_name = policy.name if policy else ""
    draft.glass = policy.glass if policy else []
    draft.save(update_fields=["policy_name", "glass"])
    stage = -1
    for position, each in enumerate(definitions):
        stage += 0 if each.beside and position else 1
        ApprovalStep.objects.create(
            version=version,
            position=position,
            stage=stage,
            name=each.name,
            mode=each.mode,
            people=list(each.people),
            crew=list(each.crew),
            roles=list(each.roles),
            deputies=list(each.deputies),
            wait=each.wait,
            lasts=policy.lasts if policy else 0,
        )
    advance(draft, version, now=now)


def close(draft: Draft) -> None:
    """What was asked of any version is asked no longer; how long it took is kept."""
    steps = ApprovalStep.objects.filter(version__draft=draft, state__in=LIVE)
    steps.update(state=StepState.VOID, due_at=None)


def advance(draft: Draft, version: Version, *, now: datetime) -> bool:
    """Open what can be opened; return whether every step is done."""
    while True:
        steps = chain.current(version)
        left = [each for each in steps if each.state not in (StepState.DONE, StepState.SKIPPED)]
        if not left:
            return True
        stage = min(each.stage for each in left)
        waiting = [s for s in left if s.stage == stage and s.state == StepState.WAITING]
        if not waiting:
            return False
        _open(draft, version, waiting, now=now)


def _open(draft: Draft, version: Version, steps: list[ApprovalStep], *, now: datetime) -> None:
    roster = Roster.of(draft)
    said = list(standing_approvals(version, draft.incident.brand_id))
    for step in steps:
        _ask(step, roster, now=now)
        # One word on these bytes is one word, however many steps ask the same person.
        cover(step, [each for each in said if each.approver_id in step.asked], now=now)
        if step.state == StepState.OPEN:
            _call(draft, step, step.asked, roster, now=now)


def _ask(step: ApprovalStep, roster: Roster, *, now: datetime) -> None:
    """Open a step; where nobody can answer it, its first deputy is asked at once."""
    first = roster.assigned(step)
    step.reached = 0 if first else min(1, len(roster.deputies(step)))
    step.asked = roster.answering(step)
    step.needed = max(1, len(first)) if step.mode == StepMode.ALL else 1
    step.state, step.opened_at, step.done_at = StepState.OPEN, now, None
    # Without anybody to wait for, the loop tells at once.
    step.due_at = now + timedelta(seconds=step.wait) if step.wait else None
    if not step.asked:
        step.due_at = now
    step.stuck_at = None
    step.save()


def _call(
    draft: Draft, step: ApprovalStep, ids: Iterable[int], roster: Roster, *, now: datetime
) -> None:
    notice(
        [roster.able[pk] for pk in ids if pk in roster.able],
        "approval_wanted",
        draft=draft,
        key=f"step.{step.pk}.{now:%Y%m%d%H%M%S}",
        urgency=Urgency.PAGE,
        now=now,
        person=draft.author.name,
    )


def cover(step: ApprovalStep, approvals: Iterable[Approval], *, now: datetime) -> None:
    """Count approvals for an open step, and close it once there are enough."""
    rows = [StepApproval(step=step, approval=each) for each in approvals]
    StepApproval.objects.bulk_create(rows, ignore_conflicts=True)
    if step.state != StepState.OPEN or count(step) < (step.needed or 1):
        return
    ends = step.approvals.exclude(expires_at=None).order_by("expires_at").first()
    step.state, step.done_at, step.stuck_at = StepState.DONE, now, None
    step.due_at = ends.expires_at if ends else None
    step.save(update_fields=["state", "done_at", "due_at", "stuck_at"])


def count(step: ApprovalStep) -> int:
    return step.covers.count()


def open_steps(version: Version) -> list[ApprovalStep]:
    return [step for step in chain.current(version) if step.state == StepState.OPEN]


def drop_fallen(draft: Draft, version: Version, *, now: datetime) -> list[ApprovalStep]:
    """Open again what is no longer covered, because who approved may not, or it has ended."""
    standing = standing_approvals(version, draft.incident.brand_id)
    StepApproval.objects.filter(step__version=version).exclude(approval__in=standing).delete()
    return reopen(version, now=now)


def reopen(version: Version, *, now: datetime) -> list[ApprovalStep]:
    """Open the steps that have lost an approval; later stages wait for them again."""
    fallen = [
        step
        for step in chain.current(version)
        if step.state == StepState.DONE and count(step) < (step.needed or 1)
    ]
    for step in fallen:
        step.state, step.done_at = StepState.OPEN, None
        step.due_at = now + timedelta(seconds=step.wait) if step.wait else None
        step.save(update_fields=["state", "done_at", "due_at"])
    if fallen:
        first = min(step.stage for step in fallen)
        later = Q(state=StepState.OPEN) | Q(state=StepState.DONE)
        version.steps.filter(later, stage__gt=first).update(
            state=StepState.WAITING, opened_at=None, done_at=None, due_at=None, needed=None
        )
    return fallen


# By the engine


def hand_on(draft: Draft, step: ApprovalStep, *, now: datetime) -> None:
    """Nobody answered in time: ask the next deputy too, or say aloud that nobody is left."""
    roster = Roster.of(draft)
    line = roster.deputies(step)
    if step.reached >= len(line):
        _stuck(draft, step, now=now)
        return
    step.reached += 1
    step.asked = roster.answering(step)
    step.due_at = now + timedelta(seconds=step.wait) if step.wait else None
    step.save(update_fields=["reached", "asked", "due_at"])
    deputy = line[step.reached - 1]
    _call(draft, step, [deputy], roster, now=now)
    params = {"step": step.name, "deputy": str(roster.able[deputy])}
    tell(draft, EntryKind.APPROVAL, "handed_on", actor=None, now=now, **params)


def _stuck(draft: Draft, step: ApprovalStep, *, now: datetime) -> None:
    step.due_at, step.stuck_at = None, now
    step.save(update_fields=["due_at", "stuck_at"])
    notice(
        _leaders(draft),
        "approval_stuck",
        draft=draft,
        key=f"stuck.{step.pk}.{now:%Y%m%d%H%M%S}",
        urgency=Urgency.PAGE,
        now=now,
        step=step.name,
    )
    tell(draft, EntryKind.APPROVAL, "stuck", actor=None, now=now, step=step.name)


def _leaders(draft: Draft) -> list[User]:
    """Who can do something about it: everyone who may approve, and who waits for it."""
    able = list(incidents.insiders(draft.incident, permission=Permission.APPROVE))
    return [draft.author, *(each for each in able if each.pk != draft.author_id)]


def renew(draft: Draft, step: ApprovalStep, *, now: datetime) -> None:
    """Ask whoever answers the step by now, since roles change hands while a draft waits."""
    roster = Roster.of(draft)
    asked = roster.answering(step)
    if asked == step.asked:
        return
    fresh = [pk for pk in asked if pk not in step.asked]
    step.asked = asked
    step.save(update_fields=["asked"])
    _call(draft, step, fresh, roster, now=now)


def call_anew(draft: Draft, step: ApprovalStep, *, now: datetime) -> None:
    """Ask those of an open step again."""
    _call(draft, step, step.asked, Roster.of(draft), now=now)
