"""A server of the Mastodon API on loopback: mastodon-mock, which keeps what is posted.

It has streams, edits, idempotency keys and tokens that can be revoked, and fails on request. It
ignores `offset` and `min_id` of a search and does not count addresses at their fixed length. An
independent client (Mastodon.py, in the same environment) says what it finds there.
"""

import json
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from . import HERE, answers, folder, free_ports, running

CONFIG = """
title = "Testodon"
[streaming]
heartbeat_seconds = 2
[[seed.accounts]]
username = "fjordkaffe"
display_name = "Fjordkaffe"
access_token = "token-of-fjordkaffe"
[[seed.accounts]]
username = "ann"
display_name = "Ann"
access_token = "token-of-ann"
"""


def missing() -> str:
    """Say what to install before the server can run, or nothing."""
    if not _program("mastodon_mock").exists():
        return "The Mastodon server is not installed: run `make test-peers` (PyPI, mastodon-mock)."
    return ""


def _program(name: str) -> Path:
    return folder() / "mastodon" / "bin" / name


@dataclass
class Server:
    """A server, with what tests do on it as somebody, by plain calls."""

    url: str

    def call(self, method: str, path: str, body: Any = None, *, by: str = "ann") -> Any:
        """Call as the account of that name; return the JSON of the answer."""
        request = urllib.request.Request(
            self.url + path,
            None if body is None else json.dumps(body).encode(),
            {
                "Authorization": f"Bearer {self.token(by)}",
                "Content-Type": "application/json",
            },
            method=method,
        )
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.loads(answer.read() or b"null")

    @staticmethod
    def token(name: str) -> str:
        return f"token-of-{name}"

    def new_token(self, name: str) -> str:
        """Return a further token of the account, which can be revoked without harm to others."""
        return self.call("POST", "/api/v1/_mock/login", {"username": name})["access_token"]

    def revoke(self, token: str) -> None:
        form = urlencode({"token": token}).encode()
        urllib.request.urlopen(self.url + "/oauth/revoke", form, timeout=20).close()

    def post(self, text: str, *, by: str = "ann", **more: Any) -> dict[str, Any]:
        return self.call("POST", "/api/v1/statuses", {"status": text, **more}, by=by)

    def edit(self, status_id: str, text: str, *, by: str = "ann") -> None:
        self.call("PUT", f"/api/v1/statuses/{status_id}", {"status": text}, by=by)

    def delete(self, status_id: str, *, by: str = "ann") -> None:
        self.call("DELETE", f"/api/v1/statuses/{status_id}", by=by)

    def fails(self, path: str, status: int, *, count: int = 1, **headers: str) -> None:
        """Let the next calls of a path fail."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        effect = {"type": "status", "status": status, "headers": named}
        rule = {"match": {"path": path}, "effect": effect, "count": count}
        self.call("POST", "/api/v1/_mock/faults", rule)

    def works_again(self) -> None:
        self.call("DELETE", "/api/v1/_mock/faults")

    def judged(self, name: str = "fjordkaffe") -> list[dict[str, Any]]:
        """What Mastodon.py sees of an account's own posts, the newest first."""
        done = subprocess.run(
            # Isolated: the client's module has the name of this one.
            [_program("python"), "-I", HERE / "mastodon_judge.py", self.url, self.token(name)],
            capture_output=True,
            timeout=60,
            check=True,
        )
        return json.loads(done.stdout)


@contextmanager
def server(home: Path) -> Iterator[Server]:
    """Run a server that knows the accounts fjordkaffe and ann."""
    (home / "config.toml").write_text(CONFIG)
    port = free_ports(1)[0]
    place = ["--host", "127.0.0.1", "--port", str(port), "--in-memory"]
    command = [str(_program("mastodon_mock")), "serve", "--config", str(home / "config.toml")]
    url = f"http://127.0.0.1:{port}"
    with running([*command, *place], ready=answers(url + "/api/v1/instance"), log=home / "log"):
        yield Server(url)
