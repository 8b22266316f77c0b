"""Deeds that happen at the same moment, in threads of their own."""

import threading
from collections.abc import Callable

from django.db import connection


def at_once(*deeds: Callable[[], object]) -> list[object]:
    """Run each in a thread of its own, started together; return results, or the error raised."""
    gate = threading.Barrier(len(deeds))
    results: list[object] = [None] * len(deeds)

    def run(place: int, deed: Callable[[], object]) -> None:
        try:
            gate.wait()
            results[place] = deed()
        except Exception as error:
            results[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(deeds)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def together(*deeds: Callable[[], object], bearing: type[Exception] | None = None) -> list[object]:
    """As `at_once`, and fail on every error but a `bearing` one, which is an ordinary outcome."""
    results = at_once(*deeds)
    errors = [each for each in results if isinstance(each, Exception)]
    strange = [each for each in errors if bearing is None or not isinstance(each, bearing)]
    assert strange == []
    return results
