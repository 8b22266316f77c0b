"""The auditor raises what is late, once, and says when it is over."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from pytest_django.fixtures import Settings

from core import engine
from core.clock import database_now
from core.engine import Audit, Loop
from core.models import LoopBeat
from crisisdesk import auditor
from crisisdesk.auditor import Auditor
from tests.peer import Answer, peer

pytestmark = pytest.mark.django_db


Loops = dict[str, Loop]
Audits = dict[str, Audit]


@pytest.fixture(autouse=True)
def loops(monkeypatch: pytest.MonkeyPatch) -> Loops:
    """The register of loops, with none of the product's."""
    mine: Loops = {}
    monkeypatch.setattr(auditor, "LOOPS", mine)
    return mine


@pytest.fixture(autouse=True)
def audits(monkeypatch: pytest.MonkeyPatch) -> Audits:
    mine: Audits = {}
    monkeypatch.setattr(auditor, "AUDITS", mine)
    return mine


@pytest.fixture
def a_loop(loops: Loops) -> Callable[[float], None]:
    """`a_loop(age)` is a loop of one second whose last full cycle is `age` seconds ago."""

    def make(age: float) -> None:
        loops["escalate"] = Loop("escalate", 1, lambda: 0)
        LoopBeat.objects.update_or_create(
            name="escalate",
            defaults={"beat_at": database_now() - timedelta(seconds=age), "every": 1},
        )

    return make


def test_nothing_is_said_while_loops_beat(
    a_loop: Callable[[float], None], caplog: pytest.LogCaptureFixture
) -> None:
    a_loop(5)
    assert Auditor().look()
    assert caplog.text == ""
    assert LoopBeat.objects.get(name="auditor").error == ""


def test_a_silent_loop_is_raised_once_and_its_return_is_said(
    a_loop: Callable[[float], None], caplog: pytest.LogCaptureFixture
) -> None:
    watcher = Auditor()
    a_loop(30)
    assert not watcher.look()
    assert "ALARM: The loop escalate completed no cycle for 30 s." in caplog.text
    assert "escalate" in LoopBeat.objects.get(name="auditor").error
    caplog.clear()
    a_loop(40)
    assert not watcher.look()
    assert "ALARM" not in caplog.text
    a_loop(0)
    assert watcher.look()
    assert "Over: The loop escalate" in caplog.text


def test_a_loop_that_never_ran_is_raised(loops: Loops) -> None:
    loops["publish"] = Loop("publish", 1, lambda: 0)
    assert auditor.problems() == ["The loop publish has never completed a cycle."]


def test_what_a_room_finds_overdue_is_raised_and_its_failure_too(audits: Audits) -> None:
    def broken() -> list[str]:
        raise RuntimeError

    audits["overdue"] = lambda: ["Step 7 is 12 s late."]
    audits["broken"] = broken
    assert auditor.problems() == ["Step 7 is 12 s late.", "The audit broken failed: RuntimeError."]


def test_an_audit_cannot_be_registered_twice() -> None:
    engine.audit("tests.twice")(list)
    try:
        with pytest.raises(ValueError, match="registered twice"):
            engine.audit("tests.twice")(list)
    finally:
        del engine.AUDITS["tests.twice"]


def test_the_outside_is_asked_once_a_minute_and_only_while_all_is_well(
    a_loop: Callable[[float], None], settings: Settings
) -> None:
    with peer() as outside:
        settings.HEARTBEAT_URL = f"{outside.url}/beat"
        settings.OUTBOUND_ALLOW = ["127.0.0.1"]
        outside.answers["/beat"] = Answer(b"thanks")
        watcher = Auditor()
        a_loop(60)
        watcher.look()
        assert outside.calls == []
        a_loop(0)
        watcher.look()
        watcher.look()
        assert [call.path for call in outside.calls] == ["/beat"]


def test_a_heartbeat_that_fails_is_tried_again_in_the_next_round(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    with peer() as outside:
        settings.HEARTBEAT_URL = f"{outside.url}/beat"
        settings.OUTBOUND_ALLOW = ["127.0.0.1"]
        outside.answers["/beat"] = Answer(b"", 503)
        watcher = Auditor()
        assert watcher.look()
        assert "answered with 503" in caplog.text
        watcher.look()
        assert len(outside.calls) == 2
