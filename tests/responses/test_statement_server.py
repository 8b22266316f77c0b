"""The process of the statement pages, driven over real lines."""

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from responses.statements import files, server, serving
from tests.crisisdesk.installation import ROOT, eventually, free_port

PAGE = b"<!doctype html><title>Sorry</title>" + b"<p>We are sorry.</p>" * 200
PACKED = {"Accept-Encoding": "gzip, br"}


class Served:
    """A running server of a folder, without database and without Redis."""

    def __init__(self, root: Path) -> None:
        self.root, self.port = root, free_port()
        away = {
            "DATABASE_URL": "postgresql://nobody@127.0.0.1:9/none",
            "REDIS_URL": "redis://127.0.0.1:9/0",
        }
        self.process = subprocess.Popen(
            [
                *(sys.executable, "manage.py", "statements"),
                *("--host", "127.0.0.1", "--port", str(self.port), "--root", str(root)),
            ],
            cwd=ROOT,
            env={**os.environ, **away},
        )
        eventually(lambda: self.ask("/healthz", alive=False)[0] == 200, 150)

    def ask(
        self, path: str, method: str = "GET", *, alive: bool = True, **headers: str
    ) -> tuple[int, dict[str, str], bytes]:
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            line.request(method, path, headers=named)
            answer = line.getresponse()
            told = {name.lower(): value for name, value in answer.getheaders()}
            return answer.status, told, answer.read()
        except OSError:
            if alive:
                raise
            return 0, {}, b""
        finally:
            line.close()


@pytest.fixture(name="root", scope="module")
def root_fixture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("served") / "statements"
    (root.parent / "secret.html").write_text("secret")
    files.write(
        root,
        {
            "s/b/recall/index.html": PAGE,
            "s/b/recall/1/entry.json": b'{"number":1}',
            "s/b/recall/1/entry.sig": b"\x00" * 64,
            "s/b/recall/feed.json": b"{}",
            "s/b/style.0123.css": b":root{}",
            "404.html": b"<p>Gone</p>",
        },
    )
    return root


@pytest.fixture(name="served", scope="module")
def served_fixture(root: Path) -> Iterator[Served]:
    served = Served(root)
    yield served
    served.process.send_signal(signal.SIGTERM)
    assert served.process.wait(20) is not None


def test_a_page_comes_packed_with_its_headers(served: Served) -> None:
    status, headers, body = served.ask("/s/b/recall/", Accept_Encoding="gzip, br")
    assert (status, headers["content-encoding"]) == (200, "br")
    assert len(body) == int(headers["content-length"]) < len(PAGE) / 10
    assert "script-src" not in headers["content-security-policy"]
    assert headers["content-security-policy"].startswith("default-src 'none'")
    assert headers["x-content-type-options"] == "nosniff"
    assert "max-age=10" in headers["cache-control"]
    assert served.ask("/s/b/recall/", Accept_Encoding="gzip")[1]["content-encoding"] == "gzip"
    assert served.ask("/s/b/recall/")[2] == PAGE
    assert served.ask("/s/b/recall/index.html")[2] == PAGE


def test_what_never_changes_may_be_kept_for_ever(served: Served) -> None:
    for path in ("/s/b/recall/1/entry.json", "/s/b/recall/1/entry.sig", "/s/b/style.0123.css"):
        headers = served.ask(path)[1]
        assert "immutable" in headers["cache-control"]
        assert headers["access-control-allow-origin"] == "*"
    assert served.ask("/s/b/recall/feed.json")[1]["content-type"].startswith(
        "application/feed+json"
    )


def test_who_has_the_page_is_told_so(served: Served) -> None:
    etag = served.ask("/s/b/recall/", Accept_Encoding="br")[1]["etag"]
    status, headers, body = served.ask("/s/b/recall/", Accept_Encoding="br", If_None_Match=etag)
    assert (status, body, headers["etag"]) == (304, b"", etag)
    assert served.ask("/s/b/recall/", Accept_Encoding="br", If_None_Match='"x"')[0] == 200


def test_its_head_can_be_asked_for_and_nothing_can_be_sent(served: Served) -> None:
    status, headers, body = served.ask("/s/b/recall/", "HEAD")
    assert (status, int(headers["content-length"]), body) == (200, len(PAGE), b"")
    for method in ("POST", "PUT", "DELETE", "OPTIONS", "TRACE"):
        assert served.ask("/s/b/recall/", method)[0] == 405


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.html",
        "/s/../../secret.html",
        "/s/b/..%2f..%2f..%2fsecret.html",
        "/%2e%2e/secret.html",
        "/s/b/recall/....//index.html",
        "//etc/passwd",
        "/.written",
        "/s/b/recall/.index.html",
        "/s/b/recall/index.html.br",
        "/s/b/recall/index.html%00",
    ],
)
def test_nothing_but_what_was_exported_can_be_asked_for(served: Served, path: str) -> None:
    assert served.ask(path)[0] in (404, 400)


def test_an_address_without_its_slash_leads_on(served: Served) -> None:
    status, headers, _body = served.ask("/s/b/recall")
    assert (status, headers["location"]) == (308, "/s/b/recall/")


def test_a_new_page_is_served_within_moments(served: Served, root: Path) -> None:
    files.write(root, {"s/b/recall/da/index.html": b"<p>Ny</p>"})
    eventually(lambda: served.ask("/s/b/recall/da/")[0] == 200, 10)


def test_slow_callers_are_cut_and_others_do_not_notice(served: Served) -> None:
    slow = [socket.create_connection(("127.0.0.1", served.port)) for _ in range(50)]
    for line in slow:
        line.sendall(b"GET /s/b/recall/ HTTP/1.1\r\nHost: x\r\nX-Slow: ")
    began = time.monotonic()
    assert served.ask("/s/b/recall/")[0] == 200
    assert time.monotonic() - began < 5
    for line in slow:
        line.settimeout(server.PATIENCE + 10)
        with contextlib.suppress(ConnectionResetError):
            assert line.recv(1000) == b""
        line.close()


def test_endless_headers_are_cut_at_once(served: Served) -> None:
    with socket.create_connection(("127.0.0.1", served.port), timeout=10) as line:
        line.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n")
        assert _is_cut(line)


def _is_cut(line: socket.socket) -> bool:
    """Whether the line is reset or closed before five megabytes of headers are in."""
    try:
        for _ in range(5000):
            line.sendall(b"X: " + b"y" * 1000 + b"\r\n")
        return line.recv(1) == b""
    except OSError:
        return True


def test_a_folder_that_is_gone_is_served_on_from_memory(tmp_path: Path) -> None:
    files.write(tmp_path, {"s/index.html": PAGE})
    application = serving.Application(tmp_path, policy="default-src 'none'", secure=True)
    application.refresh()
    for place in sorted(tmp_path.rglob("*"), reverse=True):
        place.unlink() if place.is_file() else place.rmdir()
    application.refresh()
    assert "/s/" in application._table
