"""Work that may be late or lost: what must happen comes round again in loops.py."""

import logging
from typing import Any

from celery import Task, shared_task
from celery.exceptions import OperationalError

from core.clock import database_now

from .enums import JobKind
from .models_triage import StreamJob
from .services import exporting, imports, looking, many, polling, rehearsals, scopes, second_look

logger = logging.getLogger(__name__)
# Whether the broker answered last time, so that its absence is said once and not each second.
_broker = {"up": True}


@shared_task(name="monitoring.poll_source")
def poll_source(*, source_id: int, **_: Any) -> None:
    """Ask a source for what is new."""
    polling.poll(source_id, now=database_now())


@shared_task(name="monitoring.look_up")
def look_up(*, source_id: int, **_: Any) -> None:
    """Ask whether what was shown of a source is still there."""
    looking.look_up(source_id, now=database_now())


@shared_task(name="monitoring.look_again")
def look_again(**_: Any) -> None:
    """One round of the second tier."""
    second_look.run(now=database_now())


@shared_task(name="monitoring.run_import")
def run_import(*, import_id: int, **_: Any) -> None:
    """Read an import on from where it stands, if nobody else does."""
    imports.run(import_id, clock=database_now)


@shared_task(name="monitoring.run_stream_job")
def run_stream_job(*, job_id: int, export: bool, **_: Any) -> None:
    """Do work on many mentions on from where it stands, if nobody else does."""
    (exporting if export else many).run(job_id, clock=database_now)


@shared_task(name="monitoring.run_rehearsal")
def run_rehearsal(*, rehearsal_id: int, **_: Any) -> None:
    """Run a rehearsal that must read mentions or a file, if nobody else does."""
    rehearsals.run(rehearsal_id, clock=database_now)


@shared_task(name="monitoring.count_scope")
def count_scope(*, rule_id: int, **_: Any) -> None:
    """Count what a rule's scope would have counted in the past."""
    scopes.fill(rule_id, now=database_now())


def hand_over(task: "Task[Any, Any]", *, expires: float, **ids: int) -> bool:
    """Send a task; without a broker say so once. The next claim comes round.

    Return whether it was sent. It is dropped unread where no worker takes it within `expires`
    seconds.
    """
    try:
        task.apply_async(kwargs=ids, expires=expires, retry=False)
    except OperationalError:
        if _broker["up"]:
            logger.warning("The broker does not answer: polling and imports wait for it.")
        _broker["up"] = False
        return False
    _broker["up"] = True
    return True


def hand_over_job(job: StreamJob) -> bool:
    """Send work on many mentions to a worker."""
    export = job.kind == JobKind.EXPORT
    return hand_over(run_stream_job, expires=60, job_id=job.pk, export=export)
