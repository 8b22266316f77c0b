"""Bluesky on loopback: its own PDS and PLC directory, and its AppView on a database of its own.

The AppView searches by a plain LIKE that heeds upper and lower case and ignores `since`, `lang` and
`mentions`: what a query means cannot be tested with it.
"""

import base64
import json
import shutil
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import psycopg
from django.conf import settings

from . import HERE, folder, free_ports, running

# Procedures that refuse a body, an empty object included.
_NO_INPUT = {"com.atproto.server.deleteSession", "com.atproto.server.activateAccount"}
# Of the servers in development, and of no others.
JWT_SECRET = "jwt-secret"
ADMIN = "admin-pass"


def missing() -> str:
    """Say what to install before the servers can run, or nothing."""
    if not shutil.which("node"):
        return "Bluesky's servers need Node.js 20 or newer and npm."
    if not (folder() / "node_modules" / "@atproto" / "dev-env").is_dir():
        return "Bluesky's servers are not installed: run `make test-peers` (npm, about 360 MB)."
    return ""


@dataclass
class Network:
    """`pds` is the service that accounts live on; `firehose` its stream of everything."""

    pds: str
    control: str
    people: dict[str, "Person"] = field(default_factory=dict)

    @property
    def firehose(self) -> str:
        return self.pds.replace("http://", "ws://")

    def settle(self) -> None:
        """Wait until the AppView has taken up whatever the PDS has."""
        with urllib.request.urlopen(self.control, timeout=60) as answer:
            assert answer.read() == b"settled"

    def person(self, name: str) -> "Person":
        """Return the account of that name, made on the first call."""
        if name not in self.people:
            self.people[name] = Person.create(self.pds, name)
        return self.people[name]

    def take_down(self, person: "Person", *, applied: bool) -> None:
        """Suspend an account as the server's moderators do, or let it back."""
        subject = {"$type": "com.atproto.admin.defs#repoRef", "did": person.did}
        body = {"subject": subject, "takedown": {"applied": applied, "ref": "tests"}}
        auth = ("Basic", base64.b64encode(f"admin:{ADMIN}".encode()).decode())
        call(self.pds, "com.atproto.admin.updateSubjectStatus", body, auth=auth)


@dataclass
class Person:
    """An account of the network that tests write with, by a client of its own and plain calls."""

    pds: str
    did: str
    handle: str
    password: str
    token: str

    @classmethod
    def create(cls, pds: str, name: str) -> "Person":
        handle, password = f"{name}.test", f"password-of-{name}"
        made = call(
            pds,
            "com.atproto.server.createAccount",
            {"handle": handle, "email": f"{name}@example.org", "password": password},
        )
        return cls(pds, made["did"], handle, password, made["accessJwt"])

    def call(self, method: str, body: dict[str, Any] | None = None, **query: Any) -> Any:
        return call(self.pds, method, body, auth=("Bearer", self.token), **query)

    def post(self, text: str, **record: Any) -> dict[str, str]:
        """Write a post; return its {"uri", "cid"}."""
        record = {"createdAt": _now(), **record, "text": text}
        made = self.call("com.atproto.repo.createRecord", self._record(record))
        return {"uri": made["uri"], "cid": made["cid"]}

    def edit(self, uri: str, text: str, **record: Any) -> None:
        record = {"createdAt": _now(), **record, "text": text}
        self.call("com.atproto.repo.putRecord", {**self._record(record), "rkey": _rkey(uri)})

    def delete(self, uri: str) -> None:
        self.call(
            "com.atproto.repo.deleteRecord",
            {"repo": self.did, "collection": "app.bsky.feed.post", "rkey": _rkey(uri)},
        )

    def posts(self) -> list[dict[str, Any]]:
        """Return everything that the account has published, as the PDS keeps it."""
        found = self.call(
            "com.atproto.repo.listRecords",
            None,
            repo=self.did,
            collection="app.bsky.feed.post",
            limit=100,
        )
        return found["records"]

    def app_password(self, name: str = "desk") -> str:
        return self.call("com.atproto.server.createAppPassword", {"name": name})["password"]

    def mention(self, text: str, other: "Person") -> dict[str, str]:
        """Write a post that mentions another: `text` holds @handle."""
        start = text.encode().index(f"@{other.handle}".encode())
        place = {"byteStart": start, "byteEnd": start + len(other.handle) + 1}
        feature = {"$type": "app.bsky.richtext.facet#mention", "did": other.did}
        return self.post(text, facets=[{"index": place, "features": [feature]}])

    def _record(self, record: dict[str, Any]) -> dict[str, Any]:
        record = {"$type": "app.bsky.feed.post", **record}
        return {"repo": self.did, "collection": "app.bsky.feed.post", "record": record}


def _now() -> str:
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")


def _rkey(uri: str) -> str:
    return uri.rsplit("/", 1)[1]


def call(
    base: str,
    method: str,
    body: dict[str, Any] | None = None,
    *,
    auth: tuple[str, str] | None = None,
    **query: Any,
) -> Any:
    """Call a method of a server: a procedure where a body is given, else a query."""
    told = None if body is None or method in _NO_INPUT else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"} if told else {}
    if auth:
        headers["Authorization"] = " ".join(auth)
    url = f"{base}/xrpc/{method}" + (f"?{urlencode(query, doseq=True)}" if query else "")
    how = "GET" if body is None else "POST"
    request = urllib.request.Request(url, told, headers, method=how)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.loads(answer.read() or b"null")


@contextmanager
def network(home: Path, **pds: Any) -> Iterator[Network]:
    """Run PLC, PDS and AppView; `pds` are further settings of the PDS."""
    with _database() as url:
        settings_of_view = {
            "DB_POSTGRES_URL": url,
            "DB_POSTGRES_SCHEMA": "devenv",
            # Must be set; nothing needs to listen there.
            "REDIS_HOST": "127.0.0.1:1",
        }
        with _serving(home, pds, settings_of_view) as found:
            yield found


@contextmanager
def pds_alone(home: Path, **pds: Any) -> Iterator[Network]:
    """Run PLC and PDS only: accounts, posts and the firehose, but no search."""
    with _serving(home, pds, {"DB_POSTGRES_URL": ""}) as found:
        yield found


@contextmanager
def _serving(home: Path, pds: dict[str, Any], env: dict[str, str]) -> Iterator[Network]:
    data = home / "data"
    data.mkdir()
    ports = free_ports(5)
    names = ("pds", "plc", "bsky", "ozone")
    wanted: dict[str, Any] = {n: {"port": p} for n, p in zip(names, ports, strict=False)}
    wanted["pds"] |= pds
    command = ["node", "--require", str(HERE / "loopback_only.cjs"), str(HERE / "atproto_env.cjs")]
    log = home / "log"
    with running(
        [*command, json.dumps({**wanted, "control": ports[4]})],
        ready=lambda: b'"ready":true' in log.read_bytes(),
        log=log,
        env={
            **env,
            "NODE_ENV": "test",
            "NODE_PATH": str(folder() / "node_modules"),
            "TMPDIR": str(data),
        },
    ):
        yield Network(f"http://localhost:{ports[0]}", f"http://127.0.0.1:{ports[4]}/")


@contextmanager
def _database() -> Iterator[str]:
    """A database of the server that the tests use, for the AppView alone."""
    ours = settings.DATABASES["default"]
    name = f"atproto_{free_ports(1)[0]}"
    given = {"host": ours["HOST"], "port": ours["PORT"], "user": ours["USER"]}
    given |= {"password": ours["PASSWORD"]}
    given = {key: str(value) for key, value in given.items() if value}
    with psycopg.connect(**given, dbname="postgres", autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}")
        try:
            yield f"postgres:///{name}?{urlencode(given)}"
        finally:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
