import gzip
import socket
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler

import pytest

from core import http
from core.http import Blocked, TooLarge, Unreachable, fetch
from tests.peer import Answer, Peer, peer


@pytest.fixture
def server(settings: object) -> Iterator[Peer]:
    settings.OUTBOUND_ALLOW = ["127.0.0.0/8"]  # type: ignore[attr-defined]
    with peer() as served:
        served.answers["/"] = Answer(b"hello", headers={"X-Kind": "greeting"})
        yield served


def port_of(server: Peer) -> str:
    return server.url.rsplit(":", 1)[1]


def test_an_answer_comes_whole_with_lower_case_header_names(server: Peer) -> None:
    response = fetch(server.url + "/?q=1", headers={"X-Mine": "yes"})
    assert (response.status, response.body) == (200, b"hello")
    assert response.headers["x-kind"] == "greeting"
    [call] = server.calls
    assert (call.method, call.path) == ("GET", "/?q=1")
    assert call.headers["X-Mine"] == "yes"
    assert call.headers["Accept-Encoding"] == "identity"
    assert call.headers["Host"] == f"127.0.0.1:{port_of(server)}"


def test_a_body_is_posted(server: Peer) -> None:
    fetch(server.url, method="POST", body=b"{}", headers={"Content-Type": "application/json"})
    assert (server.calls[0].method, server.calls[0].body) == ("POST", b"{}")


def test_a_private_address_is_refused_though_it_would_answer(
    server: Peer, settings: object
) -> None:
    assert fetch(server.url).body == b"hello"
    settings.OUTBOUND_ALLOW = []  # type: ignore[attr-defined]
    with pytest.raises(Blocked, match="OUTBOUND_ALLOW"):
        fetch(server.url)
    assert len(server.calls) == 1


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "localhost", "0.0.0.0",
        "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::]", "[::127.0.0.1]",
        "[64:ff9b::7f00:1]", "[64:ff9b:1::7f00:1]", "[2002:7f00:1::1]", "[2001::1]", "[fe80::1]",
        "[fd00::1]", "[fec0::1]", "[ff02::1]", "[3fff::1]", "[5f00::1]",
        "10.0.0.1", "172.16.3.4", "192.168.1.1", "169.254.169.254", "100.64.0.1", "192.0.0.192",
        "192.88.99.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "0.1.2.3",
    ],
)  # fmt: skip
def test_no_spelling_of_a_private_address_passes(host: str, settings: object) -> None:
    settings.OUTBOUND_ALLOW = []  # type: ignore[attr-defined]
    with pytest.raises((Blocked, Unreachable)) as refusal:
        fetch(f"http://{host}/", timeout=2)
    assert isinstance(refusal.value, Blocked) or "no host called" in str(refusal.value)


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd", "ftp://example.org/", "gopher://example.org/", "//example.org/",
        "http:///path", "http://user:pw@example.org/", "http://example.org\\@127.0.0.1/",
        "http://127.0.0.1\\@example.org/", "http://exa mple.org/", "http://example.org/\r\nX: y",
        "http://example.org:99999/", "http://example.org:0/", "http://[::1", "", "javascript:x",
        "http://example.org/" + "a" * 5000,
    ],
)  # fmt: skip
def test_what_is_no_web_address_is_refused(url: str) -> None:
    with pytest.raises(Blocked):
        fetch(url)


def test_other_ports_of_public_hosts_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    resolve_to(monkeypatch, "93.184.216.34")
    with pytest.raises(Blocked):
        fetch("http://example.org:6379/")


def resolve_to(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> list[str]:
    """The name server answers with these; return the list of the names it was asked for."""
    asked: list[str] = []

    def answer(host: str, port: int, **_kind: object) -> list[tuple]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (a, port)) for a in addresses]

    monkeypatch.setattr(http.socket, "getaddrinfo", answer)
    return asked


def test_one_private_address_among_public_ones_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    resolve_to(monkeypatch, "93.184.216.34", "10.0.0.1")
    with pytest.raises(Blocked):
        fetch("http://example.org/")


def test_a_name_is_asked_for_once_and_the_judged_address_is_called(
    server: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = resolve_to(monkeypatch, "127.0.0.1")
    assert fetch(f"http://rebinding.example:{port_of(server)}/").body == b"hello"
    assert asked == ["rebinding.example"]
    assert server.calls[0].headers["Host"] == f"rebinding.example:{port_of(server)}"


def test_a_host_may_be_allowed_by_name(server: Peer, settings: object) -> None:
    settings.OUTBOUND_ALLOW = ["localhost"]  # type: ignore[attr-defined]
    assert fetch(f"http://localhost:{port_of(server)}/").body == b"hello"
    with pytest.raises(Blocked):
        fetch(server.url)


def test_the_second_address_is_tried_where_the_first_refuses(
    server: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with suppress(OSError), socket.create_connection(("127.99.99.99", int(port_of(server))), 0.2):
        pytest.fail("the first address was to refuse")
    resolve_to(monkeypatch, "127.99.99.99", "127.0.0.1")
    assert fetch(f"http://two.example:{port_of(server)}/").body == b"hello"


def test_redirects_are_followed_and_their_end_is_named(server: Peer) -> None:
    server.answers["/old"] = Answer(status=301, headers={"Location": "/new?x=1"})
    server.answers["/new"] = Answer(b"moved")
    response = fetch(server.url + "/old")
    assert (response.body, response.url) == (b"moved", server.url + "/new?x=1")


def test_a_redirect_to_a_private_address_is_refused(server: Peer, settings: object) -> None:
    with peer() as inner:
        inner.answers["/"] = Answer(b"secret")
        settings.OUTBOUND_ALLOW = ["127.0.0.1", "localhost"]  # type: ignore[attr-defined]
        assert fetch(inner.url).body == b"secret"
        settings.OUTBOUND_ALLOW = ["localhost"]  # type: ignore[attr-defined]
        server.answers["/"] = Answer(status=302, headers={"Location": inner.url})
        with pytest.raises(Blocked):
            fetch(f"http://localhost:{port_of(server)}/")
        assert len(inner.calls) == 1


def test_a_redirect_that_never_ends_is_ended(server: Peer) -> None:
    server.answers["/"] = Answer(status=302, headers={"Location": "/"})
    with pytest.raises(Blocked, match="more than 5"):
        fetch(server.url)
    assert len(server.calls) == 6


def test_a_post_is_never_sent_on(server: Peer) -> None:
    server.answers["/"] = Answer(status=307, headers={"Location": "/elsewhere"})
    assert fetch(server.url, method="POST", body=b"x").status == 307
    assert len(server.calls) == 1


def test_credentials_stay_with_the_host_they_were_given_for(server: Peer) -> None:
    with peer() as other:
        other.answers["/"] = Answer(b"there")
        server.answers["/out"] = Answer(status=302, headers={"Location": other.url})
        server.answers["/in"] = Answer(status=302, headers={"Location": "/"})
        secret = {"Authorization": "Bearer x", "X-Kept": "y"}
        fetch(server.url + "/in", headers=secret)
        fetch(server.url + "/out", headers=secret)
        assert server.calls[1].headers["Authorization"] == "Bearer x"
        assert "Authorization" not in other.calls[0].headers
        assert other.calls[0].headers["X-Kept"] == "y"


def test_a_body_over_the_limit_is_refused(server: Peer) -> None:
    server.answers["/"] = Answer(b"x" * 1000)
    assert len(fetch(server.url, max_bytes=1000).body) == 1000
    with pytest.raises(TooLarge):
        fetch(server.url, max_bytes=999)


def test_a_body_that_never_ends_is_cut_at_the_limit(server: Peer) -> None:
    def endless(handler: BaseHTTPRequestHandler) -> None:
        while True:
            handler.wfile.write(b"x" * 65536)

    server.answers["/"] = Answer(sized=False, then=endless)
    with pytest.raises(TooLarge):
        fetch(server.url)


def test_a_compressed_bomb_is_bounded_by_its_size_unpacked(server: Peer) -> None:
    bomb = gzip.compress(b"\0" * 200_000_000, 9)
    server.answers["/"] = Answer(bomb, headers={"Content-Encoding": "gzip"})
    tracemalloc.start()
    with pytest.raises(TooLarge):
        fetch(server.url)
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 16 * 1024 * 1024


def test_compression_that_was_not_asked_for_is_undone(server: Peer) -> None:
    server.answers["/"] = Answer(gzip.compress(b"hello"), headers={"Content-Encoding": "gzip"})
    assert fetch(server.url).body == b"hello"
    server.answers["/"] = Answer(b"not gzip", headers={"Content-Encoding": "gzip"})
    with pytest.raises(Unreachable):
        fetch(server.url)
    server.answers["/"] = Answer(b"?", headers={"Content-Encoding": "gzip, br"})
    with pytest.raises(Unreachable, match="gzip, br"):
        fetch(server.url)


def drip(handler: BaseHTTPRequestHandler) -> None:
    for _ in range(100):
        handler.wfile.write(b"x")
        handler.wfile.flush()
        time.sleep(0.05)


def test_a_peer_that_drips_is_left_at_the_deadline(server: Peer) -> None:
    server.answers["/"] = Answer(sized=False, then=drip)
    began = time.monotonic()
    with pytest.raises(Unreachable, match="in time") as failure:
        fetch(server.url, timeout=0.4)
    assert time.monotonic() - began < 2
    assert failure.value.sent


def test_an_answer_cut_short_is_not_taken_for_whole(server: Peer) -> None:
    server.answers["/"] = Answer(b"half", headers={"Content-Length": "8"}, sized=False)
    with pytest.raises(Unreachable):
        fetch(server.url)


def test_nobody_there_says_that_nothing_was_sent(settings: object) -> None:
    settings.OUTBOUND_ALLOW = ["127.0.0.1"]  # type: ignore[attr-defined]
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        with pytest.raises(Unreachable) as failure:
            fetch(f"http://127.0.0.1:{closed.getsockname()[1]}/")
    assert not failure.value.sent


def test_a_server_without_a_valid_certificate_is_not_trusted(server: Peer) -> None:
    with pytest.raises(Unreachable) as failure:
        fetch(server.url.replace("http://", "https://"))
    assert not failure.value.sent


def test_an_address_in_other_letters_is_written_in_ascii(
    server: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = resolve_to(monkeypatch, "127.0.0.1")
    server.answers["/%C3%B8l"] = Answer(b"ale")
    assert fetch(f"http://sm\u00f8rrebr\u00f8d.example:{port_of(server)}/\u00f8l").body == b"ale"
    [host] = asked
    assert host.startswith("xn--")
