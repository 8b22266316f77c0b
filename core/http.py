"""The one door out. Every request that CrisisDesk makes to an address somebody typed goes here.

core.gate judges every address that is connected to; redirects pass it again. Time and size are
bounded in total, and what was compressed is bounded by its size unpacked.
"""

import http.client
import io
import socket
import time
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urljoin, urlsplit, urlunsplit

from django.utils.encoding import iri_to_uri
from django.utils.translation import gettext_noop as _

from . import gate
from .gate import Blocked, HttpError, TooLarge, Unreachable, connect

__all__ = [
    "Blocked",
    "HttpError",
    "Response",
    "TooLarge",
    "Unreachable",
    "connect",
    "fetch",
    "parse",
]

MAX_BYTES = 2 * 1024 * 1024
MAX_REDIRECTS = 5
MAX_URL = 4_000
USER_AGENT = "CrisisDesk/1"
_PORTS = {"http": 80, "https": 443}
_CHUNK = 64 * 1024
_SECRET_HEADERS = {
    "authorization",
    "cookie",
    "x-api-key",
    "x-goog-api-key",
    "apikey",
    "access-token",
}
_REDIRECTS = {301, 302, 303, 307, 308}


@dataclass(frozen=True, slots=True)
class Response:
    """`headers` have lower-case names; `url` is where the answer came from, after redirects."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str = ""


@dataclass(frozen=True, slots=True)
class _Request:
    method: str
    headers: dict[str, str]
    body: bytes | None
    max_bytes: int
    # By time.monotonic(): all redirects and the body included.
    deadline: float = field(default=0.0)


def fetch(
    url: str,
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    timeout: float = 10,
    max_bytes: int = MAX_BYTES,
) -> Response:
    """Call `url` and return the whole answer, whatever its status.

    `timeout` (seconds) covers everything from the first look-up to the last byte. Redirects are
    followed for GET and HEAD only. Raises Blocked, Unreachable or TooLarge, and nothing else.
    """
    given = {"User-Agent": USER_AGENT, "Accept-Encoding": "identity", **(headers or {})}
    request = _Request(method, given, body, max_bytes, time.monotonic() + timeout)
    for _hop in range(MAX_REDIRECTS + 1):
        response = _send(url, request)
        target = response.headers.get("location")
        if response.status not in _REDIRECTS or not target or method not in {"GET", "HEAD"}:
            return response
        request = _without_secrets(request, url, urljoin(url, target))
        url = urljoin(url, target)
    raise Blocked(_("The address redirects more than %(count)d times."), count=MAX_REDIRECTS)


def _without_secrets(request: _Request, url: str, target: str) -> _Request:
    """Credentials are for the host they were given for, and for no other."""
    if urlsplit(url)[:2] == urlsplit(target)[:2]:
        return request
    kept = {k: v for k, v in request.headers.items() if k.lower() not in _SECRET_HEADERS}
    return _Request(request.method, kept, request.body, request.max_bytes, request.deadline)


def _send(url: str, request: _Request) -> Response:
    parts = parse(url)
    port = parts.port or _PORTS[parts.scheme]
    places = gate.resolve(parts.hostname or "", port, deadline=request.deadline)
    connection = _Connection(parts, places, request.deadline)
    try:
        return _exchange(connection, parts, request)
    except (OSError, http.client.HTTPException, zlib.error, ValueError) as error:
        raise gate.unreachable(parts.hostname, error, sent=connection.sent) from error
    finally:
        connection.close()


def _exchange(connection: "_Connection", parts: SplitResult, request: _Request) -> Response:
    connection.connect()
    connection.sent = True
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    connection.request(request.method, path, body=request.body, headers=request.headers)
    with connection.getresponse() as answer:
        headers = {name.lower(): value for name, value in answer.getheaders()}
        body = _read(answer, headers.get("content-encoding", ""), request.max_bytes)
    return Response(answer.status, headers, body, parts.geturl())


def parse(url: str) -> SplitResult:
    """Split an address as strictly as it must be, so that no two readers understand two hosts."""
    try:
        parts = urlsplit(_ascii(url))
        fit = parts.port is None or parts.port > 0
    except (ValueError, UnicodeError):
        fit = False
    if not fit or parts.username is not None or not parts.hostname:
        raise Blocked(_("This is not an address that can be called."))
    if parts.scheme not in _PORTS:
        raise Blocked(_("Only addresses that begin with http:// or https:// can be called."))
    return parts


def _ascii(url: str) -> str:
    """Write an address of any letters in ASCII; ValueError for what cannot be one."""
    if len(url) > MAX_URL or not url.isprintable() or "\\" in url or " " in url:
        raise ValueError(url[:80])
    if url.isascii():
        return url
    parts = urlsplit(url)
    host = (parts.hostname or "").encode("idna").decode()
    place = f"{host}:{parts.port}" if parts.port else host
    return iri_to_uri(urlunsplit(parts._replace(netloc=place)))


class _Connection(http.client.HTTPConnection):
    """A connection to a judged address, all of whose waiting ends at one deadline."""

    def __init__(self, parts: SplitResult, places: list[gate.Place], deadline: float) -> None:
        super().__init__(parts.hostname or "", parts.port or _PORTS[parts.scheme])
        self.default_port = _PORTS[parts.scheme]  # so that the Host header leaves it out
        self.sent = False
        self._secure = parts.scheme == "https"
        self._places = places
        self._deadline = deadline

    def connect(self) -> None:
        raw = gate.reach(self._places, self._deadline)
        try:
            self.sock = gate.secured(raw, self.host, self._deadline) if self._secure else raw
            # Sending the whole request shares this limit (socket.sendall).
            self.sock.settimeout(gate.time_left(self._deadline))
        except BaseException:
            raw.close()
            raise

    def response_class(  # type: ignore[override]
        self, sock: socket.socket, *args: object, **kwargs: object
    ) -> http.client.HTTPResponse:
        return http.client.HTTPResponse(_Timed(sock, self._deadline), *args, **kwargs)  # type: ignore[arg-type]


class _Timed:
    """Gives http.client a file over the socket of which every read ends at the deadline.

    With the socket's own time limit, a peer that drips a byte a second holds the line for ever.
    """

    def __init__(self, sock: socket.socket, deadline: float) -> None:
        self._sock = sock
        self._deadline = deadline

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_TimedReader(self._sock, self._deadline))


class _TimedReader(io.RawIOBase):
    def __init__(self, sock: socket.socket, deadline: float) -> None:
        self._sock = sock
        # Keeps the line open after http.client has let go of the socket.
        self._raw = sock.makefile("rb", buffering=0)
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int | None:  # type: ignore[override]
        self._sock.settimeout(gate.time_left(self._deadline))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


def _read(answer: http.client.HTTPResponse, encoding: str, limit: int) -> bytes:
    """Read the body, unpacked, never holding more than `limit` and one chunk."""
    unpack = _unpacker(encoding.strip().lower())
    gathered = bytearray()
    while chunk := answer.read(_CHUNK):
        gathered += unpack.decompress(chunk, limit + 1 - len(gathered)) if unpack else chunk
        if len(gathered) > limit:
            raise TooLarge(_("The answer is larger than %(size)d kilobytes."), size=limit // 1024)
    if answer.length:
        raise http.client.IncompleteRead(b"", answer.length)
    return bytes(gathered)


def _unpacker(encoding: str) -> "zlib._Decompress | None":
    """We ask for no compression; some servers send it nevertheless."""
    if encoding in {"", "identity"}:
        return None
    if encoding in {"gzip", "x-gzip", "deflate"}:
        return zlib.decompressobj(zlib.MAX_WBITS | 32)
    raise http.client.HTTPException(
        f"it answers in an encoding that was not asked for ({encoding[:20]})"
    )
