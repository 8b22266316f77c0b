"""Answers a mail by SMTP, at most once.

An answer has a Message-ID made from its key. Before it is sent, and where the outcome is unsure, it
is looked for among the sent mails; a mail server keeps no other list of what it has taken.
"""

import hashlib
import logging
import re
import smtplib
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime

from django.utils.translation import gettext_noop as _

from connectors.base import (
    Connection,
    Message,
    PermanentError,
    ReadError,
    Receipt,
    TemporaryError,
    Unauthorized,
    UncertainError,
)
from core import gate
from core.text import clean

from . import mail
from .line import Client, Mailbox, opened, select_folder
from .reader import PEEK

logger = logging.getLogger(__name__)
PORTS = frozenset({465, 587})
TIMEOUT = 15.0
MAX_LENGTH = 20_000
# Folders in which the mail that is answered is looked for, the inbox first.
MAX_FOLDERS = 30
_ANSWER = re.compile(r"^\s*(?:re|sv|aw|antw|vs)\s*:\s*", re.IGNORECASE)
_LOCAL, _HOST = r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}", r"[A-Za-z0-9.-]{1,253}"
_ADDRESS = re.compile(f"{_LOCAL}@{_HOST}")


@dataclass(frozen=True, slots=True)
class Outgoing:
    """The server that takes mails, and as whom we write."""

    host: str
    port: int
    security: str
    name: str
    address: str

    @classmethod
    def of(cls, connection: Connection) -> "Outgoing":
        """Read an account's settings; KeyError where it is set up for reading only."""
        config = connection.config
        security = config.get("smtp_security") or "starttls"
        port = int(config.get("smtp_port") or (465 if security == "tls" else 587))
        host = (config.get("smtp_host") or "").strip()
        if not host:
            raise KeyError("smtp_host")
        address = config.get("sender") or config["user"]
        if not _ADDRESS.fullmatch(address):
            raise KeyError("sender")
        return cls(host, port, security, config.get("sender_name") or "", address)


@dataclass(frozen=True, slots=True)
class Original:
    """What of a mail is needed to answer it."""

    message_id: str
    references: str
    subject: str
    to: str


class MailPublisher:
    """Needs the mailbox (to find what is answered, and what was sent) and the outgoing server."""

    max_length = MAX_LENGTH

    def __init__(self, mailbox: Mailbox, outgoing: Outgoing) -> None:
        self._mailbox = mailbox
        self._outgoing = outgoing

    def publish(self, message: Message) -> Receipt:
        if not message.reply_to:
            raise PermanentError(_("By mail you can only answer a mail. Choose another account."))
        made = self._prepared(message)
        if made is None:
            return self._receipt(message)
        with _sending(self._outgoing, self._mailbox) as line:
            _hand_over(line, made)
        self._keep(made, message)
        return self._receipt(message)

    def find(self, message: Message) -> Receipt | None:
        try:
            with opened(self._mailbox) as client:
                if self._is_sent(client, message):
                    return self._receipt(message)
        except ReadError as error:
            raise UncertainError(error) from error
        raise UncertainError(_("It is not among the sent mails, which proves nothing."))

    def _prepared(self, message: Message) -> EmailMessage | None:
        """Return the answer; None where it was sent already. All that fails here is not sent."""
        try:
            with opened(self._mailbox) as client:
                if self._is_sent(client, message):
                    return None
                original = _original(client, message.reply_to)
        except Unauthorized as error:
            raise PermanentError(error) from error
        except ReadError as error:
            raise TemporaryError(error, retry_after=error.retry_after) from error
        if original is None:
            raise PermanentError(_("The mail to be answered is gone from the mailbox."))
        return compose(message, original, self._outgoing, now=datetime.now(UTC))

    def _is_sent(self, client: Client, message: Message) -> bool:
        folder = _sent_folder(client)
        if not folder:
            return False
        select_folder(client, folder)
        found = client.search(["HEADER", "Message-ID", message_id(message, self._outgoing)])
        return bool(found)

    def _keep(self, made: EmailMessage, message: Message) -> None:
        """Put it among the sent mails, where the outgoing server has not. It is out either way."""
        try:
            with opened(self._mailbox) as client:
                folder = _sent_folder(client)
                if folder and not self._is_sent(client, message):
                    client.append(folder, made.as_bytes(), flags=(b"\\Seen",))
        except ReadError as error:
            logger.warning("A sent mail could not be put among the sent ones: %s", error)

    def _receipt(self, message: Message) -> Receipt:
        return Receipt(message_id(message, self._outgoing))


def message_id(message: Message, outgoing: Outgoing) -> str:
    """Return the answer's own Message-ID: the same whenever it is tried again."""
    digest = hashlib.sha256(message.idempotency_key.encode()).hexdigest()[:32]
    return f"<cd.{digest}@{outgoing.address.rpartition('@')[2] or 'localhost'}>"


def compose(
    message: Message, original: Original, outgoing: Outgoing, *, now: datetime
) -> EmailMessage:
    """Return the answer: exactly the approved text, under the subject that is answered."""
    made = EmailMessage(policy=policy.SMTP)
    subject = " ".join(clean(_ANSWER.sub("", original.subject)).split())[:200]
    made["Subject"] = f"Re: {subject}"
    made["From"] = Address(clean(outgoing.name), addr_spec=outgoing.address)
    made["To"] = original.to
    made["Date"] = format_datetime(now)
    made["Message-ID"] = message_id(message, outgoing)
    made["In-Reply-To"] = original.message_id
    made["References"] = f"{original.references} {original.message_id}".strip()
    made.set_content(message.text)
    return made


def _original(client: Client, external_id: str) -> Original | None:
    """Find the mail that a mention was made of; who else uses its Message-ID is not it."""
    known = external_id.partition("#")[0]
    if not known:
        raise PermanentError(_("This mail has no number of its own, so it cannot be answered."))
    for folder in _folders(client):
        with suppress(ReadError):
            select_folder(client, folder)
            for uid in client.search(["HEADER", "Message-ID", known])[:5]:
                raw = client.fetch([uid], [f"BODY.PEEK[]<0.{PEEK}>"]).get(uid, {}).get(b"BODY[]<0>")
                if isinstance(raw, bytes):
                    found = _answerable(raw, external_id, known)
                    if found:
                        return found
    return None


def _answerable(raw: bytes, external_id: str, known: str) -> Original | None:
    if mail.read(raw, arrived=datetime.now(UTC)).id != external_id:
        return None
    headers = mail.headers(raw, "Reply-To", "From", "References", "Subject")
    to = _ADDRESS.search(headers["Reply-To"]) or _ADDRESS.search(headers["From"])
    if to is None:
        raise PermanentError(_("This mail does not say to whom an answer goes."))
    references = " ".join(re.findall(r"<[^<>\s]{3,250}>", headers["References"])[-10:])
    return Original(known, references, headers["Subject"], to.group())


def _folders(client: Client) -> list[str]:
    names = [
        str(name) for flags, _mark, name in client.list_folders() if b"\\Noselect" not in flags
    ]
    return sorted(names, key=lambda name: (name.upper() != "INBOX", name))[:MAX_FOLDERS]


def _sent_folder(client: Client) -> str:
    """Return where sent mails are kept: by its mark, else by its usual names; "" for nowhere."""
    folder = client.find_special_folder(b"\\Sent")
    return str(folder) if folder else ""


@contextmanager
def _sending(outgoing: Outgoing, mailbox: Mailbox) -> Iterator["_Smtp"]:
    """Sign in to the outgoing server. Whatever fails here, nothing was sent."""
    try:
        line = _Smtp(outgoing)
    except gate.Blocked as error:
        raise PermanentError(error) from error
    except gate.HttpError as error:
        raise TemporaryError(error) from error
    except (smtplib.SMTPException, OSError) as error:
        raise TemporaryError(gate.unreachable(outgoing.host, error)) from error
    try:
        _sign_in(line, outgoing, mailbox)
        yield line
    finally:
        with suppress(smtplib.SMTPException, OSError):
            line.quit()
        line.close()


def _sign_in(line: "_Smtp", outgoing: Outgoing, mailbox: Mailbox) -> None:
    try:
        if outgoing.security == "starttls":
            line.starttls(context=gate.context())
        if mailbox.tokens:
            line.sign_in_by_token(mailbox)
        else:
            line.login(mailbox.user, mailbox.password)
    except smtplib.SMTPAuthenticationError as error:
        raise PermanentError(
            _("The outgoing mail server refuses the user name or password.")
        ) from error
    except Unauthorized as error:
        raise PermanentError(error) from error
    except smtplib.SMTPNotSupportedError as error:
        raise PermanentError(
            _("The outgoing mail server does not offer this encryption or sign-in.")
        ) from error
    except ReadError as error:
        raise TemporaryError(error) from error
    except (smtplib.SMTPException, OSError) as error:
        raise TemporaryError(gate.unreachable(outgoing.host, error)) from error


def _hand_over(line: "_Smtp", made: EmailMessage) -> None:
    """Give the mail to the server. Only a lost answer to the mail itself leaves it unsure."""
    try:
        _judge(*line.mail(str(made["From"].addresses[0].addr_spec)))
        _judge(*line.rcpt(str(made["To"].addresses[0].addr_spec)))
    except (smtplib.SMTPException, OSError) as error:
        raise TemporaryError(_("The outgoing mail server broke off before the mail.")) from error
    try:
        code, said = line.data(made.as_bytes())
    except smtplib.SMTPDataError as error:
        code, said = error.smtp_code, _bytes(error.smtp_error)
    except (smtplib.SMTPException, OSError) as error:
        raise UncertainError(
            _("The outgoing mail server broke off before it said whether it took the mail.")
        ) from error
    _judge(code, said)


def _judge(code: int, said: bytes) -> None:
    if 200 <= code < 300:
        return
    words = _("The outgoing mail server refuses the mail: %(code)d %(why)s")
    why = said.decode("utf-8", "replace")
    raise (TemporaryError if 400 <= code < 500 else PermanentError)(words, code=code, why=why)


def _bytes(said: bytes | str) -> bytes:
    return said if isinstance(said, bytes) else said.encode()


class _Smtp(smtplib.SMTP):
    """smtplib's client whose socket is opened by the gate."""

    def __init__(self, outgoing: Outgoing) -> None:
        self._outgoing = outgoing
        # Our own name in greetings says nothing of the machine.
        super().__init__(outgoing.host, outgoing.port, local_hostname="localhost", timeout=TIMEOUT)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:  # type: ignore[override]
        plain = self._outgoing.security == "plain"
        return gate.connect(
            host,
            port,
            tls=self._outgoing.security == "tls",
            timeout=timeout,
            ports=frozenset() if plain else PORTS,
        )

    def sign_in_by_token(self, mailbox: Mailbox) -> None:
        self.ehlo_or_helo_if_needed()
        told = f"user={mailbox.user}\1auth=Bearer {mailbox.access_token()}\1\1"
        # After a refusal the server waits for an empty line before it says so.
        self.auth("XOAUTH2", lambda challenge=None: "" if challenge else told)
