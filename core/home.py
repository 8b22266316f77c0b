"""A database that was restored from a backup calls nobody and publishes nothing until told to.

Its timers are those of another day, and much of its outbox has gone out since it was made. The
numbers that PostgreSQL gives to the cluster, the database and a table are not in a backup: where
they differ from those that were noted, this is a copy. Loops that reach beyond the desk (`outward`)
then stand still, whoever restored it is told aloud, and says go with `manage.py hold --end`.

A copy of the data's files, or of the whole machine, has the same numbers: say `manage.py hold`
before an engine runs on it.
"""

from collections.abc import Callable
from datetime import datetime

from django.db import connection, transaction

from .clock import database_now
from .models import Home

ONLY = 1
Ending = Callable[[datetime], None]
ENDINGS: list[Ending] = []

# Here, where it was noted to be, and since when it is held.
_READ = """
SELECT (SELECT system_identifier FROM pg_control_system())::text
        || '/' || (SELECT oid FROM pg_database WHERE datname = current_database())
        || '/' || 'core_home'::regclass::oid,
    identity, held_since
FROM (SELECT 1) AS one LEFT JOIN core_home ON id = 1
"""


def ending(function: Ending) -> Ending:
    """Register what a room does about its outbox when a hold ends, in the same transaction."""
    ENDINGS.append(function)
    return function


def is_held() -> bool:
    """Whether nothing may leave the desk now; one cheap query."""
    here, noted, since = _read()
    return noted is not None and (since is not None or here != noted)


@transaction.atomic
def look() -> datetime | None:
    """Note where the database lives; begin a hold if that is elsewhere. Return since when it is."""
    here, _noted, _since = _read()
    Home.objects.get_or_create(pk=ONLY, defaults={"identity": here})
    home = Home.objects.select_for_update().get(pk=ONLY)
    if home.identity != here:
        home.identity, home.held_since = here, home.held_since or database_now()
        home.save()
    return home.held_since


@transaction.atomic
def hold() -> None:
    """Have nothing leave the desk until `release`."""
    look()
    Home.objects.filter(pk=ONLY, held_since=None).update(held_since=database_now())


@transaction.atomic
def release() -> bool:
    """Let calls and publications go on; False if they did. What waited from before stays unsent."""
    if look() is None:
        return False
    now = database_now()
    for end in ENDINGS:
        end(now)
    Home.objects.filter(pk=ONLY).update(held_since=None)
    return True


def _read() -> tuple[str, str | None, datetime | None]:
    with connection.cursor() as cursor:
        cursor.execute(_READ)
        here, noted, since = cursor.fetchone()
    return here, noted, since
