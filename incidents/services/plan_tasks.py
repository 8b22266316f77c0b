"""The tasks that an incident's plan asks for: added when their conditions hold, each once."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from accounts.models import User
from incidents import plan_shape, reminders
from incidents.enums import EntryKind, IncidentRole, State
from incidents.models import Incident, Task
from incidents.selectors import roles

from .notices import tell
from .timeline import append


def add_due(incident: Incident, *, now: datetime) -> int:
    """Add to a locked incident the plan's tasks that hold now and are not there; return how many.

    Tasks are never taken away: what has been asked for once is decided about by people. A suspicion
    in triage has none yet.
    """
    if not incident.plan or incident.state == State.TRIAGE:
        return 0
    wanted = [
        task
        for task in incident.plan["content"]["tasks"]
        if plan_shape.holds(task, severity=incident.severity, personal_data=incident.personal_data)
    ]
    there = set(incident.tasks.exclude(key="").values_list("key", flat=True))
    fresh = [task for task in wanted if task["key"] not in there]
    if fresh:
        _add(incident, fresh, now=now)
    return len(fresh)


def _add(incident: Incident, wanted: list[dict[str, Any]], *, now: datetime) -> None:
    holders = roles.holders(incident)
    rows = [_row(incident, task, holders, now) for task in wanted]
    Task.objects.bulk_create(rows)
    plan: dict[str, Any] = incident.plan or {}
    params = {"code": "plan", "count": len(rows), "plan": plan["name"]}
    append(incident, EntryKind.TASK, params=params, now=now)
    tell_owners(incident, rows, now=now)


def _row(
    incident: Incident,
    task: dict[str, Any],
    holders: dict[IncidentRole, User],
    now: datetime,
) -> Task:
    due_at = due(incident, task["due"], now=now)
    owner = holders.get(IncidentRole(task["role"])) if task["role"] else None
    row = Task(
        incident=incident,
        title=task["title"],
        detail=task["detail"],
        role=task["role"],
        key=task["key"],
        owner=owner,
        due_at=due_at,
        created_at=now,
    )
    row.remind_at = reminders.first(due_at, created_at=now)
    return row


def due(incident: Incident, seconds: int | None, *, now: datetime) -> datetime | None:
    """When a task is due: counted from the opening, or from now if that time has passed already.

    A task that comes with a later severity would otherwise be born late.
    """
    if seconds is None:
        return None
    due_at = incident.detected_at + timedelta(seconds=seconds)
    return due_at if due_at > now else now + timedelta(seconds=seconds)


def tell_owners(incident: Incident, rows: Iterable[Task], *, now: datetime) -> None:
    """Tell each owner once how many tasks came to them."""
    owned: dict[User, list[Task]] = {}
    for row in rows:
        if row.owner:
            owned.setdefault(row.owner, []).append(row)
    for owner, theirs in owned.items():
        key = f"tasks.{theirs[0].key or theirs[0].pk}.{owner.pk}.{incident.entries_count}"
        first = theirs[0].title
        tell([owner], "tasks", incident=incident, key=key, now=now, count=len(theirs), task=first)


def follow_role(
    incident: Incident, role: IncidentRole, user: User, *, before: User | None, now: datetime
) -> int:
    """Give the role's open tasks to who holds it now: those of nobody, and those of who held it.

    What somebody else has taken stays theirs. Return how many.
    """
    open_ones = incident.tasks.filter(role=role, done_at=None)
    theirs = [
        task
        for task in open_ones.select_for_update(of=("self",), no_key=True)
        if task.owner_id is None or (before and task.owner_id == before.pk)
    ]
    for task in theirs:
        task.owner = user
    Task.objects.bulk_update(theirs, ["owner"])
    if theirs:
        tell_owners(incident, theirs, now=now)
    return len(theirs)
