"""A process that follows the sources that stream until it is killed: for test_*.py here.

What `manage.py streams` does, on the database of DATABASE_URL.
"""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import django

ROOT = Path(__file__).parents[2]


@contextmanager
def following(*, allow: str = "127.0.0.0/8") -> Iterator["subprocess.Popen[bytes]"]:
    """Run the process on the test's database; it is killed at the end, as by a crash."""
    from django.db import connection

    database = connection.settings_dict
    url = f"postgresql://{database['USER']}@/{database['NAME']}?host={database['HOST']}"
    if database["PORT"]:
        url += f"&port={database['PORT']}"
    follower = subprocess.Popen(
        [sys.executable, "-m", "tests.peers.following"],
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
    from monitoring.streams import Runner

    Runner().run(threading.Event())


if __name__ == "__main__":
    main()
