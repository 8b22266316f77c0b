"""Looking posts up one by one, where a network has no call for many."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

from .base import Batch, Post, Quota
from .rest import Answer, Call, Kind, Rest, Verdict, read_error
from .shapes import each

# Calls at once.
LINES = 4


def one_by_one(
    rest: Rest,
    external_ids: Sequence[str],
    call: Callable[[str], Call],
    make: Callable[[Any], Post | None],
    *,
    read: Callable[[], Any],
    now: datetime,
) -> Batch:
    """Ask for each; what is missing is gone. Raises ReadError where any question fails otherwise.

    A network answers "not found" for what an account lost the right to see as well. So where
    nothing is there, `read` must still succeed: reading as the source does, with the same rights.
    To take everything down because a token was replaced would be worse than to wait.
    """

    def ask(external_id: str) -> tuple[Answer, Verdict]:
        return rest.ask(call(external_id), now=now)

    # The first by itself: where credentials must be renewed, that is done once, and here.
    found = [ask(external_id) for external_id in external_ids[:1]]
    with ThreadPoolExecutor(LINES) as lines:
        found += lines.map(ask, external_ids[1:])
    gone, here, quota = _sorted(list(zip(external_ids, found, strict=True)))
    if gone and not here:
        read()
    posts, refused = each(here, make)
    return Batch(posts, {}, gone=gone, refused=refused, quota=quota)


def _sorted(
    found: Sequence[tuple[str, tuple[Answer, Verdict]]],
) -> tuple[list[str], list[Any], Quota | None]:
    gone: list[str] = []
    here: list[Any] = []
    quota: Quota | None = None
    for external_id, (answer, verdict) in found:
        quota = answer.quota or quota
        if verdict.kind is Kind.MISSING:
            gone.append(external_id)
        elif verdict.kind is Kind.FINE:
            here.append(answer.data)
        else:
            raise read_error(verdict)
    return gone, here, quota
