"""Calls to a server of the Mastodon API, and what its refusals mean for a reader.

Written on core.http rather than on a client library: a server is anybody's, may be broken or
hostile, and the library recurses without end on one whose description it cannot read.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.utils.translation import gettext_noop as _

from connectors.base import Connection, Quota, ReadError, Unauthorized
from connectors.retry_after import LONGEST, seconds
from core import http
from core.words import Words

TIMEOUT = 15
# Forty long posts with everything about their authors.
MAX_ANSWER = 4 * 1024 * 1024
# A page of a timeline or of notifications: the most that every server gives.
PAGE = 40


class Lacking(Unauthorized):
    """The token is good, but not for this (403)."""


class Declined(ReadError):
    """The server will never answer this call (any other 4xx)."""


class NotThere(Declined):
    """The server does not have what was asked for (404, 410)."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer; `data` is its JSON, None where there is none."""

    status: int
    headers: Mapping[str, str]
    data: Any

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    @property
    def words(self) -> str:
        """What the server says went wrong, as short as it may be shown."""
        said = self.data.get("error") if isinstance(self.data, dict) else None
        return said[:120] if isinstance(said, str) else ""

    @property
    def told(self) -> Words:
        """The status of an answer that nobody expects, with the server's own words."""
        told = {"status": self.status, "why": self.words}
        return Words(_("The server answered with status %(status)d. %(why)s"), told)


@dataclass(frozen=True, slots=True)
class Limits:
    """What the server takes: characters a post, and what each address in it counts for."""

    characters: int = 500
    per_url: int = 23
    # Where its streams are ("https://streaming.example"), "" where it does not say.
    streams: str = ""
    name: str = ""
    # Images a post; the bytes, pixels and kinds of one, and characters of its alt text, where the
    # server says (0 and () where not).
    attachments: int = 4
    image_bytes: int = 0
    image_pixels: int = 0
    media_types: tuple[str, ...] = ()
    description: int = 0


class Client:
    """One server with one token. Account config: {"server"}; credentials: {"token"}."""

    def __init__(self, connection: Connection) -> None:
        self.server = base_of(connection.config["server"])
        self.token = connection.secrets["token"]
        self.quota: Quota | None = None

    def get(self, path: str, **query: Any) -> Any:
        """Return the JSON of a reading call. Raises ReadError."""
        return self.answer(path, **query).data

    def answer(self, path: str, **query: Any) -> Answer:
        """Return the answer of a reading call that succeeded. Raises ReadError."""
        try:
            answer = self.call("GET", path + _query(query))
        except http.HttpError as error:
            raise ReadError(error) from error
        if not answer.ok:
            raise refusal(answer)
        if answer.data is None:
            raise ReadError(_("The server's answer cannot be read: is this a Mastodon server?"))
        return answer

    def call(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        raw: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float = TIMEOUT,
    ) -> Answer:
        """Make one call, with JSON or `raw` bytes, and return its answer, whatever its status.

        Raises core.http.HttpError.
        """
        response = http.fetch(
            self.server + path,
            method=method,
            headers={
                "Authorization": f"Bearer {self.token}",
                "Accept": "application/json",
                **({"Content-Type": "application/json"} if body is not None else {}),
                **(headers or {}),
            },
            body=json.dumps(body).encode() if body is not None else raw,
            timeout=timeout,
            max_bytes=MAX_ANSWER,
        )
        self.quota = quota_of(response.headers) or self.quota
        return Answer(response.status, response.headers, _json(response.body))

    @cached_property
    def limits(self) -> Limits:
        """What the server says of itself, in its newer or older form. Raises ReadError."""
        try:
            return _limits(self.get("/api/v2/instance"))
        except NotThere:
            return _limits(self.get("/api/v1/instance"))

    @cached_property
    def me(self) -> dict[str, Any]:
        """The account that the token is for. Raises ReadError, Unauthorized for a dead token."""
        account = self.get("/api/v1/accounts/verify_credentials")
        if not isinstance(account, dict) or not text(account.get("id")):
            raise ReadError(_("The server's answer cannot be read: is this a Mastodon server?"))
        return account


def base_of(server: str) -> str:
    """Return "https://host" for what people type: a host, or an address with a path."""
    server = server.strip()
    scheme, _mark, rest = server.rpartition("://")
    return f"{scheme or 'https'}://{rest.split('/')[0]}"


def text(value: Any) -> str:
    """Return a string or number of an answer as text, "" for anything else."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""


def moment(value: Any) -> datetime | None:
    """Return an aware moment from "2026-11-23T12:00:00.000Z"; None for what is none."""
    try:
        at = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def quota_of(headers: Mapping[str, str]) -> Quota | None:
    left, limit = headers.get("x-ratelimit-remaining", ""), headers.get("x-ratelimit-limit", "")
    if not (left.isdecimal() and limit.isdecimal()) or len(left + limit) > 18:
        return None
    return Quota(int(left), int(limit), resets_at=_reset(headers))


def wait_of(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that a server asks us to stay away."""
    now = datetime.now(UTC)
    asked = seconds(headers.get("retry-after"), now=now)
    if asked is not None:
        return asked
    resets_at = _reset(headers)
    return min(max((resets_at - now).total_seconds(), 1.0), LONGEST) if resets_at else None


def _reset(headers: Mapping[str, str]) -> datetime | None:
    """Mastodon writes a moment; others that speak its API write seconds since 1970."""
    value = headers.get("x-ratelimit-reset", "")
    if value.isdecimal() and len(value) < 12:
        return datetime.fromtimestamp(int(value), tz=UTC)
    return moment(value)


def refusal(answer: Answer) -> ReadError:
    """Put a status into words that say what to do."""
    if answer.status == 401:
        return Unauthorized(
            _("The server refuses the access token: it was revoked or has ended. Enter a new one.")
        )
    if answer.status == 403:
        return Lacking(
            _("The server refuses this. Does the token carry the rights that are needed? %(why)s"),
            why=answer.words,
        )
    if answer.status in {404, 410}:
        return NotThere(_("The server does not have this."))
    if answer.status == 429:
        return ReadError(
            _("The server says that we ask too often. We wait as long as it tells us to."),
            retry_after=wait_of(answer.headers),
        )
    if 400 <= answer.status < 500 and answer.status != 408:
        return Declined(answer.told)
    return ReadError(
        answer.told,
        retry_after=wait_of(answer.headers) if answer.status == 503 else None,
    )


def _limits(instance: Any) -> Limits:
    if not isinstance(instance, dict):
        raise ReadError(_("The server's answer cannot be read: is this a Mastodon server?"))
    configuration = _dict(instance.get("configuration"))
    statuses = _dict(configuration.get("statuses"))
    usual = Limits()
    # Older servers and some relatives name the maximum at the top.
    characters = statuses.get("max_characters") or instance.get("max_toot_chars")
    media = _dict(configuration.get("media_attachments"))
    newer, older = _dict(configuration.get("urls")), _dict(instance.get("urls"))
    streams = text(newer.get("streaming") or older.get("streaming_api"))
    return Limits(
        characters=_count(characters, usual.characters),
        per_url=_count(statuses.get("characters_reserved_per_url"), usual.per_url),
        streams=streams.replace("wss://", "https://").replace("ws://", "http://").rstrip("/"),
        name=text(instance.get("title"))[:100],
        attachments=_count(statuses.get("max_media_attachments"), usual.attachments),
        image_bytes=_count(media.get("image_size_limit"), 0, 10**10),
        image_pixels=_count(media.get("image_matrix_limit"), 0, 10**10),
        media_types=_words(media.get("supported_mime_types")),
        description=_count(media.get("description_limit"), 0),
    )


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _count(value: Any, usual: int, most: int = 10**7) -> int:
    return value if isinstance(value, int) and 0 < value < most else usual


def _words(value: Any) -> tuple[str, ...]:
    return tuple(each for each in value if isinstance(each, str)) if isinstance(value, list) else ()


def _query(query: Mapping[str, Any]) -> str:
    given = {name: value for name, value in query.items() if value not in (None, "")}
    return "?" + urlencode(given, doseq=True) if given else ""


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None
