"""The mailbox for replies, played by a server on the loopback."""

import socket
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from threading import Thread

import pytest
from pytest_django.fixtures import Settings

from accounts.models import User
from core.clock import database_now
from crisisdesk.replies import read_replies
from notifications.models import ReplyInbox
from notifications.services import letters
from tests.notifications.test_replies import Log, called, log_fixture  # noqa: F401 - a fixture


class Box:
    """An INBOX with mails numbered from 1."""

    def __init__(self) -> None:
        self.mails: list[bytes] = []
        self.listener = socket.create_server(("127.0.0.1", 0))

    def serve(self) -> None:
        with suppress(OSError):
            while True:
                there, _address = self.listener.accept()
                with there, there.makefile("rb") as lines:
                    there.sendall(b"* OK [CAPABILITY IMAP4rev1] ready\r\n")
                    for line in lines:
                        tag, _blank, command = line.strip().partition(b" ")
                        there.sendall(self._said(command) + tag + b" OK done\r\n")

    def _said(self, command: bytes) -> bytes:
        if command.startswith(b"CAPABILITY"):
            return b"* CAPABILITY IMAP4rev1\r\n"
        if command.startswith(b"EXAMINE"):
            following = len(self.mails) + 1
            return b"* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT %d] x\r\n" % following
        if command.startswith(b"UID SEARCH"):
            first = int(command.split()[-1].split(b":")[0])
            uids = [n for n in range(1, len(self.mails) + 1) if n >= first] or [len(self.mails)]
            return b"* SEARCH " + b" ".join(b"%d" % n for n in uids) + b"\r\n"
        if command.startswith(b"UID FETCH"):
            wanted = [int(n) for n in command.split()[2].split(b",")]
            return b"".join(
                b"* %d FETCH (UID %d BODY[]<0> {%d}\r\n%s)\r\n"
                % (n, n, len(self.mails[n - 1]), self.mails[n - 1])
                for n in wanted
            )
        return b""


@pytest.fixture
def box(settings: Settings) -> Iterator[Box]:
    made = Box()
    Thread(target=made.serve, daemon=True).start()
    settings.OUTBOUND_ALLOW = ("127.0.0.1",)
    settings.REPLY_IMAP_HOST = "127.0.0.1"
    settings.REPLY_IMAP_PORT = made.listener.getsockname()[1]
    settings.REPLY_IMAP_SECURITY, settings.REPLY_IMAP_USER = "plain", "replies"
    settings.REPLY_IMAP_PASSWORD = "secret"
    yield made
    made.listener.close()


def a_mail(reference: str, text: str, *more: str) -> bytes:
    lines = [
        "From: Alice Andersen <Alice@example.org>",
        "Subject: Re: SEV1",
        f"Message-ID: <{abs(hash((reference, text)))}@mail.example>",
        f"In-Reply-To: <{reference}@desk.example.org>",
        *more,
        "",
        text,
        "",
        "Den 23. nov. 2026 kl. 12.00 skrev CrisisDesk <desk@example.org>:",
        "> escalate",
    ]
    return "\r\n".join(lines).encode()


@pytest.mark.django_db
def test_a_reply_acts_and_what_was_there_before_or_a_machine_wrote_does_not(
    alice: User,
    log: Log,
    box: Box,
) -> None:
    delivery = called(alice)
    reference = letters.reference(delivery)
    now = database_now()
    box.mails.append(a_mail(reference, "ack, from last year"))
    assert read_replies(now) == 0
    box.mails.append(a_mail(reference, "ack", "Auto-Submitted: auto-replied"))
    assert read_replies(now + timedelta(seconds=11)) == 0
    assert log == []
    box.mails.append(a_mail(reference, "Ja, jeg tager den"))
    assert read_replies(now + timedelta(seconds=15)) == 0  # somebody has just looked
    assert read_replies(now + timedelta(seconds=30)) == 1
    assert log == [("Alice Andersen", "incident.42")]
    assert read_replies(now + timedelta(seconds=50)) == 0
    assert ReplyInbox.objects.get().cursor == {"validity": 7, "uid": 3}


@pytest.mark.django_db
def test_a_mailbox_that_is_away_is_named_and_tried_again(settings: Settings, box: Box) -> None:
    settings.REPLY_IMAP_PORT = 1
    assert read_replies(database_now()) == 0
    assert ReplyInbox.objects.get().error
