"""A signed-in account: the session is kept with the account and refreshed, not begun anew.

Signing in is rationed (30 in five minutes, 300 a day), so a job begins with the tokens that the
last one left. An access token lives two hours, a refresh token some months; when that is dead, too,
the app password opens a new session, once.
"""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.utils.translation import gettext_noop as _

from connectors.base import (
    Connection,
    PermanentError,
    Quota,
    ReadError,
    TemporaryError,
    Unauthorized,
    UncertainError,
)
from core import http
from core.words import Worded

from . import xrpc
from .xrpc import Blob, Json, XrpcError

SERVICE = "https://bsky.social"
# A token that no longer counts: the server says so with status 400 or 401.
_DEAD_TOKEN = {"ExpiredToken", "InvalidToken", "AuthMissing", "BadJwt", "BadJwtSignature"}
_OUTAGE = _("Bluesky is out of order (status %(status)d). We try again.")
_CLOSED = {"AccountTakedown", "AccountSuspended", "AccountDeactivated", "RepoDeactivated"}


class SignInRefused(Worded):
    """Neither the kept tokens nor the app password are taken; its words say what to do."""


class Session:
    """Calls methods as the account. Secrets: {"app_password"}, and {"session"} as it was kept."""

    def __init__(self, connection: Connection) -> None:
        self.service = str(connection.config.get("service") or SERVICE).rstrip("/")
        self.quota: Quota | None = None
        self._connection = connection
        self._handle = str(connection.config["handle"]).strip().removeprefix("@")
        self._kept = self._mine(connection.secrets)

    @property
    def did(self) -> str:
        return str(self._session()["did"])

    @property
    def handle(self) -> str:
        return str(self._session()["handle"])

    @property
    def own(self) -> str:
        """The account's DID as far as it is known without asking, else ""."""
        return str(self._kept.get("did", ""))

    def call(
        self,
        method: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: Json | Blob | None = None,
        timeout: float = xrpc.TIMEOUT,
    ) -> Json:
        """Call a method; with a dead token refresh it and call again, once.

        Raises XrpcError, SignInRefused, core.http.HttpError, and ReadError while another process
        refreshes the tokens.
        """
        token = self._session()["access"]
        try:
            answer = xrpc.call(
                self.service, method, token=token, query=query, body=body, timeout=timeout
            )
        except XrpcError as error:
            if error.name not in _DEAD_TOKEN and error.status != 401:
                raise
            self._renew()
            token = self._session()["access"]
            answer = xrpc.call(
                self.service, method, token=token, query=query, body=body, timeout=timeout
            )
        self.quota = answer.quota or self.quota
        return answer.data

    def _session(self) -> Mapping[str, str]:
        if not self._kept:
            self._renew()
        return self._kept

    def _renew(self) -> None:
        try:
            secrets = self._connection.renew(self._exchange)
        except NotImplementedError:
            # Not stored yet: somebody tries out what they have typed.
            secrets = self._exchange(self._connection.secrets)
        self._kept = self._mine(secrets)

    def _exchange(self, secrets: Mapping[str, Any]) -> Mapping[str, Any]:
        """Refresh the kept session, or open a new one; return the secrets to keep."""
        session = self._refreshed(self._mine(secrets)) or self._opened(secrets)
        kept = {
            "access": session["accessJwt"],
            "refresh": session["refreshJwt"],
            "did": session["did"],
            "handle": session["handle"],
            "of": self._of(secrets),
        }
        return {**secrets, "session": kept}

    def _refreshed(self, kept: Mapping[str, str]) -> Json | None:
        if not kept:
            return None
        method = "com.atproto.server.refreshSession"
        try:
            return _session(xrpc.call(self.service, method, token=kept["refresh"], body={}).data)
        except XrpcError as error:
            if error.name in _DEAD_TOKEN or error.status == 401:
                return None
            raise _closed(error) from error

    def _opened(self, secrets: Mapping[str, Any]) -> Json:
        body = {"identifier": self._handle, "password": str(secrets.get("app_password") or "")}
        if not body["password"]:
            raise SignInRefused(_("Bluesky needs an app password. Enter one."))
        try:
            method = "com.atproto.server.createSession"
            return _session(xrpc.call(self.service, method, body=body).data)
        except XrpcError as error:
            if error.name == "AuthFactorTokenRequired":
                raise SignInRefused(
                    _("Bluesky asks for a second factor. Use an app password: it needs none.")
                ) from error
            if error.status in {400, 401} and error.name:
                raise SignInRefused(
                    _(
                        "Bluesky does not accept this handle and app password. Make a new app "
                        "password under Settings, Privacy and security, and enter it here."
                    )
                ) from error
            raise _closed(error) from error

    def _mine(self, secrets: Mapping[str, Any]) -> Mapping[str, str]:
        """Return the kept session, if it belongs to these settings and this password."""
        kept = secrets.get("session") or {}
        return kept if kept.get("of") == self._of(secrets) else {}

    def _of(self, secrets: Mapping[str, Any]) -> str:
        whose = "\0".join((self.service, self._handle, str(secrets.get("app_password") or "")))
        return hashlib.sha256(whose.encode()).hexdigest()[:16]


def _session(data: Json) -> Json:
    """Check what a new session must hold."""
    if not all(isinstance(data.get(n), str) for n in ("accessJwt", "refreshJwt", "did", "handle")):
        raise XrpcError(502, "InvalidResponse")
    return data


def _closed(error: XrpcError) -> Exception:
    if error.name in _CLOSED:
        return SignInRefused(_("Bluesky has closed or suspended this account."))
    return error


@contextmanager
def reading() -> Iterator[None]:
    """Let only ReadError out."""
    try:
        yield
    except http.HttpError as error:
        raise ReadError(error) from error
    except SignInRefused as error:
        raise Unauthorized(error) from error
    except XrpcError as error:
        raise _read_error(error) from error


def _read_error(error: XrpcError) -> ReadError:
    if error.status == 429:
        words = _("Bluesky says that we ask too often. We wait as long as it tells us to.")
    elif error.status in {401, 403} and error.name:
        return Unauthorized(
            _("Bluesky does not let this account read that: %(error)s"), error=error.said
        )
    elif error.status >= 500:
        words = _OUTAGE
    else:
        words = _("Bluesky refused the request: %(error)s")
    return ReadError(
        words,
        retry_after=error.retry_after,
        status=error.status,
        error=error.said,
    )


@contextmanager
def publishing() -> Iterator[None]:
    """Let only PermanentError and TemporaryError out, for calls that write nothing."""
    try:
        yield
    except http.Unreachable as error:
        raise TemporaryError(error) from error
    except http.HttpError as error:
        raise PermanentError(error) from error
    except ReadError as error:
        raise TemporaryError(error) from error
    except SignInRefused as error:
        raise PermanentError(error) from error
    except XrpcError as error:
        if is_outage(error):
            raise TemporaryError(_OUTAGE, status=error.status) from error
        raise refused(error) from error


def is_outage(error: XrpcError) -> bool:
    """Whether the server failed, or gave up, rather than refused."""
    return error.status >= 500 or error.status == 408


def refused(error: XrpcError) -> PermanentError | TemporaryError:
    """What a refusal means for a publication: it is surely not out."""
    if error.status == 429:
        words = _("Bluesky says that we publish too often. We wait as long as it tells us to.")
        return TemporaryError(words, retry_after=error.retry_after)
    words = _("Bluesky refused: %(error)s")
    # Without a word of Bluesky's own it was something in front of it, which may change its mind.
    kind = PermanentError if error.name else TemporaryError
    return kind(words, error=error.said)


def uncertain(error: XrpcError) -> UncertainError:
    """The server failed while it had what was to be published."""
    return UncertainError(_OUTAGE, status=error.status)
