"""E-mail by SMTP."""

import smtplib
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage, get_connection

from core.text import clean

from .base import Letter, TryLater, Undeliverable


def configured() -> bool:
    return bool(settings.EMAIL_HOST)


def place() -> str:
    return f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}"


class Mailer:
    """Sends letters over one connection, opened at the first and again after a failure."""

    def __init__(self) -> None:
        self._connection = get_connection(fail_silently=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self._connection.close()
        except (OSError, smtplib.SMTPException):
            # Every letter is settled by now: a server that leaves without a word is no failure.
            self._hang_up()

    def send(self, letter: Letter) -> str:
        """Hand the letter to the server and return its place; raise Undeliverable or TryLater."""
        try:
            self._connection.open()
            self._connection.send_messages([_message(letter)])
        except Exception as error:
            # What state the dialogue is in is unknown: the next letter starts afresh.
            self._hang_up()
            raise _failure(error) from error
        return place()

    def _hang_up(self) -> None:
        if session := getattr(self._connection, "connection", None):
            session.close()
            setattr(self._connection, "connection", None)  # noqa: B010 - the SMTP backend's own


def _message(letter: Letter) -> EmailMessage:
    """The same Message-ID on every attempt, so that a doubled mail folds into one."""
    host = urlsplit(settings.PUBLIC_URL).hostname or "localhost"
    links = [f"{words}:\n{url}" for words, url in letter.answers]
    reply_to = [settings.REPLY_ADDRESS] if settings.REPLY_ADDRESS and letter.answers else None
    return EmailMessage(
        subject=_one_line(letter.subject),
        body="\n\n".join(part for part in (letter.text, *links, letter.url) if part) + "\n",
        to=[letter.recipient],
        reply_to=reply_to,
        headers={
            "Message-ID": f"<{letter.reference}@{host}>",
            "Auto-Submitted": "auto-generated",
            "X-Auto-Response-Suppress": "All",
            **dict(letter.headers),
        },
    )


def _one_line(text: str) -> str:
    """A line end in a subject would begin a header of the sender's own making."""
    return " ".join(clean(text).split())[:200]


def _failure(error: Exception) -> Undeliverable | TryLater:
    """Sort by what the server said: a 5xx about this letter is final, all else may pass."""
    codes = _codes(error)
    words = " ".join(clean(str(error)).split())[:300] or type(error).__name__
    if codes and all(500 <= code < 600 for code in codes):
        return Undeliverable(words)
    if isinstance(error, OSError | smtplib.SMTPException):
        return TryLater(words, place=place())
    # The address or the text cannot be made into a mail at all.
    return Undeliverable(words)


def _codes(error: Exception) -> list[int]:
    """The server's answers about the letter. Failing to sign in is the operator's to mend."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return [code for code, _ in error.recipients.values()]
    if isinstance(error, smtplib.SMTPDataError):
        return [error.smtp_code]
    return []
