"""Tasks of an incident, and the mentions that people link to it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from core.errors import Refused
from incidents import reminders
from incidents.enums import EntryKind
from incidents.models import Incident, Task
from incidents.selectors import insiders

from .notices import tell
from .opening import link, link_many
from .timeline import append, lock_current, readable, show


@transaction.atomic
def add_task(
    incident_id: int,
    *,
    title: str,
    owner: User | None = None,
    due_at: datetime | None = None,
    by: User,
    now: datetime,
) -> Task:
    """Give the incident a task, and tell its owner. Refused if the owner cannot see it."""
    named = readable(title)[:200]
    incident = lock_current(incident_id)
    if owner and not insiders(incident).filter(pk=owner.pk).exists():
        raise Refused(_("%(name)s cannot see this incident.") % {"name": owner})
    task = Task.objects.create(
        incident=incident,
        title=named,
        owner=owner,
        due_at=due_at,
        created_at=now,
        remind_at=reminders.first(due_at, created_at=now),
    )
    params = {"title": named, "owner": str(owner) if owner else ""}
    append(incident, EntryKind.TASK, actor=by, params=params, now=now)
    if owner and owner != by:
        key = f"task.{task.pk}"
        tell([owner], "task", incident=incident, key=key, now=now, actor=str(by), task=named)
    show(incident, ["tasks", "timeline"])
    return task


def finish_task(incident_id: int, task_id: int, *, by: User, note: str = "", now: datetime) -> Task:
    """Tick a task off, with what came of it; twice changes nothing. Task.DoesNotExist if gone."""
    said = readable(note) if note.strip() else ""
    return _tick(incident_id, task_id, done=True, by=by, note=said, now=now)


def reopen_task(incident_id: int, task_id: int, *, by: User, now: datetime) -> Task:
    """Take a task up again."""
    return _tick(incident_id, task_id, done=False, by=by, now=now)


@transaction.atomic
def _tick(
    incident_id: int, task_id: int, *, done: bool, by: User, note: str = "", now: datetime
) -> Task:
    incident = lock_current(incident_id)
    task: Task = incident.tasks.get(pk=task_id)
    if bool(task.done_at) == done:
        return task
    task.done_at, task.done_by = (now, by) if done else (None, None)
    task.note = note
    task.remind_at = None if done else _again(task, now)
    task.save(update_fields=["done_at", "done_by", "note", "remind_at"])
    params = {"code": "done" if done else "reopened", "title": task.title}
    append(incident, EntryKind.TASK, actor=by, params=params, text=note, now=now)
    show(incident, ["tasks", "timeline"])
    return task


def _again(task: Task, now: datetime) -> datetime | None:
    """A task that is taken up again is told of if its time is still to come."""
    if task.due_at is None or task.due_at <= now:
        return None
    return reminders.after(task.reminded, task.due_at)


@transaction.atomic
def link_mention(incident_id: int, mention: dict[str, Any], *, by: User, now: datetime) -> Incident:
    """Link a mention `{"id", "published_at", "author"}`; linking twice changes nothing."""
    incident = lock_current(incident_id)
    if link(incident, mention, by=by, now=now):
        show(incident, ["timeline"])
    return incident


@transaction.atomic
def link_mentions(
    incident_id: int, mentions: Sequence[dict[str, Any]], *, by: User, now: datetime
) -> int:
    """Link many mentions, each as `link_mention` takes it, with one line in the timeline.

    Return how many were not linked before.
    """
    incident = lock_current(incident_id)
    if len(mentions) == 1:
        linked = int(link(incident, mentions[0], by=by, now=now))
    else:
        linked = link_many(incident, mentions, by=by, now=now)
    if linked:
        show(incident, ["timeline"])
    return linked
