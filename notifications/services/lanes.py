"""A thread for each provider that has something due: one that hangs slows nobody but itself."""

import logging
import threading
from concurrent.futures import Future, wait

from django.db import connection

from core.clock import database_now

from .outbox import providers_due, send_by

logger = logging.getLogger(__name__)
# Providers served at once by one engine, and the seconds for which a cycle waits for them.
MOST = 12
PATIENCE = 2.0


class Lanes:
    """The providers that are being served by this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._busy: dict[str, Future[int]] = {}

    def run(self) -> int:
        """Begin to serve who has something due and is not being served; return what was done.

        The threads are daemons: what dies with the process is taken up again after its lease.
        """
        begun = [future for name in providers_due(database_now()) if (future := self._begin(name))]
        done, _slow = wait(begun, timeout=PATIENCE)
        return sum(future.result() for future in done)

    def _begin(self, provider: str) -> "Future[int] | None":
        with self._lock:
            if provider in self._busy or len(self._busy) >= MOST:
                return None
            future: Future[int] = Future()
            self._busy[provider] = future
        arguments = (provider, future)
        threading.Thread(target=self._serve, args=arguments, name="lane", daemon=True).start()
        return future

    def _serve(self, provider: str, future: "Future[int]") -> None:
        done = 0
        try:
            done = send_by(provider, database_now())
        except Exception:
            logger.exception("What is due at %s could not be sent", provider)
        finally:
            connection.close()
            with self._lock:
                del self._busy[provider]
            future.set_result(done)
