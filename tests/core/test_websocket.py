import socket
import time
from collections.abc import Iterator

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection

from core import websocket
from core.http import Blocked, Unreachable
from tests.peer import Answer, peer
from tests.websocket_peer import websocket_peer


def echo(connection: ServerConnection) -> None:
    for message in connection:
        connection.send(message)


@pytest.fixture
def server(settings: object) -> Iterator[str]:
    settings.OUTBOUND_ALLOW = ["127.0.0.1"]
    with websocket_peer(echo) as url:
        yield url


def test_messages_go_and_come(server: str) -> None:
    with websocket.connect(server + "/stream?x=1", headers={"X-Mine": "yes"}) as line:
        line.send("hello")
        assert line.recv(timeout=5) == "hello"
        assert line.request.path == "/stream?x=1"
        assert line.request.headers["X-Mine"] == "yes"


def test_a_private_address_is_refused_though_it_would_answer(server: str, settings: object) -> None:
    websocket.connect(server).close()
    settings.OUTBOUND_ALLOW = []
    with pytest.raises(Blocked, match="OUTBOUND_ALLOW"):
        websocket.connect(server)


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "ws:///x", "ws://user:pw@example.org/", "x", "", "ws://a b/"]
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(Blocked):
        websocket.connect(url)


def test_a_message_that_is_too_large_ends_the_connection(server: str) -> None:
    with websocket.connect(server, max_message=1000) as line:
        line.send("x" * 1001)
        with pytest.raises(ConnectionClosed):
            line.recv(timeout=5)


def test_a_compressed_bomb_is_bounded_by_its_size_unpacked(settings: object) -> None:
    settings.OUTBOUND_ALLOW = ["127.0.0.1"]

    def bomb(connection: ServerConnection) -> None:
        connection.send("x" * 20_000_000)

    with websocket_peer(bomb) as url:
        line = websocket.connect(url, compress=True)
        with line, pytest.raises(ConnectionClosed):
            line.recv(timeout=5)


def test_a_redirect_is_not_followed(server: str) -> None:
    with peer() as elsewhere:
        elsewhere.answers["/"] = Answer(status=302, headers={"Location": server + "/"})
        with pytest.raises(Unreachable):
            websocket.connect(elsewhere.url.replace("http", "ws") + "/")
        assert len(elsewhere.calls) == 1


def test_a_server_that_speaks_no_websocket_is_said_so(server: str) -> None:
    with peer() as web:
        web.answers["/"] = Answer(b"hello")
        with pytest.raises(Unreachable):
            websocket.connect(web.url.replace("http", "ws"))


def test_a_handshake_that_never_ends_is_left_in_time(settings: object) -> None:
    settings.OUTBOUND_ALLOW = ["127.0.0.1"]
    with socket.create_server(("127.0.0.1", 0)) as silent:
        began = time.monotonic()
        for scheme in ("ws", "wss"):
            with pytest.raises(Unreachable):
                websocket.connect(f"{scheme}://127.0.0.1:{silent.getsockname()[1]}", timeout=0.3)
        assert time.monotonic() - began < 3


def test_a_quiet_line_stays_open_longer_than_the_handshake_may_take(settings: object) -> None:
    settings.OUTBOUND_ALLOW = ["127.0.0.1"]

    def slow(connection: ServerConnection) -> None:
        time.sleep(0.6)
        connection.send("late")

    with websocket_peer(slow) as url, websocket.connect(url, timeout=0.3) as line:
        assert line.recv(timeout=5) == "late"
