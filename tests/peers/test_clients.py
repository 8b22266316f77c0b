"""Other people's clients read the stand-ins of networks that cannot run here, and see the same.

And Google's own description of its API knows every call and parameter that ours make.
"""

import json
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from connectors.base import Message
from connectors.registry import NETWORKS
from tests.connectors.test_networks import WORLDS, drained
from tests.connectors.worlds import NOW, World, running
from tests.connectors.worlds.x import X

from . import servers
from .servers import HERE, folder

JUDGED = ["reddit", "youtube", "googleplay", "x"]
# The world of YouTube takes this off the paths that it remembers.
PREFIX = {"youtube": "/youtube/v3"}
PYTHON = folder() / "clients" / "bin" / "python"


def missing() -> str:
    if not PYTHON.exists():
        return "The clients are not installed: run `make test-peers` (PyPI)."
    return ""


@pytest.fixture(params=JUDGED)
def world(request: pytest.FixtureRequest, settings: object) -> Iterator[World]:
    servers.need(missing())
    settings.OUTBOUND_ALLOW = ["127.0.0.0/8"]
    with running(WORLDS[request.param]()) as served:
        # X's own client knows the newer words only.
        if isinstance(served, X):
            served.newer = True
        yield served


def judged(world: World, calls: list[Any]) -> Any:
    done = subprocess.run(
        [str(PYTHON), str(HERE / "clients_judge.py"), world.network, world.url],
        input=json.dumps(calls),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


def test_another_client_reads_there_what_ours_reads(world: World) -> None:
    world.add(45, at=NOW - timedelta(hours=1))
    batches, _cursor = drained(world, {})
    ours = {post.external_id: post.text for batch in batches for post in batch.posts}
    publisher = NETWORKS[world.network].publisher(world.connection(answers="all"))
    message = Message("Vi ser på det.", "k", world.items[0].id, NOW - timedelta(minutes=1))
    publisher.publish(message)
    publisher.find(message)
    calls = [
        [asked.method, PREFIX.get(world.network, "") + asked.path, sorted(asked.query)]
        for asked in world.asked
        if not world.signs_in(asked)
    ]
    said = judged(world, calls)
    theirs = {str(each): text for each, text in said["read"]}
    assert {key: theirs.get(key) for key in ours} == ours
    assert said["unknown"] == []
