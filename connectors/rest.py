"""JSON over HTTPS, as most networks speak it: one call, its refusals told apart, its quota read.

`Rest.read` raises ReadError and its kinds, `Rest.send` the three PublishErrors. What a status means
is judged in one place; a network that speaks differently (an error inside a 200, a limit inside a
400) brings a judge of its own, which is asked first. Credentials travel in headers, never in an
address, so that no log and no error message can carry them.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum, auto
from typing import Any, Protocol
from urllib.parse import quote, urlencode, urlsplit

from django.utils.translation import gettext_noop as _

from core import http
from core.text import clean
from core.words import Words

from .base import (
    Message,
    PermanentError,
    PublishError,
    Quota,
    ReadError,
    TemporaryError,
    Unauthorized,
    UncertainError,
)
from .retry_after import LONGEST, seconds

# Within the 20 seconds after which the outbox calls a publication unsure.
TIMEOUT = 15
MAX_BYTES = 8 * 1024 * 1024
MAX_WORDS = 120


_NOTHING = Words("")


class Declined(ReadError):
    """The network understood the question and says no: what was asked for is not there, or was
    asked for wrongly. Asking the same again will not help."""


class Kind(Enum):
    """What an answer comes to."""

    FINE = auto()
    UNAUTHORIZED = auto()
    FORBIDDEN = auto()
    LIMITED = auto()
    MISSING = auto()
    REFUSED = auto()
    BROKEN = auto()


@dataclass(frozen=True, slots=True)
class Verdict:
    """`words` for a person; `wait` in seconds where the network says how long."""

    kind: Kind
    words: Words = _NOTHING
    wait: float | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """`data` is the parsed body, None where it is empty or no JSON."""

    status: int
    headers: Mapping[str, str]
    data: Any
    quota: Quota | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """`params` go into the query; `document` is sent as JSON, else `form` as a form, else `raw` as
    it is, under the type among its `headers`. `seconds` is how long it may take."""

    path: str
    method: str = "GET"
    params: Mapping[str, Any] = field(default_factory=dict)
    document: Any = None
    form: Mapping[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    seconds: float = TIMEOUT


class Auth(Protocol):
    """Signs calls. `renew` makes fresh credentials after a 401; false where that cannot help."""

    def headers(self, *, now: datetime) -> Mapping[str, str]: ...

    def renew(self, *, now: datetime) -> bool: ...


class Bearer:
    """A token that lasts until somebody enters another."""

    def __init__(self, token: str, *, scheme: str = "Bearer", header: str = "Authorization"):
        self._headers = {header: f"{scheme} {token}".strip()}

    def headers(self, *, now: datetime) -> Mapping[str, str]:
        return self._headers

    def renew(self, *, now: datetime) -> bool:
        return False


class Nobody:
    """No credentials: the network is open."""

    def headers(self, *, now: datetime) -> Mapping[str, str]:
        return {}

    def renew(self, *, now: datetime) -> bool:
        return False


# Takes an answer and the time of the call; None leaves it to what HTTP means.
Judge = Callable[[Answer, datetime], Verdict | None]
ReadQuota = Callable[[Mapping[str, str], datetime], Quota | None]


def _says_nothing(_headers: Mapping[str, str], _now: datetime) -> None:
    return None


class Rest:
    """One network's API at `base` (no slash at its end)."""

    def __init__(
        self,
        base: str,
        *,
        auth: Auth | None = None,
        headers: Mapping[str, str] | None = None,
        judge: Judge | None = None,
        quota: ReadQuota = _says_nothing,
    ) -> None:
        self._base = base.rstrip("/")
        self._auth: Auth = auth or Nobody()
        self._headers = {"Accept": "application/json", **(headers or {})}
        self._judge = judge
        self._quota = quota

    @property
    def host(self) -> str:
        return urlsplit(self._base).hostname or ""

    def read(self, path: str, *, now: datetime, **params: Any) -> Answer:
        """Return a good answer whose body is JSON. Raises ReadError; MISSING too is an error."""
        answer, verdict = self.ask(Call(path, params=params), now=now)
        if verdict.kind is Kind.FINE:
            return answer
        raise read_error(verdict)

    def ask(self, call: Call, *, now: datetime) -> tuple[Answer, Verdict]:
        """Return the answer and what it comes to. Raises ReadError where there is none."""
        try:
            answer = self._signed(call, now=now)
        except http.HttpError as error:
            raise ReadError(error) from error
        return answer, self._verdict(answer, now=now)

    def send(self, call: Call, *, now: datetime | None = None) -> Answer:
        """Make a call that changes something, once. Raises one of the three PublishErrors."""
        now = now or datetime.now(UTC)
        try:
            answer = self._signed(call, now=now)
        except ReadError as error:  # of renewing the credentials: nothing was sent
            raise _before_sending(error) from error
        except http.Blocked as error:
            raise PermanentError(error) from error
        except http.Unreachable as error:
            kind = UncertainError if error.sent else TemporaryError
            raise kind(error) from error
        except http.HttpError as error:
            raise UncertainError(error) from error
        verdict = self._verdict(answer, now=now, sending=True)
        if verdict.kind is Kind.FINE:
            return answer
        raise publish_error(verdict)

    def _signed(self, call: Call, *, now: datetime) -> Answer:
        """Call; after a 401 once more with fresh credentials, for a 401 did nothing."""
        answer = self._call(call, now=now)
        if self._verdict(answer, now=now).kind is Kind.UNAUTHORIZED and self._auth.renew(now=now):
            return self._call(call, now=now)
        return answer

    def _call(self, call: Call, *, now: datetime) -> Answer:
        body, content_type = _body(call)
        response = http.fetch(
            self._base + call.path + _query(call.params),
            method=call.method,
            headers={
                **self._headers,
                **content_type,
                **call.headers,
                **self._auth.headers(now=now),
            },
            body=body,
            timeout=call.seconds,
            max_bytes=MAX_BYTES,
        )
        quota = self._quota(response.headers, now)
        return Answer(response.status, response.headers, _parse(response.body), quota)

    def _verdict(self, answer: Answer, *, now: datetime, sending: bool = False) -> Verdict:
        own = self._judge(answer, now) if self._judge else None
        return own or judge(answer, now=now, sending=sending)


def judge(answer: Answer, *, now: datetime, sending: bool = False) -> Verdict:
    """Say what an answer comes to by its status, as HTTP means it."""
    status = answer.status
    if 200 <= status < 300:
        # Of what was sent, a 2xx is proof enough; what is read must be there.
        if answer.data is not None or sending or status == 204:
            return Verdict(Kind.FINE)
        return Verdict(Kind.BROKEN, Words(_NO_JSON))
    if status == 429:
        return Verdict(Kind.LIMITED, limited(), _wait(answer, now))
    kind = _KINDS.get(status, Kind.REFUSED if status < 500 and status != 408 else Kind.BROKEN)
    return Verdict(kind, _words(kind, answer), _wait(answer, now) if status == 503 else None)


_NO_JSON = _("The network's answer is no JSON, or was cut short.")
_KINDS = {401: Kind.UNAUTHORIZED, 403: Kind.FORBIDDEN, 404: Kind.MISSING, 410: Kind.MISSING}


def limited() -> Words:
    return Words(_("The network says that we ask too often. We wait as long as it tells us to."))


def unauthorized() -> Words:
    return Words(
        _("The network does not accept the account's credentials. Connect the account again.")
    )


def forbidden(said: str = "") -> Words:
    if not said:
        return Words(_("The account lacks a right that this needs at the network."))
    words = _("The account lacks a right that this needs at the network, which says: %(said)s")
    return Words(words, {"said": said})


def _words(kind: Kind, answer: Answer) -> Words:
    said = complaint(answer.data)
    if kind is Kind.UNAUTHORIZED:
        return unauthorized()
    if kind is Kind.FORBIDDEN:
        return forbidden(said)
    if said:
        words = _("The network refuses with status %(status)d and says: %(said)s")
        return Words(words, {"status": answer.status, "said": said})
    return Words(_("The network answered with status %(status)d."), {"status": answer.status})


def complaint(data: Any) -> str:
    """Return the network's own words about a failure, from the places where APIs put them."""
    for found in _complaints(data):
        if isinstance(found, str) and found.strip():
            return " ".join(clean(found).split())[:MAX_WORDS]
    return ""


def _complaints(data: Any) -> list[Any]:
    if not isinstance(data, dict):
        return []
    nested = data.get("error")
    nested = nested if isinstance(nested, dict) else {}
    errors = data.get("errors")
    first = errors[0] if isinstance(errors, list) and errors else {}
    first = first if isinstance(first, dict) else {}
    return [
        nested.get("message"),
        data.get("detail"),
        first.get("detail"),
        first.get("message"),
        data.get("message"),
        data.get("error_description"),
        data.get("error"),
        data.get("title"),
    ]


def read_error(verdict: Verdict) -> ReadError:
    """Return the ReadError that says so."""
    if verdict.kind in {Kind.UNAUTHORIZED, Kind.FORBIDDEN}:
        return Unauthorized(verdict.words, retry_after=verdict.wait)
    if verdict.kind in {Kind.REFUSED, Kind.MISSING}:
        return Declined(verdict.words, retry_after=verdict.wait)
    return ReadError(verdict.words, retry_after=verdict.wait)


def publish_error(verdict: Verdict) -> PublishError:
    """Return the PublishError that says so. A refusal is one for good."""
    if verdict.kind is Kind.LIMITED:
        return TemporaryError(verdict.words, retry_after=verdict.wait)
    if verdict.kind is Kind.BROKEN:
        return UncertainError(verdict.words)
    return PermanentError(verdict.words)


def _before_sending(error: ReadError) -> PublishError:
    if isinstance(error, Unauthorized):
        return PermanentError(error)
    return TemporaryError(error, retry_after=error.retry_after)


def fits(message: Message, most: int, *, counted: int | None = None) -> None:
    """Refuse a text that the network would refuse. Raises PermanentError."""
    count = len(message.text) if counted is None else counted
    if count > most:
        words = _("The text has %(count)d characters, and the network takes %(most)d.")
        raise PermanentError(words, count=count, most=most)


def looking(error: ReadError) -> UncertainError:
    """Return what `find` raises where the network could not be read."""
    return UncertainError(error)


# Requests and bodies


def path(template: str, *parts: object) -> str:
    """Fill ids into a path, each as one part of it: an id is text from outside."""
    return template.format(*(quote(str(part), safe="") for part in parts))


def _query(params: Mapping[str, Any]) -> str:
    given = {name: value for name, value in params.items() if value not in (None, "")}
    return "?" + urlencode(given) if given else ""


def _body(call: Call) -> tuple[bytes | None, dict[str, str]]:
    if call.document is not None:
        document = json.dumps(call.document, ensure_ascii=False).encode()
        return document, {"Content-Type": "application/json; charset=utf-8"}
    if call.form is not None:
        form = urlencode({k: v for k, v in call.form.items() if v is not None}).encode()
        return form, {"Content-Type": "application/x-www-form-urlencoded"}
    return call.raw, {}


def _parse(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


# Quotas


def _wait(answer: Answer, now: datetime) -> float | None:
    """Seconds to stay away: as told, else until the quota begins anew."""
    told = seconds(answer.headers.get("retry-after"), now=now)
    if told is not None or answer.quota is None or answer.quota.resets_at is None:
        return told
    return min(max((answer.quota.resets_at - now).total_seconds(), 1.0), LONGEST)


def pause(quota: Quota | None, *, now: datetime) -> float | None:
    """Seconds to stay away because nothing is left (Batch.wait)."""
    if quota is None or quota.left > 0 or quota.resets_at is None:
        return None
    return min(max((quota.resets_at - now).total_seconds(), 1.0), LONGEST)


def by_epoch(headers: Mapping[str, str], _now: datetime) -> Quota | None:
    """`x-rate-limit-remaining`, `-limit`, and `-reset` in seconds since 1970."""
    left = _count(headers.get("x-rate-limit-remaining"))
    if left is None:
        return None
    reset = _count(headers.get("x-rate-limit-reset"))
    until = None if reset is None else datetime.fromtimestamp(min(reset, 2**33), tz=UTC)
    return Quota(left, _count(headers.get("x-rate-limit-limit")) or 0, until)


def _count(value: str | None) -> int | None:
    try:
        return max(int(float(value)), 0) if value else None
    except (ValueError, OverflowError):
        return None
