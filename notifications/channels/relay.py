"""Chats, text messages and calls by Apprise, whose every request goes out by our own door.

Apprise's services speak through `requests`. In its place they are given a session whose only
adapter is core.http.fetch: so each address is judged at the socket, certificates are always
checked, whatever the service's URL asks for, and time and size are bounded. What the server
answered is noted on the way, since Apprise itself says no more than "no".

Only the schemas listed here are let in: those that speak HTTP and nothing else. None of them
reads a file or starts a program, and the one setting by which some read a template is refused.
"""

import threading
import time
import warnings
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as Late
from dataclasses import dataclass
from functools import cache
from html import escape
from typing import Any
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from core import http
from core.text import clean

from .base import Letter, TryLater, Undeliverable

SCHEMAS = frozenset(
    {
        # Chats and teams' rooms.
        "slack", "workflow", "workflows", "discord", "mmost", "mmosts", "gchat", "rocket",
        "rockets", "zulip", "wxteams", "webex", "nctalk", "nctalks", "matrix", "matrixs", "twist",
        "synology", "synologys",
        # One's own phone.
        "ntfy", "ntfys", "gotify", "gotifys", "pover", "tgram", "signal", "signals", "threema",
        "bark", "barks", "spush", "simplepush", "pbul", "join", "hassio", "hassios", "whatsapp",
        # Text messages and calls.
        "twilio", "vonage", "nexmo", "msgbird", "clickatell", "clicksend", "46elks", "elks",
        "sinch", "plivo", "seven", "bulksms", "httpsms", "voipms", "telnyx", "infobip", "sns",
        "octopush", "smseagle", "smseagles",
        # Other alarms, and a program of one's own.
        "pagerduty", "opsgenie", "signl4", "json", "jsons",
    }
)  # fmt: skip
# Those whose server is somebody's own: in all others what stands in the host's place is a secret.
_OWN_SERVER = frozenset(
    {
        "mmost", "mmosts", "rocket", "rockets", "nctalk", "nctalks", "matrix", "matrixs",
        "synology", "synologys", "ntfy", "ntfys", "gotify", "gotifys", "signal", "signals", "bark",
        "barks", "hassio", "hassios", "smseagle", "smseagles", "workflow", "workflows", "json",
        "jsons",
    }
)  # fmt: skip
# Settings of an Apprise URL that make it read something else than the URL.
_REFUSED = {"template", "attach", "attachment", "config", "cert", "key", "verify"}
# Seconds for all the requests that one message takes; and after which its thread is given up.
SECONDS = 10.0
PATIENCE = 15.0
MAX_BYTES = 256 * 1024
_TEMPORARY = {408, 425, 429}
_MAX_URL = 2000


class BadAddress(Exception):
    """Not an address that messages can be sent to. The text is for whoever typed it."""


@dataclass
class _Journey:
    """What happened to one message on its way, seen at the door."""

    deadline: float
    status: int = 0
    place: str = ""
    error: http.HttpError | None = None
    said: str = ""


_here = threading.local()


def check(url: str) -> str:
    """Return who carries what is sent to this Apprise URL ("ntfys:ntfy.sh"); BadAddress if none."""
    schema, service = _service(url)
    host = str(getattr(service, "host", "") or "") if schema in _OWN_SERVER else ""
    return clean(f"{schema}:{host}" if host else schema)[:100]


def send(url: str, letter: Letter) -> str:
    """Send by an Apprise URL and return the place that was called. Undeliverable or TryLater.

    A thread of its own, so that a service that sleeps between two requests holds up nobody for
    longer than PATIENCE.
    """
    try:
        _schema, service = _service(url)
    except BadAddress as error:
        raise Undeliverable(str(error)) from error
    journey = _Journey(time.monotonic() + SECONDS)
    future = _pool().submit(_speak, service, letter, journey)
    try:
        accepted = future.result(timeout=PATIENCE)
    except Late:
        future.cancel()
        raise TryLater(_("It took too long."), place=journey.place) from None
    if not accepted:
        raise _why(journey)
    return journey.place


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(8, thread_name_prefix="relay")


def _speak(service: Any, letter: Letter, journey: _Journey) -> bool:
    _here.journey = journey
    try:
        title, body = _words(service, letter)
        return bool(service.notify(body=body, title=title))
    except TypeError:
        # Apprise's own sign for "nothing to send".
        return False
    finally:
        _here.journey = None


def _words(service: Any, letter: Letter) -> tuple[str, str]:
    """Title and text; a call is spoken, and in the person's own language where that is known."""
    if getattr(service, "method", "") == "call":
        language = {"da": "da-DK"}.get(letter.language, "en-GB")
        spoken = escape(f"{letter.subject}. {letter.text}")
        say = f'<Say language="{language}">{spoken}</Say>'
        return "", f'<Response>{say}<Pause length="1"/>{say}</Response>'
    links = [f"{words}: {url}" for words, url in letter.answers]
    body = "\n".join(part for part in (letter.text, *links, letter.url) if part)
    return letter.subject, body


def _why(journey: _Journey) -> Undeliverable | TryLater:
    """Sort by what the server said. No answer and no refusal means that it was never called."""
    if isinstance(journey.error, http.Blocked):
        return Undeliverable(str(journey.error), place=journey.place)
    if journey.error is not None:
        return TryLater(str(journey.error), place=journey.place)
    words = _("The server answered %(status)d %(words)s") % {
        "status": journey.status,
        "words": journey.said,
    }
    if journey.status >= 500 or journey.status in _TEMPORARY:
        return TryLater(words, place=journey.place)
    if journey.status:
        return Undeliverable(words, place=journey.place)
    return Undeliverable(_("This address cannot be sent to."))


def _service(url: str) -> tuple[str, Any]:
    """Return schema and Apprise's service of a URL. BadAddress for one that is not let in."""
    apprise = _apprise()
    if not url.isprintable() or len(url) > _MAX_URL:
        raise BadAddress(_("This is not an address that messages can be sent to."))
    found: dict[str, Any] | None = apprise.plugins.url_to_dict(url)
    schema = str((found or {}).get("schema", "")).lower()
    if not found or schema not in SCHEMAS:
        raise BadAddress(_("This kind of address is not supported."))
    if refused := _REFUSED & {str(name).lower() for name in found.get("qsd") or {}}:
        raise BadAddress(
            _("Take “%(name)s” out of the address: it is not allowed here.")
            % {"name": sorted(refused)[0]}
        )
    found.pop("template", None)
    asset = apprise.AppriseAsset(app_id="CrisisDesk", app_desc="CrisisDesk", app_url="")
    service = apprise.Apprise.instantiate(found, asset=asset)
    if service is None:
        raise BadAddress(_("This is not an address that messages can be sent to."))
    return schema, service


_importing = threading.Lock()


def _apprise() -> Any:
    """Apprise, imported when it is first needed: it takes half a second and 30 MB."""
    with _importing:
        return _imported()


@cache
def _imported() -> Any:
    """Import Apprise and give it our door."""
    with warnings.catch_warnings():
        # Modules of the standard library that it tries on its way and can do without.
        warnings.simplefilter("ignore", DeprecationWarning)
        import apprise  # noqa: PLC0415
        import requests  # noqa: PLC0415, TID251

        services: Any = apprise.plugins.N_MGR
        services.load_modules()
    # Everything that Apprise sends begins with one of these two names.
    session = _session_class(requests)
    for module in (requests, requests.sessions):
        setattr(module, "Session", session)  # noqa: B010 - a type, to the checker
    # Quiet: its warnings repeat addresses.
    apprise.logger.setLevel("CRITICAL")
    return apprise


def _session_class(requests: Any) -> Any:
    class Door(requests.adapters.BaseAdapter):  # type: ignore[misc]
        """The one way out for `requests`."""

        def send(self, request: Any, **wishes: Any) -> Any:
            try:
                answer = _through(request.method, request.url, request.headers, request.body)
            except http.HttpError as error:
                raise requests.exceptions.ConnectionError(str(error), request=request) from error
            response = requests.models.Response()
            response.status_code = answer.status
            response.headers = requests.structures.CaseInsensitiveDict(answer.headers)
            response.encoding = requests.utils.get_encoding_from_headers(response.headers)
            response._content = answer.body
            response.url = request.url
            response.request = request
            return response

        def close(self) -> None:
            pass

    class Session(requests.sessions.Session):  # type: ignore[misc, name-defined]
        """No proxies and no .netrc of the surroundings, and no other way than the door."""

        def __init__(self) -> None:
            super().__init__()
            self.trust_env = False
            self.max_redirects = 3
            self.adapters.clear()
            self.mount("https://", Door())
            self.mount("http://", Door())

    return Session


def _through(method: str, url: str, headers: Mapping[str, str], body: Any) -> http.Response:
    """Make one request of the message that this thread is sending, and note what came of it."""
    journey: _Journey | None = getattr(_here, "journey", None)
    left = (journey.deadline - time.monotonic()) if journey else SECONDS
    content = body.encode() if isinstance(body, str) else body
    kept = {name: _text(value) for name, value in headers.items()}
    kept = {name: value for name, value in kept.items() if name.lower() not in _OURS}
    try:
        answer = http.fetch(
            url, method=method, headers=kept, body=content, timeout=left, max_bytes=MAX_BYTES
        )
    except http.HttpError as error:
        _note(journey, url, error=error)
        raise
    _note(journey, url, status=answer.status, said=answer.body)
    return answer


# Said by core.http itself, or about a line that it does not keep.
_OURS = {"accept-encoding", "connection", "content-length", "transfer-encoding"}


def _text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def _note(
    journey: _Journey | None,
    url: str,
    *,
    status: int = 0,
    said: bytes = b"",
    error: http.HttpError | None = None,
) -> None:
    if journey is None:
        return
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    journey.place = f"{parts.hostname}:{port}"
    journey.status, journey.error = status, error
    journey.said = " ".join(clean(said[:400].decode("utf-8", "replace")).split())[:120]
