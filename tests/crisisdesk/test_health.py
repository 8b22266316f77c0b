"""What probes and scrapers are told."""

from datetime import timedelta

import pytest
import redis
from django.conf import settings as configured
from django.test import Client

from core.clock import database_now
from core.engine import Loop
from core.models import LoopBeat
from crisisdesk import auditor
from crisisdesk.celery import app

pytestmark = pytest.mark.django_db


@pytest.fixture
def loop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auditor, "LOOPS", {"send": Loop("send", 1, lambda: 0)})


def beat(age: float, error: str = "") -> None:
    moment = database_now() - timedelta(seconds=age)
    LoopBeat.objects.create(name="send", beat_at=moment, every=1, error=error)


def test_the_process_answers(client: Client) -> None:
    assert client.get("/healthz").content == b"ok\n"


def test_ready_while_database_broker_and_engine_work(client: Client, loop: None) -> None:
    beat(2)
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {"database": "ok", "broker": "ok", "engine": "ok"}


def test_a_silent_engine_is_named_without_its_reasons(client: Client, loop: None) -> None:
    beat(60, error="OperationalError: host db.internal")
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["engine"] == "failed: no full cycle of send"
    assert answer.json()["database"] == "ok"


def test_an_absent_broker_is_named(client: Client, settings, loop: None) -> None:
    beat(0)
    settings.REDIS_URL = "unix:///nonexistent/valkey.sock"
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["broker"] == "failed: ConnectionError"


def test_figures_name_the_loops_and_the_queue(client: Client) -> None:
    beat(7)
    queue = app.conf.task_default_queue
    with redis.Redis.from_url(configured.REDIS_URL) as broker:
        broker.delete(queue)
        broker.rpush(queue, "one", "two")
        text = client.get("/metrics").content.decode()
        broker.delete(queue)
    assert 'crisisdesk_loop_age_seconds{loop="send"} 7' in text
    assert f'crisisdesk_queue_length{{queue="{queue}"}} 2' in text


def test_figures_are_for_this_machine_or_for_the_token(client: Client, settings) -> None:
    assert client.get("/metrics", REMOTE_ADDR="192.0.2.1").status_code == 403
    settings.METRICS_TOKEN = "open-sesame"
    assert client.get("/metrics").status_code == 403
    headers = {"Authorization": "Bearer open-sesame"}
    assert client.get("/metrics", headers=headers, REMOTE_ADDR="192.0.2.1").status_code == 200
