"""Follows the sources that stream, each in a thread, in a process of its own: `manage.py streams`.

Not in the engine: unpacking a whole network's stream takes the processor, and within one process
Python shares that among threads; an escalation must not wait for it. The supervisor runs the
process only while some source streams.

Each source is followed by one process at a time: the one whose name stands in `streamed_by`. Each
batch is stored together with its cursor in a transaction that first checks the name, so whoever
lost it writes nothing. A name is free at once when its process has died (it held an advisory lock),
and after LEASE when the process only fell silent. A kill therefore leaves no gap and no double:
whoever comes next goes on from the stored cursor.
"""

import contextlib
import logging
import random
import threading
import time
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db import DatabaseError, connection, transaction
from django.db.models import Q

from connectors import connections, trying
from connectors.base import Batch, Connection, CursorLost, ReadError, Streamer
from core.clock import database_now
from core.crypto import Unsealable
from core.words import Words

from . import ingest, kinds
from .models import Source
from .services import polling

logger = logging.getLogger(__name__)

# A stream gives a sign of life every twenty seconds; each renews the lease.
LEASE = timedelta(seconds=60)
# Seconds between looks at which sources are to be followed.
LOOK = 2.0
# Seconds until a line that failed is tried again: at first, and at most.
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 300.0
# Of the advisory locks that living processes hold, each under a number of its own.
_LIVING = 0x5EA5
_LIVE = """
SELECT objid::bigint FROM pg_locks WHERE locktype = 'advisory' AND classid = %s AND granted
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


class LeaseLost(Exception):
    """Somebody else follows the source now, or it is no longer to be followed."""


class Follower(threading.Thread):
    """Follows one source until it is told to end, loses its lease, or is refused."""

    def __init__(self, source_id: int, name: UUID) -> None:
        super().__init__(name=f"stream-{source_id}", daemon=True)
        self.source_id = source_id
        self._name = name
        self._ending = threading.Event()

    def end(self) -> None:
        self._ending.set()

    def run(self) -> None:
        try:
            while not self._ending.is_set():
                self._ending.wait(self._followed())
        except (LeaseLost, ingest.SourceGone):
            logger.info("Source %d is no longer followed here", self.source_id)
        except DatabaseError:
            # The lease ends by itself; whoever has it then goes on from the cursor.
            logger.warning("Following source %d ended", self.source_id, exc_info=True)
        except Exception:
            logger.exception("Following source %d failed", self.source_id)
        finally:
            self._release()
            connection.close()

    def _followed(self) -> float:
        """Follow until the line ends; return the seconds to wait before the next."""
        source = _mine(self.source_id, self._name)
        try:
            for batch in _streamer(source).stream(source.cursor, stop=self._ending.is_set):
                self._take(source, batch)
        except CursorLost as lost:
            self._go_on_from(source, lost)
        except ReadError as error:
            return self._failed(source, error)
        return FIRST_PAUSE

    def _take(self, source: Source, batch: Batch) -> None:
        now = database_now()
        with transaction.atomic():
            self._renew(now)
            polling.receive(source, batch, now=now)

    def _renew(self, now: datetime) -> None:
        """Expects a transaction: whoever would take the source over waits for its end."""
        mine = Source.objects.filter(pk=self.source_id, streamed_by=self._name)
        if not mine.update(streamed_until=now + LEASE):
            raise LeaseLost

    def _go_on_from(self, source: Source, lost: CursorLost) -> None:
        now = database_now()
        with transaction.atomic():
            self._renew(now)
            polling.note_gap(source, lost, now=now)
        _backfill(source, now)

    def _failed(self, source: Source, error: ReadError) -> float:
        polling.record_failure(source, error, now=database_now())
        source.refresh_from_db()
        if source.stopped_at is not None:
            raise LeaseLost from error
        wait = min(FIRST_PAUSE * 2.0 ** min(source.failures, 12), LONGEST_PAUSE)
        return max(wait * random.uniform(0.8, 1.2), error.retry_after or 0)  # noqa: S311

    def _release(self) -> None:
        mine = Source.objects.filter(pk=self.source_id, streamed_by=self._name)
        try:
            mine.update(streamed_by=None, streamed_until=None)
        except DatabaseError:
            logger.info("The lease of source %d is left to end", self.source_id)


def _mine(source_id: int, name: UUID) -> Source:
    rows = Source.objects.select_related("account", "brand")
    source = rows.filter(pk=source_id, streamed_by=name).first()
    if source is None:
        raise LeaseLost
    return source


def _streamer(source: Source) -> Streamer:
    network = kinds.find(source.kind)
    if network is None or network.streamer is None:
        raise LeaseLost
    try:
        reach = connections.of(source.account) if source.account else Connection({})
        return network.streamer(reach, source.config)
    except Unsealable:
        raise ReadError(trying.SEALED) from None
    except KeyError as error:
        raise ReadError(Words(trying.LACKS, {"name": str(error)})) from error


def _backfill(source: Source, now: datetime) -> None:
    """Fetch by the network's reader what lies between; what it reaches back to is no gap."""
    network = kinds.find(source.kind)
    since = source.gap_from
    if network is None or network.reader is None or since is None:
        return
    reach = connections.of(source.account) if source.account else Connection({})
    reader = network.reader(reach, source.config)
    cursor: dict[str, Any] = {}
    for _round in range(polling.MAX_ROUNDS):
        try:
            batch = reader.fetch(cursor, now=now, limit=polling.PAGE)
        except ReadError as error:
            logger.info("The gap of source %d could not be filled: %s", source.pk, error)
            return
        ingest.accept(source, batch.posts, now=now)
        cursor = batch.cursor
        times = [post.published_at for post in batch.posts if post.published_at]
        if not batch.more or (times and min(times) <= since):
            polling.close_gap(source)
            return


class Runner:
    """Follows every source that streams and that nobody else follows."""

    def __init__(self) -> None:
        self.name = uuid4()
        self._followers: dict[int, Follower] = {}

    def run(self, ending: threading.Event, *, until_idle: bool = False) -> bool:
        """Follow until `ending`; with `until_idle` return False once there is nothing to follow."""
        self._show_that_we_live()
        try:
            while not ending.is_set():
                if not self._looked() and until_idle and not self._followers:
                    return False
                ending.wait(LOOK)
            return True
        finally:
            self.stop()

    def _looked(self) -> int:
        try:
            return self.look(database_now())
        except DatabaseError:
            logger.warning("The database is away; the streams go on when it is back", exc_info=True)
            connection.close()
        with contextlib.suppress(DatabaseError):
            self._show_that_we_live()
        return 1

    def look(self, now: datetime) -> int:
        """Take up what is to be followed and let go of the rest; return how many sources stream."""
        wanted = followed()
        self._followers = {pk: each for pk, each in self._followers.items() if each.is_alive()}
        for pk in set(self._followers) - wanted:
            self._followers[pk].end()
        living = _living()
        for pk in wanted - set(self._followers):
            if self._claim(pk, living, now):
                self._followers[pk] = Follower(pk, self.name)
                self._followers[pk].start()
        return len(wanted)

    def stop(self, *, patience: float = 10.0) -> None:
        """End all followers; those that hang are left to the end of the process."""
        for follower in self._followers.values():
            follower.end()
        deadline = time.monotonic() + patience
        for follower in self._followers.values():
            follower.join(max(0.0, deadline - time.monotonic()))

    @transaction.atomic
    def _claim(self, source_id: int, living: set[int], now: datetime) -> bool:
        free = Q(streamed_by=None) | Q(streamed_until__lt=now) | Q(streamed_by=self.name)
        source = Source.objects.select_for_update(skip_locked=True).filter(pk=source_id).first()
        if source is None:
            return False
        dead = source.streamed_by is not None and _number(source.streamed_by) not in living
        if not dead and not Source.objects.filter(free, pk=source_id).exists():
            return False
        source.streamed_by, source.streamed_until = self.name, now + LEASE
        source.save(update_fields=["streamed_by", "streamed_until"])
        return True

    def _show_that_we_live(self) -> None:
        """The database lets go of this lock when the process ends, however it ends."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s, %s)", [_LIVING, _number(self.name)])


def followed() -> set[int]:
    """Return the ids of the sources that are to be followed now."""
    rows = Source.objects.filter(Q(account=None) | Q(account__is_active=True))
    rows = rows.filter(is_active=True, stopped_at=None, kind__in=kinds.streaming())
    return {
        pk
        for pk, kind, config in rows.values_list("pk", "kind", "config")
        if kinds.is_followed(kind, config)
    }


def _living() -> set[int]:
    with connection.cursor() as cursor:
        cursor.execute(_LIVE, [_LIVING])
        return {number for (number,) in cursor.fetchall()}


def _number(name: UUID) -> int:
    """Return the number of the lock of that name: one that is positive as 32 bits."""
    return name.int & 0x7FFFFFFF
