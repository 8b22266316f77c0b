"""Tasks once they are there: taken, given away, given another time, and told of in time."""

import logging
from datetime import datetime
from typing import Any

from django.db import OperationalError, transaction
from django.utils.translation import gettext as _

from accounts.models import User
from core.errors import Conflict, Refused
from incidents import reminders
from incidents.enums import EntryKind, Severity, State
from incidents.models import Incident, Task
from notifications.models import Urgency

from .notices import tell
from .timeline import append, lock, show

logger = logging.getLogger(__name__)
# Reminders looked at in one cycle; one that breaks waits so long before it is tried again.
BATCH = 100
AGAIN = 300


@transaction.atomic
def claim_task(incident_id: int, task_id: int, *, by: User, now: datetime) -> Task:
    """Take a task that nobody has. Conflict if somebody else was quicker."""
    incident = lock(incident_id)
    task = _open(incident, task_id)
    if task.owner_id not in (None, by.pk):
        raise Conflict(_("%(name)s has already taken it.") % {"name": task.owner})
    return _give(incident, task, by, by=by, now=now)


@transaction.atomic
def assign_task(
    incident_id: int, task_id: int, owner: User | None, *, by: User, now: datetime
) -> Task:
    """Give a task to somebody else, or to nobody. Refused for who cannot see the incident."""
    incident = lock(incident_id)
    task = _open(incident, task_id)
    if owner and not Incident.objects.visible_to(owner).filter(pk=incident_id).exists():
        raise Refused(_("%(name)s cannot see this incident.") % {"name": owner})
    return _give(incident, task, owner, by=by, now=now)


def _open(incident: Incident, task_id: int) -> Task:
    """Return the task of a locked incident. Conflict if it is done; Task.DoesNotExist."""
    task: Task = incident.tasks.select_related("owner").get(pk=task_id)
    if task.done_at:
        raise Conflict(_("The task is done. Open it again first."))
    return task


def _give(incident: Incident, task: Task, owner: User | None, *, by: User, now: datetime) -> Task:
    if task.owner_id == (owner.pk if owner else None):
        return task
    task.owner = owner
    task.save(update_fields=["owner"])
    code = "left" if owner is None else "claimed" if owner == by else "given"
    params = {"code": code, "title": task.title, "owner": str(owner or "")}
    entry = append(incident, EntryKind.TASK, actor=by, params=params, now=now)
    if owner and owner != by:
        key = f"task.{task.pk}.{entry.number}"
        tell([owner], "task", incident=incident, key=key, now=now, actor=str(by), task=task.title)
    show(incident, ["tasks", "timeline"])
    return task


@transaction.atomic
def move_task(
    incident_id: int, task_id: int, due_at: datetime | None, *, by: User, now: datetime
) -> Task:
    """Give a task another time, or none; it is told of anew."""
    incident = lock(incident_id)
    task = _open(incident, task_id)
    if task.due_at == due_at:
        return task
    task.due_at, task.reminded = due_at, 0
    task.remind_at = reminders.first(due_at, created_at=now)
    task.save(update_fields=["due_at", "reminded", "remind_at"])
    params: dict[str, Any] = {"code": "moved" if due_at else "undated", "title": task.title}
    if due_at:
        params["due_at"] = due_at.isoformat()
    append(incident, EntryKind.TASK, actor=by, params=params, now=now)
    show(incident, ["tasks", "timeline"])
    return task


def remind_due(*, now: datetime) -> int:
    """Tell of the tasks that are nearly due or late; return how many were told of.

    Each in a transaction of its own that holds the task alone, so that nothing waits for it.
    """
    waiting = Task.objects.filter(remind_at__lte=now).order_by("remind_at")
    return sum(_remind(pk, now=now) for pk in waiting.values_list("pk", flat=True)[:BATCH])


def _remind(task_id: int, *, now: datetime) -> bool:
    with transaction.atomic():
        due = Task.objects.filter(pk=task_id, remind_at__lte=now)
        claimed = due.select_for_update(of=("self",), no_key=True, skip_locked=True)
        task = claimed.select_related("incident__brand", "incident__lead", "owner").first()
        if task is None:
            return False
        try:
            with transaction.atomic():
                _told(task, now=now)
        except OperationalError:
            # The database's trouble is not this row's: the next cycle tries again at once.
            raise
        except Exception:
            logger.exception("Task %s could not be told of", task_id)
            again = datetime.fromtimestamp(now.timestamp() + AGAIN, now.tzinfo)
            Task.objects.filter(pk=task_id).update(remind_at=again)
        return True


def _told(task: Task, *, now: datetime) -> None:
    """Tell whoever has the task, without an owner the lead; when it is late, the lead as well."""
    due_at = task.due_at
    if due_at is None or task.done_at or task.incident.state == State.RESOLVED:
        task.remind_at = None
        task.save(update_fields=["remind_at"])
        return
    late = due_at <= now
    people = {task.owner or task.incident.lead, task.incident.lead if late else None} - {None}
    grave = task.incident.severity <= Severity.SEV2
    tell(
        [person for person in people if person],
        "task_late" if late else "task_due",
        incident=task.incident,
        key=f"task.{task.pk}.{'late' if late else 'due'}.{int(due_at.timestamp())}",
        now=now,
        urgency=Urgency.PAGE if late and grave else Urgency.NEWS,
        task=task.title,
        due_at=due_at.isoformat(),
    )
    task.reminded = reminders.LATE + 1 if late else reminders.BEFORE + 1
    task.remind_at = reminders.after(task.reminded, due_at)
    task.save(update_fields=["reminded", "remind_at"])
    show(task.incident, ["tasks"])
