"""A bound for what outside programs may have under way at once.

Their calls go through threads of their own, so that a storm of them leaves the pages' threads
alone; more than the bound is answered with "come again", and nothing of it is kept.
"""

import json
from typing import Any

from django.utils.translation import gettext as _

# Seconds after which to come again.
RETRY_AFTER = 1


class Bounded:
    """An ASGI application that lets at most `most` requests at a time into another."""

    def __init__(self, application: Any, *, most: int) -> None:
        self._application = application
        self._most = most
        self._under_way = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if self._under_way >= self._most:
            await _read_past(receive)
            await _come_again(send)
            return
        self._under_way += 1
        try:
            await self._application(scope, receive, send)
        finally:
            self._under_way -= 1


async def _read_past(receive: Any) -> None:
    """Let the body pass: who is cut off while sending does not see the answer."""
    while (await receive()).get("more_body"):
        pass


async def _come_again(send: Any) -> None:
    words = _("Too much is waiting here. Send it again with the same webhook-id.")
    headers = [
        (b"content-type", b"application/json"),
        (b"retry-after", str(RETRY_AFTER).encode()),
    ]
    await send({"type": "http.response.start", "status": 429, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps({"detail": words}).encode()})
