"""The time, from one place. Due times are compared with the database's clock, not a process's."""

from datetime import datetime

from django.db import connection


def database_now() -> datetime:
    """Return the database's wall-clock time (aware, UTC); the same for every process."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        moment: datetime = cursor.fetchone()[0]
    return moment
