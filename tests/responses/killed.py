"""A publishing process that kills itself at a chosen statement: run by test_kills.py.

`python -m tests.responses.killed PHRASE NTH WHEN` publishes what is due and dies by SIGKILL at the
NTH statement that contains PHRASE, "before" or "after" PostgreSQL has run it.
"""

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

import django


def killer(phrase: str, nth: int, when: str) -> Callable[..., Any]:
    seen = 0

    def execute(run: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal seen
        seen += phrase in str(sql)
        last = phrase in str(sql) and seen == nth
        if last and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = run(sql, params, many, context)
        if last:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    return execute


def main() -> None:
    django.setup()
    from django.db import connection

    from responses.publishing import publish_due

    phrase, nth, when = sys.argv[1:]
    with connection.execute_wrapper(killer(phrase, int(nth), when)):
        publish_due()


if __name__ == "__main__":
    main()
