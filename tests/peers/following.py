"""A process that follows a source's stream into the desk until it is killed: for test_*.py here.

`python -m tests.peers.following SOURCE_ID`, on the database of DATABASE_URL.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import django

ROOT = Path(__file__).parents[2]


@contextmanager
def following(source_id: int, *, allow: str = "127.0.0.0/8") -> Iterator["subprocess.Popen[bytes]"]:
    """Run the process on the test's database; it is killed at the end, as by a crash."""
    from django.db import connection

    database = connection.settings_dict
    url = f"postgresql://{database['USER']}@/{database['NAME']}?host={database['HOST']}"
    if database["PORT"]:
        url += f"&port={database['PORT']}"
    follower = subprocess.Popen(
        [sys.executable, "-m", "tests.peers.following", str(source_id)],
        cwd=ROOT,
        env={
            **os.environ,
            "DATABASE_URL": url,
            "PGPASSWORD": database["PASSWORD"],
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "OUTBOUND_ALLOW": allow,
        },
    )
    try:
        yield follower
    finally:
        follower.kill()
        follower.wait()


def main() -> None:
    django.setup()
    from connectors import connections
    from connectors.base import CursorLost
    from connectors.registry import NETWORKS
    from core.clock import database_now
    from monitoring.models import Source
    from monitoring.services import polling

    source = Source.objects.select_related("account").get(pk=int(sys.argv[1]))
    make = NETWORKS[source.kind].streamer
    assert make
    assert source.account
    while True:
        streamer = make(connections.of(source.account), source.config)
        try:
            for batch in streamer.stream(source.cursor, stop=lambda: False):
                polling.receive(source, batch, now=database_now())
        except CursorLost as lost:
            polling.note_gap(source, lost, now=database_now())


if __name__ == "__main__":
    main()
