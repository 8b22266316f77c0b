"""Lines for clients that speak something else than HTTP.

What core.http.fetch calls is judged by the same gate: tests/core/test_http.py.
"""

import socket
import time
from collections.abc import Iterator

import pytest

from core import gate
from core.http import Blocked, Unreachable, connect


@pytest.fixture
def listening() -> Iterator[int]:
    """A port of this machine on which somebody listens, and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_line_is_opened_to_a_host_that_is_allowed(listening: int, settings: object) -> None:
    settings.OUTBOUND_ALLOW = ["localhost"]
    with connect("LocalHost", listening, tls=False, timeout=3) as line:
        assert line.getpeername() == ("127.0.0.1", listening)
        assert line.gettimeout() == 3


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "0x7f.1", "10.0.0.1"])
def test_a_private_host_is_refused_on_every_port(host: str, settings: object) -> None:
    settings.OUTBOUND_ALLOW = []
    for port in (443, 993):
        with pytest.raises(Blocked):
            connect(host, port, ports={443, 993}, timeout=2)


def test_only_the_protocols_own_ports_of_public_hosts_may_be_called(
    monkeypatch: pytest.MonkeyPatch, settings: object
) -> None:
    settings.OUTBOUND_ALLOW = []
    called: list[int] = []

    def answer(_host: str, port: int, **_kind: object) -> list[tuple]:
        called.append(port)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.216.34", port))]

    monkeypatch.setattr(gate.socket, "getaddrinfo", answer)
    with pytest.raises(Blocked):
        connect("mail.example.org", 993)
    with pytest.raises(Blocked):
        connect("mail.example.org", 25, ports={143, 993})
    assert gate.resolve(
        "mail.example.org", 993, deadline=time.monotonic() + 1, ports={143, 993}
    ) == [(socket.AF_INET, ("93.184.216.34", 993))]
    assert called == [993, 25, 993]


def test_a_host_that_never_finishes_its_handshake_is_left_at_the_deadline(
    listening: int, settings: object
) -> None:
    settings.OUTBOUND_ALLOW = ["127.0.0.1"]
    began = time.monotonic()
    with pytest.raises(Unreachable, match="in time"):
        connect("127.0.0.1", listening, timeout=0.3)
    assert time.monotonic() - began < 2


def test_nobody_there_is_said_so(settings: object) -> None:
    settings.OUTBOUND_ALLOW = ["127.0.0.1"]
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        with pytest.raises(Unreachable, match="could not be reached"):
            connect("127.0.0.1", closed.getsockname()[1], tls=False)


@pytest.mark.parametrize("host", ["no.such.host.invalid", "", "a\0b", "x" * 300, "\udc80"])
def test_a_name_that_is_nobodys_is_said_so(host: str) -> None:
    with pytest.raises(Unreachable, match="no host called"):
        connect(host, 443, timeout=2)
