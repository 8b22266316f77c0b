"""Calls of AT Protocol methods (XRPC) over the one door out.

The PyPI client is not used: it costs 57 MiB and 0.6 s in every process that reads one post, brings
its own HTTP, signs in by itself, refuses records that are not quite as its models want them, and
the thread of its firehose ends without a word.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from connectors import retry_after
from connectors.base import Quota
from core import http

# A page of a hundred posts with their embeds stays far below.
MAX_ANSWER = 4 * 1024 * 1024
TIMEOUT = 15.0

Json = dict[str, Any]


class XrpcError(Exception):
    """The server refused. `name` is its own word ("ExpiredToken"), `message` its sentence."""

    def __init__(
        self, status: int, name: str, message: str = "", *, retry_after: float | None = None
    ) -> None:
        super().__init__(f"{status} {name} {message}")
        self.status = status
        self.name = name
        self.message = message
        self.retry_after = retry_after

    @property
    def said(self) -> str:
        """What the server gave as its reason, in its own words."""
        return self.message or self.name or str(self.status)


@dataclass(frozen=True, slots=True)
class Blob:
    """A body of bytes, as they are."""

    data: bytes
    media_type: str


@dataclass(frozen=True, slots=True)
class Answer:
    data: Json
    quota: Quota | None


def call(
    service: str,
    method: str,
    *,
    token: str = "",
    query: Mapping[str, Any] | None = None,
    body: Json | Blob | None = None,
    timeout: float = TIMEOUT,
) -> Answer:
    """Call `method`: a procedure where a body is given ({} is one), else a query.

    Raises XrpcError where the server refuses or talks nonsense, core.http.HttpError where it
    cannot be reached.
    """
    url = f"{service}/xrpc/{method}"
    if query:
        url += "?" + urlencode({k: v for k, v in query.items() if v not in ("", None)}, doseq=True)
    response = http.fetch(
        url,
        method="GET" if body is None else "POST",
        headers=_headers(token, body),
        body=_bytes(body),
        timeout=timeout,
        max_bytes=MAX_ANSWER,
    )
    if response.status != 200:
        raise _refusal(response)
    data = _json(response.body)
    if data is None:
        raise XrpcError(502, "InvalidResponse")
    return Answer(data, _quota(response.headers))


def _bytes(body: Json | Blob | None) -> bytes | None:
    if isinstance(body, Blob):
        return body.data
    return json.dumps(body).encode() if body else None


def _headers(token: str, body: Json | Blob | None) -> dict[str, str]:
    headers = {"Accept": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    if isinstance(body, Blob):
        headers["Content-Type"] = body.media_type
    elif body:
        headers["Content-Type"] = "application/json"
    return headers


def _json(body: bytes) -> Json | None:
    """Return the object that the body holds; {} for none at all, None for anything else."""
    if not body:
        return {}
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) else None


def _refusal(response: http.Response) -> XrpcError:
    said = _json(response.body) or {}
    name, message = said.get("error"), said.get("message")
    return XrpcError(
        response.status,
        name if isinstance(name, str) else "",
        message[:200] if isinstance(message, str) else "",
        retry_after=_wait(response) if response.status in {429, 503} else None,
    )


def _wait(response: http.Response) -> float | None:
    """Seconds to stay away: what Retry-After says, else until the allowance begins anew."""
    now = datetime.now(UTC)
    said = retry_after.seconds(response.headers.get("retry-after"), now=now)
    if said is not None:
        return said
    quota = _quota(response.headers)
    if quota is None or quota.resets_at is None:
        return None
    return min(max((quota.resets_at - now).total_seconds(), 1.0), retry_after.LONGEST)


def _quota(headers: Mapping[str, str]) -> Quota | None:
    """Read RateLimit-Remaining, -Limit and -Reset (seconds since 1970)."""
    left, limit, reset = (
        _number(headers.get(f"ratelimit-{name}")) for name in ("remaining", "limit", "reset")
    )
    if left is None:
        return None
    return Quota(left, limit or 0, datetime.fromtimestamp(reset, tz=UTC) if reset else None)


def _number(text: str | None) -> int | None:
    text = (text or "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else None
