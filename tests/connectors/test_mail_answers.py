"""Answers by mail: what is written, and what each outcome of sending is."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email import message_from_bytes, policy
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from connectors.base import (
    Connection,
    Message,
    PermanentError,
    PublishError,
    TemporaryError,
    UncertainError,
)
from connectors.imap import publisher as module
from connectors.imap.line import Mailbox
from connectors.imap.publisher import Original, Outgoing, compose, message_id
from connectors.registry import NETWORKS

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
CONFIG = {"host": "imap.example", "user": "kontakt@fjord.example", "smtp_host": "smtp.example"}
OUTGOING = Outgoing.of(Connection({**CONFIG, "sender_name": "Fjordkaffe, København"}))
ORIGINAL = Original("<1@mail.example>", "<0@mail.example>", "SV: Glas i kaffen", "ida@example.org")
ANSWER = Message("Vi beklager.\n.\nHilsen æøå 🙏", "cd-1-2-abc", "<1@mail.example>#12")


def written(original: Original = ORIGINAL) -> Any:
    made = compose(ANSWER, original, OUTGOING, now=NOW)
    return message_from_bytes(made.as_bytes(), policy=policy.default)


def test_an_answer_says_exactly_what_was_approved_under_what_it_answers() -> None:
    made = written()
    assert made.get_content().splitlines() == ANSWER.text.splitlines()
    assert made["Subject"] == "Re: Glas i kaffen"
    assert made["From"].addresses[0].display_name == "Fjordkaffe, København"
    assert made["From"].addresses[0].addr_spec == "kontakt@fjord.example"
    assert made["To"] == "ida@example.org"
    assert made["In-Reply-To"] == "<1@mail.example>"
    assert made["References"] == "<0@mail.example> <1@mail.example>"
    assert made["Message-ID"] == message_id(ANSWER, OUTGOING)


def test_the_same_publication_always_has_the_same_number() -> None:
    assert message_id(ANSWER, OUTGOING) == message_id(ANSWER, OUTGOING)
    other = Message(ANSWER.text, "cd-1-3-abc", ANSWER.reply_to)
    assert message_id(other, OUTGOING) != message_id(ANSWER, OUTGOING)


@pytest.mark.parametrize("subject", ["a\r\nBcc: all@example.org", "\ud83d half", "x" * 5000, "\0"])
def test_a_hostile_subject_adds_no_header(subject: str) -> None:
    made = written(Original("<1@mail.example>", "", subject, "ida@example.org"))
    assert made["Bcc"] is None
    assert len(made["Subject"]) < 300


@pytest.mark.parametrize(
    ("config", "missing"),
    [
        ({"smtp_host": ""}, "smtp_host"),
        ({"user": "brand"}, "sender"),
        ({"sender": "a b@c"}, "sender"),
    ],
)
def test_an_account_for_reading_cannot_answer(config: dict, missing: str) -> None:
    make = NETWORKS["imap"].publisher
    assert make
    with pytest.raises(KeyError, match=missing):
        make(Connection({**CONFIG, **config}, {"password": "x"}))


@pytest.mark.parametrize(
    ("security", "port", "expected"), [("tls", None, 465), ("starttls", None, 587), ("tls", 99, 99)]
)
def test_outgoing_ports_follow_the_encryption(security: str, port: Any, expected: int) -> None:
    config = {**CONFIG, "smtp_security": security, "smtp_port": port}
    assert Outgoing.of(Connection(config)).port == expected


class Taker:
    """A mail server that takes mails, or says what it is told to."""

    def __init__(self) -> None:
        self.taken: list[bytes] = []
        self.says = ""
        self.hangs_up = False

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        if not self.says.startswith(("4", "5")):
            self.taken.append(envelope.content)
        if self.hangs_up:
            server.transport.close()
        return self.says or "250 taken"


@contextmanager
def smtp(taker: Taker, *, password: bytes = b"secret") -> Iterator[Outgoing]:
    """A server on loopback that lets in who knows the password."""

    def judge(server: Any, session: Any, envelope: Any, mechanism: str, told: Any) -> AuthResult:
        good = mechanism in {"LOGIN", "PLAIN"} and told.password == password
        return AuthResult(success=good, handled=False)

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    control = Controller(
        taker,
        hostname="127.0.0.1",
        port=port,
        authenticator=judge,
        auth_require_tls=False,
    )
    control.start()
    yield Outgoing("127.0.0.1", port, "plain", "Fjordkaffe", "kontakt@fjord.example")
    control.stop()


@pytest.fixture
def _loopback(settings: Any) -> None:
    settings.OUTBOUND_ALLOW = ["127.0.0.0/8"]


def send(outgoing: Outgoing, password: str = "secret") -> None:
    box = Mailbox("127.0.0.1", 1, "plain", "kontakt@fjord.example", password)
    with module._sending(outgoing, box) as line:
        module._hand_over(line, compose(ANSWER, ORIGINAL, outgoing, now=NOW))


@pytest.mark.usefixtures("_loopback")
def test_a_mail_arrives_as_it_was_written() -> None:
    taker = Taker()
    with smtp(taker) as outgoing:
        send(outgoing)
    [raw] = taker.taken
    said = message_from_bytes(raw, policy=policy.default).get_content()
    assert said.splitlines() == ANSWER.text.splitlines()


@pytest.mark.usefixtures("_loopback")
@pytest.mark.parametrize(
    ("says", "hangs_up", "kind"),
    [
        ("550 we do not like it", False, PermanentError),
        ("451 come back later", False, TemporaryError),
        ("", True, UncertainError),
    ],
)
def test_each_outcome_is_one_of_the_three(
    says: str, hangs_up: bool, kind: type[PublishError]
) -> None:
    taker = Taker()
    taker.says, taker.hangs_up = says, hangs_up
    with smtp(taker) as outgoing, pytest.raises(kind) as failure:
        send(outgoing)
    assert type(failure.value) is kind
    assert len(taker.taken) == (1 if hangs_up else 0)


@pytest.mark.usefixtures("_loopback")
def test_a_wrong_password_and_nobody_there_send_nothing(settings: Any) -> None:
    taker = Taker()
    with smtp(taker) as outgoing:
        with pytest.raises(PermanentError, match="user name or password"):
            send(outgoing, "wrong")
        settings.OUTBOUND_ALLOW = []
        with pytest.raises(PermanentError, match="may not be called"):
            send(outgoing)
        settings.OUTBOUND_ALLOW = ["127.0.0.0/8"]
    with pytest.raises(TemporaryError):
        send(outgoing)
    assert taker.taken == []
