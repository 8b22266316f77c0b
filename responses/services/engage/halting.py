"""The one button that ends an answer to many, and the lock that makes it exact.

A sender holds the run's lock, shared, around its one call, after looking whether it was halted.
Halting takes it alone: it waits a moment for the calls under way, and commits with the lock in
hand. So no call of the run begins after the commit.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import connection, transaction

from accounts.enums import Permission
from accounts.models import User
from accounts.rules import require
from incidents.enums import EntryKind
from responses.enums import PublicationState
from responses.models_engage import Answer, AnswerRun

from . import outcome
from .telling import tell_run

LOCK = 7_451_011
PATIENCE = 0.7
_STEP = 0.01


@contextmanager
def inside(run_id: int) -> Iterator[None]:
    """Hold the run's lock, shared. Needs no open transaction."""
    _execute("SELECT pg_advisory_lock_shared(%s, %s)", run_id)
    try:
        yield
    finally:
        _execute("SELECT pg_advisory_unlock_shared(%s, %s)", run_id)


def _execute(sql: str, run_id: int) -> object:
    with connection.cursor() as cursor:
        cursor.execute(sql, [LOCK, run_id % 2**31])
        return cursor.fetchone()[0]


@transaction.atomic
def cancel_if_halted(answer_id: int, attempt: int) -> bool:
    """The last word before the call: nothing has left yet, so it simply does not go."""
    row = outcome.lock_answer(answer_id)
    if row.attempts != attempt or row.state != PublicationState.SENDING:
        return True
    if not AnswerRun.objects.filter(pk=row.run_id or 0, halted_at__isnull=False).exists():
        return False
    outcome.move(row, PublicationState.CANCELLED, error="halted")
    return True


@transaction.atomic
def halt(run_id: int, *, by: User, now: datetime) -> AnswerRun:
    """End it now: what has not left never will. Halting twice is halting once."""
    _close(run_id)
    rows = AnswerRun.objects.select_for_update(no_key=True, of=("self",))
    run = rows.select_related("incident__brand", "concern").get(pk=run_id)
    require(by, Permission.DRAFT, run.incident.brand_id)
    if run.halted_at:
        return run
    run.halted_at, run.halted_by = now, by
    run.save(update_fields=["halted_at", "halted_by"])
    queued = Answer.objects.filter(run=run, state=PublicationState.QUEUED)
    count = queued.update(state=PublicationState.CANCELLED, error="halted")
    tell_run(run, EntryKind.PUBLICATION, "run_halted", actor=by, now=now, count=count)
    return run


def _close(run_id: int) -> None:
    """Wait a moment for those inside. A slow network holds nothing up: its call has begun."""
    deadline = time.monotonic() + PATIENCE
    while not _execute("SELECT pg_try_advisory_xact_lock(%s, %s)", run_id):
        if time.monotonic() > deadline:
            return
        time.sleep(_STEP)
