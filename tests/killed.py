"""A process that dies by kill -9 at a chosen one of the statements by which it changes rows."""

import os
import signal
from collections.abc import Callable
from typing import Any

from django.db import connection, connections

WRITES = ("INSERT", "UPDATE", "DELETE")


def dies(work: Callable[[], object], *, nth: int, when: str) -> bool:
    """Do `work` in a forked child that kills itself "before" or "after" its `nth` write has run.

    False if it came to its end first; an AssertionError if it failed by itself.
    """
    # A forked child must not share our connection.
    connections.close_all()
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            with connection.execute_wrapper(_killer(nth, when)):
                work()
            code = 0
        finally:
            os._exit(code)
    ended = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    assert ended in (0, -signal.SIGKILL)
    return ended == -signal.SIGKILL


def _killer(nth: int, when: str) -> Callable[..., Any]:
    seen = 0

    def execute(run: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal seen
        seen += str(sql).lstrip().startswith(WRITES)
        if seen == nth and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = run(sql, params, many, context)
        if seen == nth:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    return execute
