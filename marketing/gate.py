"""The gate that every scheduled post passes, and that a pause closes: one a brand.

Advisory locks, because they are free the moment their process dies. A sender passes the turnstile
and holds the gate, shared, around its one call. A pause takes the turnstile alone: from then on
nobody begins. It then waits a moment for those inside, and commits with the turnstile in hand; so
whoever passes it afterwards sees the pause. No call begins after the commit, whatever the network
does; what was inside for longer than the pause could wait is told by name.

What came of a call is recorded outside. Whoever holds the gate may lock posts and the audit trail,
and never an incident: a pause is pressed with the incident locked.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db import connection
from django.utils.translation import gettext as _

from core.errors import Conflict

# Of the advisory locks: these two numbers, and the brand's.
TURNSTILE, GATE = 7_451_001, 7_451_002
# How long a pause waits for calls under way. With the rest of it, within a second.
PATIENCE = timedelta(seconds=0.7)
# How long it waits for another pause of the same brand to be pressed.
TURN = timedelta(seconds=3)
_STEP = 0.01


@contextmanager
def inside(brand_id: int) -> Iterator[None]:
    """Hold the brand's gate. Needs no open transaction; waits while a pause is being pressed.

    So does the way out, so that a pause has the audit trail to itself: it does not wait behind
    the records of everybody it stopped.
    """
    number = _number(brand_id)
    with _passing(number):
        _execute("SELECT pg_advisory_lock_shared(%s, %s)", GATE, number)
    try:
        yield
    finally:
        _execute("SELECT pg_advisory_unlock_shared(%s, %s)", GATE, number)
        with _passing(number):
            pass


@contextmanager
def _passing(number: int) -> Iterator[None]:
    _execute("SELECT pg_advisory_lock_shared(%s, %s)", TURNSTILE, number)
    try:
        yield
    finally:
        _execute("SELECT pg_advisory_unlock_shared(%s, %s)", TURNSTILE, number)


def close(brand_id: int) -> bool:
    """Let nobody begin until this transaction ends; return whether everybody inside came out.

    Raises Conflict where somebody else has been pressing a pause for too long.
    """
    number = _number(brand_id)
    if not _try(TURNSTILE, number, TURN):
        raise Conflict(_("Somebody else is pausing this brand right now. Look again."))
    return _try(GATE, number, PATIENCE)


def _try(lock: int, number: int, patience: timedelta) -> bool:
    """Polled rather than waited for: a wait could close a circle with the audit trail's lock."""
    deadline = time.monotonic() + patience.total_seconds()
    while not _execute("SELECT pg_try_advisory_xact_lock(%s, %s)", lock, number):
        if time.monotonic() > deadline:
            return False
        time.sleep(_STEP)
    return True


def _execute(sql: str, lock: int, number: int) -> object:
    with connection.cursor() as cursor:
        cursor.execute(sql, [lock, number])
        return cursor.fetchone()[0]


def _number(brand_id: int) -> int:
    """Advisory locks take two 32-bit numbers; a clash would only make two brands wait together."""
    return brand_id % 2**31
