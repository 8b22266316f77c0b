"""What this room tells people, in words. Imported by the AppConfig."""

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from accounts.wording import register_actions, register_codes
from core import formats
from notifications import messages
from notifications.messages import Words

from .enums import Axis, IncidentRole, PlanKind, Severity, State, Tie
from .models import named


def _role_name(role: str) -> str:
    return str(IncidentRole(role).label)


# What those who are called may answer without signing in.
ANSWERS = ("acknowledge", "escalate", "awake")


def register(
    code: str,
    *,
    title: Words,
    body: Words,
    actions: tuple[str, ...] = (),
    loud: bool = False,
    words: Mapping[str, Callable[[Any], Words]] | None = None,
) -> None:
    """Give a kind its words, and the same kind in a fire drill the same words marked as a test.

    `words` puts stored codes of its own into words.
    """
    words = {
        "title": lambda parts: named(*parts),
        "role": _role_name,
        "held": formats.duration,
        **(words or {}),
    }
    messages.register(
        f"incidents.{code}", title=title, body=body, words=words, actions=actions, loud=loud
    )
    messages.register(
        f"incidents.test.{code}",
        title=format_lazy("{} {}", _("TEST:"), title),
        body=format_lazy("{} {}", _("This is a fire drill: nothing has happened."), body),
        words=words,
        actions=actions,
        loud=loud,
    )


register(
    "paged",
    actions=ANSWERS,
    title=_("%(severity)s %(brand)s: please acknowledge"),
    body=_("%(reference)s %(title)s. Open it and acknowledge, or the next person is called."),
)
register(
    "channel",
    title=_("%(severity)s %(brand)s: %(title)s"),
    body=_("%(reference)s %(title)s. Nobody has acknowledged it yet."),
)
register(
    "nobody_answered",
    actions=ANSWERS,
    loud=True,
    title=_("%(severity)s %(brand)s: nobody answers"),
    body=_("%(reference)s %(title)s. Everyone is called until somebody acknowledges."),
)
register(
    "resting",
    title=_("%(severity)s %(brand)s: new, and nobody is called"),
    body=_(
        "%(reference)s %(title)s. The escalation policy calls nobody at this hour or severity."
        " Look at it when you can."
    ),
)
register(
    "drill_ended",
    title=_("%(brand)s: the fire drill is over"),
    body=_("%(reference)s %(title)s. Of %(called)s who were called, %(answered)s answered."),
)
register(
    "calling_stopped",
    title=_("%(severity)s %(brand)s: calling has stopped"),
    body=_("%(reference)s %(title)s. The next step failed. Phone someone yourself."),
)
register(
    "unreached",
    title=_("%(severity)s %(brand)s: %(person)s cannot be reached"),
    body=_("%(reference)s %(title)s. None of their addresses works. The next step is called."),
)
register(
    "acknowledged",
    title=_("%(severity)s %(brand)s: acknowledged"),
    body=_("%(actor)s acknowledged %(reference)s %(title)s."),
)
register(
    "signal",
    title=_("%(severity)s %(brand)s: a new signal"),
    body=_("%(reference)s %(title)s has a new signal."),
)
messages.register(
    "incidents.silence",
    title=_("%(brand)s: silence where there should be talk"),
    body=_("Nothing has come in since %(since_at)s. Look at the sources: one may have broken."),
)
register(
    "severity",
    title=_("%(severity)s %(brand)s: the severity changed"),
    body=_("%(reference)s %(title)s is now %(severity)s."),
)
register(
    "task",
    title=_("A task for you in %(reference)s"),
    body=_("%(actor)s gave you “%(task)s” in %(title)s."),
)
register(
    "tasks",
    title=_("Tasks for you in %(reference)s: %(count)s"),
    body=_("The first is “%(task)s” in %(title)s."),
)
register(
    "task_due",
    title=_("Due soon in %(reference)s: %(task)s"),
    body=_("The task in %(title)s is due at %(due_at)s."),
)
register(
    "task_late",
    title=_("%(severity)s %(brand)s: a task is late: %(task)s"),
    body=_("It was due at %(due_at)s in %(title)s. Do it, give it away, or say why it can wait."),
)
register(
    "hand_over",
    title=_("Hand over in %(reference)s: %(role)s"),
    body=_("You have held the role for %(held)s in %(title)s. Give it to somebody rested."),
)
register(
    "hand_over_of",
    title=_("%(name)s should hand over in %(reference)s: %(role)s"),
    body=_("%(name)s has held the role for %(held)s in %(title)s. See that somebody takes over."),
)
register(
    "take_over",
    title=_("%(severity)s %(brand)s: please take over from %(name)s: %(role)s"),
    body=_("%(name)s has held the role for %(held)s in %(title)s and needs to be relieved."),
)
register(
    "role_given",
    title=_("A role for you in %(reference)s: %(role)s"),
    body=_("%(actor)s gave you the role in %(title)s. Read the hand-over note in the war room."),
)
register(
    "deputy_given",
    title=_("You are deputy in %(reference)s: %(role)s"),
    body=_("%(actor)s made you the deputy in %(title)s. You step in when it is asked of you."),
)
register(
    "role_passed",
    title=_("You are relieved in %(reference)s: %(role)s"),
    body=_("%(actor)s gave the role in %(title)s to %(name)s."),
)
register(
    "merged",
    title=_("%(brand)s: %(other)s goes on as %(reference)s"),
    body=_("%(actor)s merged %(other)s into %(reference)s %(title)s. Work goes on there."),
)
register(
    "brief",
    title=_("%(severity)s %(brand)s: update %(number)s"),
    body=_("%(reference)s %(title)s has an update for you. Confirm that you have read it."),
)
register(
    "handover",
    title=_("%(brand)s: %(actor)s hands over to you"),
    body=_("%(reference)s %(title)s: read the note and sign it."),
)
register(
    "handover_signed",
    title=_("%(brand)s: %(actor)s has taken over"),
    body=_("%(actor)s signed your hand-over note of %(reference)s %(title)s."),
)
register(
    "suspicion",
    title=_("%(brand)s: a suspicion to look at"),
    body=_(
        "%(reference)s %(title)s. Unless somebody judges it by %(until_at)s, people are called."
    ),
)
register(
    "review",
    title=_("%(reference)s: you write the review"),
    body=_("%(actor)s resolved %(title)s and asks you to see to its review."),
)
register(
    "member",
    title=_("%(brand)s: you were let into a private incident"),
    body=_("%(reference)s is seen by its members alone. Do not speak of it to others."),
)
register(
    "public",
    title=_("%(brand)s: %(reference)s is no longer private"),
    body=_("%(actor)s opened %(title)s to everybody of the brand."),
)
register(
    "opened_sealed",
    title=_("%(brand)s: an administrator opened a private incident"),
    body=_("%(actor)s let themselves into %(reference)s. The reason is in its timeline."),
)
register(
    "named",
    title=_("%(severity)s %(brand)s: you were named"),
    body=_("%(actor)s named you in the war room of %(reference)s %(title)s."),
)
register(
    "resolved",
    title=_("%(brand)s: %(reference)s is resolved"),
    body=_("%(actor)s resolved %(title)s."),
)

# The audit trail's words for what is done in this room.
register_actions(
    {
        "incident.opened": _("Opened an incident"),
        "incident.signal": _("Added a signal to an incident"),
        "incident.acknowledged": _("Acknowledged an incident"),
        "incident.escalated": _("Called the next step"),
        "incident.state": _("Changed an incident's status"),
        "incident.severity": _("Changed a severity"),
        "incident.lead": _("Took the lead"),
        "incident.plan": _("Moved an incident to another plan"),
        "incident.personal_data": _("Said whether personal data is concerned"),
        "incident.scored": _("Scored an axis of a severity"),
        "plan.created": _("Made a crisis plan"),
        "plan.published": _("Published a crisis plan"),
        "plan.discarded": _("Threw a plan's draft away"),
        "plan.reviewed": _("Reviewed a crisis plan"),
        "plan.named": _("Changed a plan's name or owner"),
        "plan.retired": _("Put a crisis plan away"),
        "brand.care": _("Set how long a role may be held"),
        "incident.role": _("Changed who holds a role"),
        "incident.titled": _("Renamed an incident"),
        "incident.summary": _("Rewrote a summary"),
        "incident.decided": _("Wrote a decision"),
        "incident.corrected": _("Corrected a line of the log"),
        "wall.opened": _("Made an address for a screen"),
        "wall.closed": _("Took an address for a screen back"),
        "incident.pinned": _("Pinned a line of the log"),
        "incident.unpinned": _("Took a pinned line down"),
        "incident.resolved": _("Resolved an incident"),
        "incident.reopened": _("Opened an incident again"),
        "incident.accepted": _("Accepted a suspicion"),
        "incident.dismissed": _("Dismissed a suspicion"),
        "incident.private": _("Made an incident private"),
        "incident.public": _("Made a private incident public"),
        "incident.member_added": _("Let somebody into a private incident"),
        "incident.member_removed": _("Took somebody out of a private incident"),
        "incident.opened_sealed": _("Opened a private incident as an administrator"),
        "incident.merged": _("Merged an incident into another"),
        "incident.unmerged": _("Took a merging back"),
        "incident.split": _("Split an incident"),
        "incident.linked": _("Linked two incidents"),
        "incident.unlinked": _("Removed a link between incidents"),
        "file.added": _("Kept a file as evidence"),
        "file.verified": _("Verified a file"),
        "file.broken": _("Found a file to be changed"),
        "file.deleted": _("Deleted a file"),
        "incident.subscribed": _("Added a reader of an incident's updates"),
        "incident.unsubscribed": _("Ended a reader's updates"),
        "incident.briefed": _("Sent an update to subscribers"),
        "incident.handover": _("Wrote a hand-over note"),
        "incident.handover_signed": _("Signed a hand-over note"),
        "brand.triage": _("Changed what goes through triage"),
        "policy.saved": _("Saved an escalation policy"),
        "policy.deleted": _("Deleted an escalation policy"),
        "drill.started": _("Started a fire drill"),
        "drill.stopped": _("Stopped a fire drill"),
        "webhook.added": _("Added a webhook"),
        "webhook.removed": _("Removed a webhook"),
        "shift.added": _("Added a shift"),
        "shift.removed": _("Removed a shift"),
    }
)
register_codes(
    {
        ("incident.state", "after"): State,
        ("incident.severity", "before"): Severity,
        ("incident.severity", "after"): Severity,
        ("incident.scored", "axis"): Axis,
        ("incident.role", "role"): IncidentRole,
        ("incident.linked", "kind"): Tie,
        ("incident.unlinked", "kind"): Tie,
        ("plan.created", "kind"): PlanKind,
    }
)
