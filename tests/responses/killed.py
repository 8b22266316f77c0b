"""A publishing process that kills itself at a chosen statement: run by test_kills.py.

`python -m tests.responses.killed PHRASE NTH WHEN [WHAT]` publishes what is due (or calls WHAT, by
its dotted name) and dies by SIGKILL at the NTH statement that contains PHRASE, "before" or "after"
PostgreSQL has run it.
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
    from django.utils.module_loading import import_string

    phrase, nth, when, *what = sys.argv[1:]
    act = import_string(what[0] if what else "responses.publishing.publish_due")
    with connection.execute_wrapper(killer(phrase, int(nth), when)):
        act()


if __name__ == "__main__":
    main()
