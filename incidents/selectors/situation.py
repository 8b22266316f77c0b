"""What an escalation hangs on at a moment: who could answer, what happened, whose turn it is."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from accounts.models import Brand, User
from incidents import escalation, steps
from incidents.enums import IncidentRole, Target
from incidents.escalation import Foreseen, Roster, Situation, Step
from incidents.models import Incident
from incidents.models_escalation import OutgoingWebhook, Turn
from incidents.models_roles import RoleHolding
from notifications.models import Channel

from .rota import roster


def situation(
    incident: Incident, ladder: list[Step], *, now: datetime, holding_turns: bool = False
) -> tuple[Situation, dict[int, User]]:
    """Return what decides about `incident` now, and the people by id.

    Two queries, and one more for each kind of thing that the ladder asks for. `holding_turns` locks
    whose turn it is until the transaction ends.
    """
    wanted, people = reachable(incident.brand, ladder, at=now)
    if any(step.target == Target.CREW for step in ladder):
        wanted = replace(wanted, crew=_crew(incident))
    return (
        Situation(
            now=now,
            roster=wanted,
            severity=incident.severity,
            signals=_signals(incident, ladder, now=now),
            turns=turns(incident.policy_id, ladder, holding=holding_turns),
            drill=incident.is_drill,
        ),
        people,
    )


def reachable(brand: Brand, ladder: list[Step], *, at: datetime) -> tuple[Roster, dict[int, User]]:
    """Return who and what a brand's ladder could reach at a time, without an incident's crew."""
    found, people = roster(brand, at=at)
    return (
        replace(found, subjects=_subjects(brand, ladder), effects=frozenset(steps.EFFECTS)),
        people,
    )


def turns(policy_id: int | None, ladder: list[Step], *, holding: bool = False) -> dict[str, int]:
    """Return who was last called under each key of a policy."""
    if policy_id is None or not any(step.target == Target.TURN for step in ladder):
        return {}
    rows = Turn.objects.filter(policy=policy_id).order_by("pk")
    if holding:
        rows = rows.select_for_update(no_key=True)
    return dict(rows.values_list("key", "user_id"))


def _subjects(brand: Brand, ladder: list[Step]) -> frozenset[tuple[str, int]]:
    found: set[tuple[str, int]] = set()
    if hooks := [step.subject for step in ladder if step.target == Target.WEBHOOK]:
        known = OutgoingWebhook.objects.filter(brand=brand, pk__in=hooks)
        found |= {(Target.WEBHOOK, pk) for pk in known.values_list("pk", flat=True)}
    if channels := [step.subject for step in ladder if step.target == Target.CHANNEL]:
        told = Channel.objects.filter(brand=brand, pk__in=channels)
        found |= {(Target.CHANNEL, pk) for pk in told.values_list("pk", flat=True)}
    return frozenset(found)


def _crew(incident: Incident) -> dict[str, set[int]]:
    """Who holds which role, deputies too: whoever steps in must know as well."""
    rows = RoleHolding.objects.filter(incident=incident, until=None)
    crew: dict[str, set[int]] = {}
    for role, user in rows.values_list("role", "user_id"):
        crew.setdefault(role, set()).add(user)
    if incident.lead_id:
        crew.setdefault(IncidentRole.LEAD, set()).add(incident.lead_id)
    return crew


def _signals(incident: Incident, ladder: list[Step], *, now: datetime) -> tuple[datetime, ...]:
    """When the desk raised alarms, as far back as a step asks."""
    minutes = max((step.only.alarms[1] for step in ladder if step.only.alarms), default=0)
    if not minutes:
        return ()
    since = now - timedelta(minutes=minutes)
    times = incident.signals.filter(detection__detected_at__gt=since)
    return tuple(times.values_list("detection__detected_at", flat=True))


# A preview shows this many looks at most: a day of a ladder that rests, and then some.
MOST_FORESEEN = 120


def foreseen(  # noqa: PLR0913 - what a preview is asked about
    brand: Brand,
    stored: list[dict[str, Any]],
    *,
    rounds: int,
    policy_id: int | None,
    severity: int,
    at: datetime,
    alarms: int = 0,
) -> list[Foreseen]:
    """Return what the engine would do with an incident that opens at `at` and nobody answers.

    `alarms` of the desk are taken to have come at that moment. ValueError, KeyError or TypeError
    for steps that cannot be read.
    """
    ladder = escalation.steps(stored)

    def roster_at(moment: datetime) -> Roster:
        return reachable(brand, ladder, at=moment)[0]

    start = Situation(
        now=at,
        roster=roster_at(at),
        severity=severity,
        signals=(at,) * alarms,
        turns=turns(policy_id, ladder),
    )
    climbing = escalation.foresee(ladder, rounds=rounds, start=start, roster_at=roster_at)
    return list(islice(climbing, MOST_FORESEEN))
