"""A mail server that misbehaves costs a bounded time and memory, and is named."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Thread
from typing import Any

import pytest

from connectors.base import Connection, ReadError, Unauthorized
from connectors.imap import line as module
from connectors.imap.line import Mailbox, Wire, opened, select_folder
from connectors.registry import NETWORKS

SECRETS = {"password": "secret"}
Talk = Callable[[socket.socket, bytes], bool]


@pytest.fixture(autouse=True)
def _loopback_may_be_called(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.OUTBOUND_ALLOW = ["127.0.0.0/8"]
    monkeypatch.setattr(module, "COMMAND", 2.0)


@contextmanager
def server(talk: Talk) -> Iterator[Mailbox]:
    """Greet, then let `talk` answer each line; it says false to hang up."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        there, _address = listener.accept()
        with suppress(OSError), there, there.makefile("rb") as lines:
            there.sendall(b"* OK [CAPABILITY IMAP4rev1 IDLE] ready\r\n")
            for line in lines:
                if not talk(there, line):
                    return

    thread = Thread(target=serve, daemon=True)
    thread.start()
    yield Mailbox("127.0.0.1", listener.getsockname()[1], "plain", "brand", "secret")
    thread.join(10)
    listener.close()


def answering(login: bytes = b"OK in", selected: bytes = b"") -> Talk:
    """A server that lets us in, and says `selected` when a folder is opened."""

    def talk(there: socket.socket, line: bytes) -> bool:
        tag, _blank, command = line.partition(b" ")
        said = b"* CAPABILITY IMAP4rev1 IDLE\r\n" if command.startswith(b"CAPABILITY") else b""
        done = login if command.startswith(b"LOGIN") else b"OK done"
        if command.startswith(b"EXAMINE"):
            said = selected
        there.sendall(said + tag + b" " + done + b"\r\n")
        return not command.startswith(b"LOGOUT")

    return talk


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        (b"NO [AUTHENTICATIONFAILED] Authentication failed.", Unauthorized),
        (b"NO [EXPIRED] Your password has ended.", Unauthorized),
        (b"NO LOGIN failed", Unauthorized),
        (b"NO [UNAVAILABLE] Temporary authentication failure.", ReadError),
        (b"NO [LIMIT] Too many connections", ReadError),
    ],
)
def test_a_refused_login_is_named_and_a_passing_one_is_told_apart(
    said: bytes, kind: type[ReadError]
) -> None:
    with server(answering(login=said)) as mailbox, pytest.raises(kind) as refusal:  # noqa: SIM117
        with opened(mailbox):
            pytest.fail("nobody was let in")
    assert type(refusal.value) is kind


@pytest.mark.parametrize(
    "endless",
    [
        b"* OK " + b"x" * 2_000_000,
        b"* 1 EXISTS\r\n" * 2_000_000,
        b"* 1 FETCH (BODY[] {99999999}\r\n",
    ],
    ids=["a line", "an answer", "a part"],
)
def test_nothing_without_end_is_read(endless: bytes) -> None:
    with server(answering(selected=endless)) as mailbox:
        began = time.monotonic()
        with pytest.raises(ReadError), opened(mailbox) as client:
            select_folder(client, "INBOX")
        assert time.monotonic() - began < 20


def test_a_server_that_drips_is_left_in_time() -> None:
    def drip(there: socket.socket, line: bytes) -> bool:
        for _letter in range(40):
            there.sendall(b"*")
            time.sleep(0.2)
        return False

    with server(drip) as mailbox:
        began = time.monotonic()
        with pytest.raises(ReadError, match="in time"), opened(mailbox):
            pytest.fail("nobody was let in")
        assert time.monotonic() - began < 6


def test_a_line_that_breaks_while_we_sign_in_is_no_refusal() -> None:
    def talk(there: socket.socket, line: bytes) -> bool:
        tag, _blank, command = line.partition(b" ")
        there.sendall(b"* CAPABILITY IMAP4rev1\r\n" + tag + b" OK done\r\n")
        return not command.startswith((b"CAPABILITY", b"LOGIN"))

    with server(talk) as mailbox, pytest.raises(ReadError) as failure, opened(mailbox):
        pytest.fail("nobody was let in")
    assert not isinstance(failure.value, Unauthorized)


@pytest.mark.parametrize("said", [b"* BYE\r\n", b"\xff\xfe\r\n", b"* ( ( ( (\r\n", b"\r\n"])
def test_garbage_is_a_read_error(said: bytes) -> None:
    def talk(there: socket.socket, line: bytes) -> bool:
        there.sendall(said)
        return False

    with server(talk) as mailbox, pytest.raises(ReadError), opened(mailbox):
        pytest.fail("nobody was let in")


def test_nobody_there_is_a_read_error_and_a_foreign_port_is_refused(settings: Any) -> None:
    with pytest.raises(ReadError), opened(Mailbox("127.0.0.1", 1, "plain", "a", "b")):
        pytest.fail("nobody was there")
    settings.OUTBOUND_ALLOW = []
    for port, security in ((22, "tls"), (143, "plain")):
        with pytest.raises(ReadError, match="may not be called"):  # noqa: SIM117
            with opened(Mailbox("127.0.0.1", port, security, "a", "b")):
                pytest.fail("nobody was to be called")


def test_lines_are_taken_apart_wherever_they_are_cut() -> None:
    here, there = socket.socketpair()
    with here, there:
        wire = Wire(here)
        for part in (b"* 1 EXI", b"STS\r\n* 2 E", b"XPUNGE\r\n{3}\r\nab", b"cd\r\n"):
            there.sendall(part)
        assert wire.wait(0)
        assert [wire.readline(100) for _line in range(3)] == [
            b"* 1 EXISTS\r\n",
            b"* 2 EXPUNGE\r\n",
            b"{3}\r\n",
        ]
        assert wire.read(3) == b"abc"
        assert wire.wait(0), "what is held already counts"
        assert wire.readline(100) == b"d\r\n"
        assert not wire.wait(0)
        there.close()
        assert wire.readline(100) == b""


@pytest.mark.parametrize(
    ("config", "port"),
    [({}, 993), ({"security": "starttls"}, 143), ({"port": "1143", "security": "plain"}, 1143)],
)
def test_ports_follow_the_encryption(config: dict, port: int) -> None:
    made = Mailbox.of(Connection({"host": " m.example ", "user": "u", **config}, SECRETS))
    assert (made.host, made.port) == ("m.example", port)


def test_an_account_without_any_secret_is_not_whole() -> None:
    make = NETWORKS["imap"].reader
    assert make
    with pytest.raises(KeyError, match="password"):
        make(Connection({"host": "m.example", "user": "u"}), {})
