"""What grows with the number of mentions: nothing that is done while they come in.

One table is filled to a hundred thousand, three million and ten million mentions; at each size
the processor time of a further row is taken, ours and the database's. At ten million a month of
them is let go, while batches go on coming in.
"""

import functools
import threading
import time
from dataclasses import dataclass
from datetime import UTC, timedelta
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from .figures import Measured, figure
from .ingest import ROUNDS, SMALL, accept_all, fill, make_posts, make_source, warm_up

if TYPE_CHECKING:
    from monitoring.models import Source

SIZES = (SMALL, 3_000_000, 10_000_000)
# Of a batch that comes in while a month leaves.
BATCH = 200


@dataclass(frozen=True)
class Outcome:
    """Microseconds a row at each of SIZES; seconds until the month was gone; the longest that a
    batch took meanwhile, and usually takes, in milliseconds."""

    row: list[float]
    month: float
    longest: float


@figure("ingest, CPU a row at 3 million", unit="µs", must="<= 1.3", issue=2)
def three() -> Measured:
    """Processor time a row, ours and the database's, against that with 100,000."""
    return Measured(_run().row[1], _run().row[0])


@figure("ingest, CPU a row at 10 million", unit="µs", must="<= 1.3", issue=3)
def ten() -> Measured:
    """Processor time a row, ours and the database's, against that with 100,000."""
    return Measured(_run().row[2], _run().row[0])


@figure("retention, a month of 10 million", unit="s", must="<= 1", issue=3)
def month() -> Measured:
    return Measured(_run().month, 60)


@figure("retention, longest wait of a batch meanwhile", unit="ms", must="<= 1", issue=3)
def wait() -> Measured:
    return Measured(_run().longest * 1000, 1000)


@functools.cache
def _run() -> Outcome:
    """One run for all figures."""
    source = make_source()
    row, there = [], 0
    for size in SIZES:
        fill(there + 1, size)
        there = size
        warm_up(source)
        row.append(median(_processor_time(source) for _ in range(ROUNDS)))
    return Outcome(row, *_let_a_month_go(source))


def _processor_time(source: "Source") -> float:
    """Microseconds of processor time a row: this process and the database's for it."""
    from django.db import connection

    posts = make_posts()
    server = Path(f"/proc/{connection.connection.info.backend_pid}/schedstat")
    ours, theirs = time.process_time(), int(server.read_text().split()[0])
    accept_all(source, posts)
    spent = time.process_time() - ours + (int(server.read_text().split()[0]) - theirs) / 1e9
    return spent / len(posts) * 1e6


def _let_a_month_go(source: "Source") -> tuple[float, float]:
    """Return the seconds it took, and the longest that one batch took beside it."""
    from django.conf import settings
    from django.db import connection

    from monitoring import retention

    # All were received when they were said. The first month is a part of one: the second counts.
    with connection.cursor() as cursor:
        cursor.execute("SELECT min(published_at) FROM monitoring_mention")
        (first,) = cursor.fetchone()
    settings.MENTIONS_KEPT_MONTHS = 1
    first = first.replace(day=1).astimezone(UTC)
    retention.expire(now=first + timedelta(days=65))
    done = threading.Event()
    taken: list[float] = []
    beside = threading.Thread(target=_keep_coming, args=(source, done, taken))
    beside.start()
    time.sleep(1)
    began = time.monotonic()
    dropped = retention.expire(now=first + timedelta(days=95))
    spent = time.monotonic() - began
    done.set()
    beside.join()
    if dropped != 1:
        raise AssertionError(f"{dropped} months were dropped.")
    return spent, max(taken)


def _keep_coming(source: "Source", done: threading.Event, taken: list[float]) -> None:
    from django.db import connection

    posts = make_posts()
    for start in range(0, len(posts), BATCH):
        if done.is_set():
            break
        began = time.monotonic()
        accept_all(source, posts[start : start + BATCH])
        taken.append(time.monotonic() - began)
        time.sleep(0.02)
    connection.close()
