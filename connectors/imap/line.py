"""A line to a mail server: behind the gate, with every wait and every answer bounded."""

import contextlib
import imaplib
import select
import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.utils.translation import gettext_noop as _
from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientError, LoginError

from connectors import oauth
from connectors.base import Connection, ReadError, Unauthorized
from connectors.oauth import Renewing
from connectors.rest import Call
from core import gate

PORTS = frozenset({143, 993})
# Seconds for connecting, and for one command with its whole answer.
CONNECT = 15.0
COMMAND = 40.0
# Bytes of one part of an answer (a mail is asked for in 64 kB), and of one command's answer.
MAX_LITERAL = 256 * 1024
MAX_LINE = 1_000_000
MAX_ANSWER = 16 * 1024 * 1024
_CHUNK = 64 * 1024
_TOKEN = "token"  # noqa: S105 - the name of a field
# What RFC 5530 calls a failure that passes by itself.
_PASSING = ("[UNAVAILABLE]", "[INUSE]", "[LIMIT]", "[SERVERBUG]", "TEMPORARY", "TOO MANY")


@dataclass(frozen=True, slots=True)
class Mailbox:
    """Where the mails are and who we are there."""

    host: str
    port: int
    # "tls", "starttls" or "plain"; plain only to hosts that the operator has allowed.
    security: str
    user: str
    password: str = ""
    # Instead of the password, where the server takes access tokens only.
    tokens: Renewing | None = None

    @classmethod
    def of(cls, connection: Connection) -> "Mailbox":
        """Read an account's settings; KeyError for one that is missing."""
        config, secrets = connection.config, connection.secrets
        security = config.get("security") or "tls"
        tokens = _tokens(connection) if config.get("token_url") else None
        if tokens is None and not secrets.get("password"):
            raise KeyError("password")
        return cls(
            config["host"].strip(),
            int(config.get("port") or (993 if security == "tls" else 143)),
            security,
            config["user"],
            secrets.get("password") or "",
            tokens,
        )

    def access_token(self) -> str:
        """Return the token that counts now. Raises ReadError, and KeyError without tokens."""
        if self.tokens is None:
            raise KeyError("token_url")
        return self.tokens.headers(now=datetime.now(UTC))[_TOKEN]


def _tokens(connection: Connection) -> Renewing:
    """Access tokens by a refresh token where there is one, else in the program's own name."""
    config = connection.config

    def ask(stored: Mapping[str, Any], now: datetime) -> dict[str, Any]:
        form = {name: stored.get(name) for name in ("client_id", "client_secret")}
        refresh = stored.get("refresh_token")
        form["grant_type"] = "refresh_token" if refresh else "client_credentials"
        form |= {"refresh_token": refresh, "scope": config.get("scope")}
        given = {name: str(value) for name, value in form.items() if value}
        return oauth.exchanged(Call(config["token_url"], method="POST", form=given), now=now)

    return Renewing(connection, ask, header=_TOKEN)


class Client(IMAPClient):  # type: ignore[misc]
    """IMAPClient whose socket is opened by the gate and read with bounds."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox
        super().__init__(mailbox.host, mailbox.port, ssl=False, timeout=COMMAND)
        self.normalise_times = False

    def _create_IMAP4(self) -> "_Imap":  # noqa: N802 - the base class's name
        return _Imap(self._mailbox)

    def secure(self) -> None:
        """Go over to TLS on a line that began without (STARTTLS)."""
        answer, data = self._imap._simple_command("STARTTLS")
        self._checkok("starttls", answer, data)
        host = self._mailbox.host
        self._imap.sock = gate.context().wrap_socket(self._imap.sock, server_hostname=host)
        # Whatever was said before the encryption is forgotten: somebody may have put it there.
        self._imap.wire = Wire(self._imap.sock)
        self._imap.untagged_responses = {}
        self._cached_capabilities = None
        self._starttls_done = True

    def wait(self, seconds: float) -> bool:
        """Whether the server says something within that time, without hearing it yet."""
        wire: Wire = self._imap.wire
        return wire.wait(seconds)


class _Imap(imaplib.IMAP4):
    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox
        super().__init__(mailbox.host, mailbox.port)

    def open(self, host: str = "", port: int = 143, timeout: float | None = None) -> None:
        self.host, self.port = host, port
        plain = self._mailbox.security == "plain"
        self.sock = gate.connect(
            host,
            port,
            tls=self._mailbox.security == "tls",
            timeout=CONNECT,
            # A password in the clear goes to no host but those that the operator names.
            ports=frozenset() if plain else PORTS,
        )
        self.wire = Wire(self.sock)

    def read(self, size: int) -> bytes:
        return self.wire.read(size)

    def readline(self) -> bytes:
        return self.wire.readline(MAX_LINE)

    def send(self, data: Any) -> None:
        self.wire.begin()
        self.sock.sendall(data)

    def shutdown(self) -> None:
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)
        self.sock.close()


class Wire:
    """What imaplib reads from: no line, part or answer without end, however slowly it drips.

    In place of its own file, which differs between versions of Python.
    """

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._held = bytearray()
        self.begin()

    def begin(self) -> None:
        """A command goes out: its answer has its time and size from now on."""
        self._deadline = time.monotonic() + COMMAND
        self._left = MAX_ANSWER

    def readline(self, limit: int) -> bytes:
        looked = 0
        while (end := self._held.find(b"\n", looked) + 1) == 0 and len(self._held) < limit:
            looked = len(self._held)
            if not self._more():
                end = len(self._held)
                break
        if not end and len(self._held) >= limit:
            raise imaplib.IMAP4.error("a line has no end")
        return self._take(end)

    def read(self, size: int) -> bytes:
        if size > MAX_LITERAL:
            raise imaplib.IMAP4.error(f"a part of {size} bytes was not asked for")
        while len(self._held) < size and self._more():
            pass
        return self._take(size)

    def wait(self, seconds: float) -> bool:
        if self._held or (isinstance(self._sock, ssl.SSLSocket) and self._sock.pending()):
            return True
        poller = select.poll()
        poller.register(self._sock, select.POLLIN)
        return bool(poller.poll(seconds * 1000))

    def _take(self, size: int) -> bytes:
        taken = bytes(self._held[:size])
        del self._held[:size]
        return taken

    def _more(self) -> bool:
        self._sock.settimeout(gate.time_left(self._deadline))
        chunk = self._sock.recv(_CHUNK)
        self._left -= len(chunk)
        if self._left < 0:
            raise imaplib.IMAP4.error("the answer has no end")
        self._held += chunk
        return bool(chunk)


@contextmanager
def opened(mailbox: Mailbox) -> Iterator[Client]:
    """Sign in, and out at the end. Whatever goes wrong within becomes a ReadError."""
    try:
        client = Client(mailbox)
    except gate.HttpError as error:
        raise ReadError(error) from error
    except (IMAPClientError, OSError) as error:
        raise _broken(mailbox, error) from error
    try:
        _sign_in(client, mailbox)
        yield client
    except (IMAPClientError, OSError, ValueError) as error:
        # ValueError: what the client's parser makes of an answer that is none.
        raise _broken(mailbox, error) from error
    finally:
        _sign_out(client)


def _sign_in(client: Client, mailbox: Mailbox) -> None:
    if mailbox.security == "starttls":
        client.secure()
    try:
        if mailbox.tokens:
            _sign_in_by_token(client, mailbox.user, mailbox.tokens)
        else:
            client.login(mailbox.user, mailbox.password)
    except LoginError as error:
        if isinstance(error.__context__, IMAPClient.AbortError):
            # The line broke; nobody has refused anything.
            raise _broken(mailbox, error) from error
        said = _text(error)
        if any(word in said.upper() for word in _PASSING):
            raise ReadError(
                _("The mail server cannot sign us in just now: %(why)s"), why=said
            ) from error
        raise Unauthorized(
            _("The mail server refuses the user name or password: %(why)s"), why=said
        ) from error


def _sign_in_by_token(client: Client, user: str, tokens: Renewing) -> None:
    now = datetime.now(UTC)
    try:
        client.oauth2_login(user, tokens.headers(now=now)[_TOKEN])
    except LoginError:
        # It may have ended before its time.
        tokens.renew(now=now)
        client.oauth2_login(user, tokens.headers(now=now)[_TOKEN])


def _sign_out(client: Client) -> None:
    with contextlib.suppress(Exception):
        client.logout()
        return
    with contextlib.suppress(Exception):
        client.shutdown()


def select_folder(client: Client, folder: str) -> dict[bytes, Any]:
    """Open a folder for reading only: nothing in it changes by our looking at it."""
    try:
        answer: dict[bytes, Any] = client.select_folder(folder, readonly=True)
    except IMAPClientError as error:
        if isinstance(error, client.AbortError):
            raise
        raise ReadError(
            _("The folder %(name)s cannot be opened: %(why)s"), name=folder, why=_text(error)
        ) from error
    return answer


def _broken(mailbox: Mailbox, error: Exception) -> ReadError:
    if isinstance(error, OSError):
        return ReadError(gate.unreachable(mailbox.host, error))
    return ReadError(_("The mail server's line broke off: %(why)s"), why=_text(error))


def _text(error: Exception) -> str:
    """What the server said; imaplib gives it as bytes within an exception."""
    said = error.args[0] if error.args else type(error).__name__
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
