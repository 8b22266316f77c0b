"""Serves the exported pages from memory, in a process that needs nothing else of ours.

uvicorn speaks HTTP; this is the application behind it. Everything that can be asked for is in one
table, made from the folder when its mark changes: an address is looked up there and never joined
to a path, so there is nothing to climb out of, and a request never waits for the disk. With web,
database, Redis and engine gone the table stays as it is.
"""

import asyncio
import contextlib
import hashlib
import logging
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MARK = ".written"
# Seconds between two looks at the mark.
LOOK_EVERY = 0.5
# A file larger than this is none of ours.
LARGEST = 8 * 1024 * 1024
TYPES = {
    ".html": b"text/html; charset=utf-8",
    ".css": b"text/css; charset=utf-8",
    ".json": b"application/json; charset=utf-8",
    ".xml": b"application/atom+xml; charset=utf-8",
    ".txt": b"text/plain; charset=utf-8",
    ".pem": b"application/x-pem-file",
    ".sig": b"application/octet-stream",
    ".jpg": b"image/jpeg",
    ".png": b"image/png",
}
# Pages change; what carries its digest in its name, and what was signed, does not.
SHORT = b"public, max-age=10, stale-while-revalidate=30, stale-if-error=86400"
LONG = b"public, max-age=31536000, immutable"
FOR_EVER = {".css", ".sig", ".pem", ".jpg", ".png"}
Header = tuple[bytes, bytes]
Scope = dict[str, Any]
Send = Callable[[dict[str, Any]], Awaitable[None]]
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Form:
    """One way to send a file: as it is, or packed."""

    body: bytes
    etag: bytes
    headers: list[Header]
    # The same without what speaks of a body.
    unchanged: list[Header]


@dataclass(frozen=True, slots=True)
class Served:
    """A file in the forms that there are, by their content encoding; b"" is as it is."""

    forms: dict[bytes, Form]

    def best(self, accepted: bytes) -> Form:
        for encoding in (b"br", b"gzip"):
            if encoding in accepted and encoding in self.forms:
                return self.forms[encoding]
        return self.forms[b""]


Table = dict[str, Served]


def read(root: Path, *, policy: str, secure: bool) -> Table:
    """Return what the folder holds, by address. A file that vanishes meanwhile is left out."""
    table: Table = {}
    for place in sorted(root.rglob("*")):
        if place.suffix not in TYPES or place.name.startswith(".") or place.is_symlink():
            continue
        with contextlib.suppress(OSError):
            served = _read_one(place, policy=policy.encode(), secure=secure)
            for address in _addresses(place.relative_to(root).as_posix()):
                table[address] = served
    return table


def _addresses(path: str) -> Iterator[str]:
    yield f"/{path}"
    if path.endswith("index.html"):
        yield f"/{path.removesuffix('index.html')}"


def _read_one(place: Path, *, policy: bytes, secure: bool) -> Served:
    if place.stat().st_size > LARGEST:
        raise OSError("too large")
    forms = {b"": place.read_bytes()}
    for encoding, suffix in ((b"gzip", ".gz"), (b"br", ".br")):
        with contextlib.suppress(OSError):
            forms[encoding] = place.with_name(place.name + suffix).read_bytes()
    common = _headers(place, policy=policy, secure=secure)
    return Served({name: _form(name, body, common) for name, body in forms.items()})


def _form(encoding: bytes, body: bytes, common: list[Header]) -> Form:
    etag = b'"' + hashlib.sha256(body).hexdigest()[:32].encode() + b'"'
    kept = [*common, (b"etag", etag)]
    told = [*kept, (b"content-length", str(len(body)).encode())]
    if encoding:
        told.append((b"content-encoding", encoding))
    return Form(body, etag, told, kept)


def _headers(place: Path, *, policy: bytes, secure: bool) -> list[Header]:
    for_ever = place.suffix in FOR_EVER or place.name == "entry.json"
    headers = [
        (b"content-type", _type(place)),
        (b"cache-control", LONG if for_ever else SHORT),
        (b"vary", b"accept-encoding"),
        (b"content-security-policy", policy + b"; frame-ancestors 'none'"),
        (b"x-content-type-options", b"nosniff"),
        (b"referrer-policy", b"no-referrer"),
        (b"permissions-policy", b"interest-cohort=(), browsing-topics=()"),
    ]
    if place.suffix != ".html":
        # Checkers and readers of feeds run in other pages too; there is nothing secret here.
        headers.append((b"access-control-allow-origin", b"*"))
    if secure:
        headers.append((b"strict-transport-security", b"max-age=63072000"))
    return headers


def _type(place: Path) -> bytes:
    return (
        b"application/feed+json; charset=utf-8"
        if place.name == "feed.json"
        else TYPES[place.suffix]
    )


class Application:
    """The ASGI application; `look` keeps its table as the folder is."""

    def __init__(self, root: Path, *, policy: str, secure: bool) -> None:
        self._root, self._policy, self._secure = root, policy, secure
        self._mark: bytes | None = None
        self._table: Table = {}

    async def __call__(self, scope: Scope, receive: Any, send: Send) -> None:
        if scope["type"] == "http":
            await self._answer(scope, send)
        elif scope["type"] == "lifespan":
            await self._live(receive, send)

    async def _live(self, receive: Any, send: Send) -> None:
        await receive()
        self.refresh()
        looking = asyncio.create_task(self._look())
        await send({"type": "lifespan.startup.complete"})
        await receive()
        looking.cancel()
        await send({"type": "lifespan.shutdown.complete"})

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY)
            try:
                await asyncio.to_thread(self.refresh)
            except Exception:
                logger.exception("The folder could not be read; what was read before is served on")

    def refresh(self) -> None:
        """Read the folder if its mark has changed. A folder that is gone changes nothing."""
        try:
            mark = (self._root / MARK).read_bytes()
        except OSError:
            return
        if mark != self._mark:
            self._table = read(self._root, policy=self._policy, secure=self._secure)
            self._mark = mark

    async def _answer(self, scope: Scope, send: Send) -> None:
        method, path = scope["method"], scope["path"]
        if method not in ("GET", "HEAD"):
            await _say(send, 405, [(b"allow", b"GET, HEAD")], b"405 Method Not Allowed\n")
            return
        if path == "/healthz":
            await _say(send, 200, [], b"ok\n")
            return
        served = self._table.get(path)
        if served is None:
            await self._missing(path, send)
            return
        await _send_file(served, scope["headers"], method, send)

    async def _missing(self, path: str, send: Send) -> None:
        if f"{path}/" in self._table:
            # Only what is in the table leads anywhere, so nothing of the request is sent back.
            await _say(send, 308, [(b"location", f"{path}/".encode())], b"")
            return
        page = self._table.get("/404.html")
        if page is None:
            await _say(send, 404, [], b"404 Not Found\n")
            return
        form = page.forms[b""]
        headers = [each for each in form.headers if each[0] != b"etag"]
        await _send(send, 404, headers, form.body)


async def _send_file(served: Served, headers: list[Header], method: str, send: Send) -> None:
    accepted, known = b"", b""
    for name, value in headers:
        if name == b"accept-encoding":
            accepted = value
        elif name == b"if-none-match":
            known = value
    form = served.best(accepted)
    if known and (form.etag in known or known == b"*"):
        await _send(send, 304, form.unchanged, b"")
    else:
        await _send(send, 200, form.headers, b"" if method == "HEAD" else form.body)


async def _say(send: Send, status: int, headers: list[Header], body: bytes) -> None:
    told = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        (b"x-content-type-options", b"nosniff"),
    ]
    await _send(send, status, [*told, *headers], body)


async def _send(send: Send, status: int, headers: list[Header], body: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
