"""Web, worker, engine and Valkey are killed again and again while everything is under way."""

import json
import random
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
import uuid
from datetime import UTC, datetime

import pytest
from standardwebhooks import Webhook

from .installation import ROOT, Installation, eventually
from .midway import DRAFTS, INCIDENTS, ROUNDS, RUNGS

pytestmark = [pytest.mark.faults, pytest.mark.timeout(400), pytest.mark.xdist_group("desk")]
VICTIMS = ("web", "worker", "engine", "valkey")
KILLS, PAUSE = 14, 1.7


def ask(desk: Installation, what: str) -> dict:
    command = [sys.executable, "-W", "ignore", "-m", "tests.crisisdesk.midway", what]
    environment = {**desk.environment, "DJANGO_SETTINGS_MODULE": "crisisdesk.settings"}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


class Sender(threading.Thread):
    """Calls the webhook until told to stop; `accepted` are the ids that were answered with 200."""

    def __init__(self, address: str, secret: str) -> None:
        super().__init__(daemon=True)
        self.address, self.signer = address, Webhook(secret)
        self.accepted: list[str] = []
        self.failures = 0
        self.ending = threading.Event()

    def run(self) -> None:
        number = 0
        while not self.ending.is_set():
            ids = [f"m-{number}-{row}" for row in range(20)]
            if self._call(ids):
                self.accepted += ids
                number += 1
            else:
                # The same mentions again, as a platform would: what got in already is known.
                self.failures += 1
                self.ending.wait(0.1)

    def _call(self, ids: list[str]) -> bool:
        rows = [
            {"external_id": each, "text": f"Said about {each}", "author": "somebody"}
            for each in ids
        ]
        body = json.dumps({"mentions": rows})
        call, at = uuid.uuid4().hex, datetime.now(UTC)
        headers = {
            "Content-Type": "application/json",
            "webhook-id": call,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": self.signer.sign(call, at, body),
        }
        request = urllib.request.Request(self.address, body.encode(), headers)
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status == 200
        except OSError:
            return False


def test_nothing_is_lost_doubled_or_late(desk: Installation) -> None:
    desk.start()
    eventually(desk.ready, 20)
    hook = ask(desk, "prepare")
    sender = Sender(f"http://127.0.0.1:{desk.port}{hook['path']}", hook["secret"])
    sender.start()
    _kill(desk)
    eventually(lambda: desk.ready() and len(sender.accepted) > 100, 30)
    sender.ending.set()
    sender.join(30)
    done = _settled(desk)

    held = set(done["mentions"])
    assert set(sender.accepted) <= held, "an accepted mention is gone"
    assert len(done["mentions"]) == len(held) == done["counted"], "a mention is there twice"
    assert sorted(done["posts"]) == sorted(f"We are on it, number {n}." for n in range(DRAFTS))
    assert done["publications"] == ["SENT"] * DRAFTS
    assert done["unequal"] == 0
    assert done["calls"] == INCIDENTS * RUNGS * ROUNDS, "a rung was lost or fired twice"
    # Five seconds beyond the restart of the engine, which takes about one.
    assert done["latest"] < 6.5


def _kill(desk: Installation) -> None:
    chance = random.Random(20261123)
    for _ in range(KILLS):
        victim = desk.part(chance.choice(VICTIMS))
        if victim:
            victim.kill()
        time.sleep(PAUSE)


def _settled(desk: Installation) -> dict:
    """How it stands once every ladder is climbed and every publication has an outcome."""
    until = time.monotonic() + 120
    while True:
        now = ask(desk, "examine")
        under_way = {"QUEUED", "SENDING"} & set(now["publications"])
        if not under_way and not now["climbing"]:
            return now
        assert time.monotonic() < until, now
        time.sleep(2)
