import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from celery import Celery
from django.db import connection

from accounts.models import AuditEntry, Brand, User
from core.errors import Conflict, Refused
from monitoring import loops, tasks
from monitoring.enums import SourceKind
from monitoring.models import Mention, Query, Source
from monitoring.services import polling, queries, sources
from tests.factories.connectors import SimulatedPostFactory
from tests.factories.monitoring import QueryFactory, SourceFactory
from tests.peer import Answer, Peer, peer

NOW = datetime(2026, 11, 23, 14, 0, 30, tzinfo=UTC)
RSS = (
    "<rss version='2.0'><channel><title>News</title><item><guid>1</guid>"
    "<title>Fjordkaffe er lukket</title></item></channel></rss>"
)


@pytest.fixture
def server(settings: Any) -> Iterator[Peer]:
    settings.OUTBOUND_ALLOW = ["127.0.0.0/8"]
    with peer() as served:
        served.answers["/feed"] = Answer(RSS.encode())
        yield served


@pytest.fixture
def feed(brand: Brand, server: Peer) -> Source:
    return SourceFactory.create(
        brand=brand,
        kind=SourceKind.FEED,
        name="News",
        config={"url": server.url + "/feed"},
        next_poll_at=NOW,
    )


@pytest.fixture
def world(brand: Brand) -> Source:
    return SourceFactory.create(
        brand=brand,
        kind=SourceKind.SIMULATOR,
        config={"world": "test"},
        poll_every=2,
        next_poll_at=NOW,
    )


def create(brand: Brand, kind: str = SourceKind.FEED, name: str = "News", **config: Any) -> Source:
    made = sources.create_source(brand, kind=kind, name=name, config=config, by=None, now=NOW)
    return made.source


def test_a_polled_source_is_due_at_once_and_the_others_never(brand: Brand) -> None:
    feed = create(brand, url="https://x.example/feed")
    assert (feed.next_poll_at, feed.poll_every) == (NOW, 300)
    assert create(brand, SourceKind.SIMULATOR, "World", world="w").poll_every == 2
    assert create(brand, SourceKind.FILE, "Files").next_poll_at is None
    assert create(brand, SourceKind.WEBHOOK, "Hook").next_poll_at is None


def test_a_name_is_given_once_a_brand(brand: Brand, other_brand: Brand) -> None:
    create(brand)
    create(other_brand)
    with pytest.raises(Conflict, match="News"):
        create(brand)
    assert Source.objects.count() == 2


def test_a_webhook_gets_a_secret_that_is_kept_sealed(brand: Brand) -> None:
    made = sources.create_source(
        brand, kind=SourceKind.WEBHOOK, name="Hook", config={}, by=None, now=NOW
    )
    source = Source.objects.get()
    assert sources.secrets(source, now=NOW) == [made.secret]
    assert made.secret.encode() not in bytes(source.sealed)
    assert source.public_id != create(brand).public_id


def test_every_change_is_in_the_audit_trail_without_secrets(brand: Brand, alice: User) -> None:
    hook = create(brand, SourceKind.WEBHOOK, "Hook")
    secret = sources.rotate_secret(hook, by=alice, now=NOW)
    sources.set_active(hook, active=False, by=alice, now=NOW)
    sources.set_active(hook, active=False, by=alice, now=NOW)
    sources.set_active(hook, active=True, by=alice, now=NOW)
    sources.update_source(hook, name="Hooks", config={}, poll_every=None, by=alice, now=NOW)
    entries = AuditEntry.objects.filter(brand_id=brand.pk).order_by("number")
    assert [entry.action for entry in entries] == [
        "source.created", "source.secret_rotated", "source.paused", "source.resumed",
        "source.changed",
    ]  # fmt: skip
    assert not any(secret in str(entry.detail) for entry in entries)
    assert {entry.actor_id for entry in entries[1:]} == {alice.pk}


def test_another_address_is_read_from_its_beginning(feed: Source, alice: User) -> None:
    Source.objects.update(cursor={"etag": "x"}, next_poll_at=NOW + timedelta(hours=1))
    same = dict(feed.config)
    kept = sources.update_source(feed, name="N", config=same, poll_every=10, by=alice, now=NOW)
    assert (kept.cursor, kept.next_poll_at, kept.poll_every) == ({"etag": "x"}, NOW, 60)
    moved = sources.update_source(
        feed, name="N", config={"url": "https://x.example"}, poll_every=900, by=alice, now=NOW
    )
    assert (moved.cursor, moved.poll_every) == ({}, 900)


def test_only_webhooks_have_secrets(feed: Source, alice: User) -> None:
    with pytest.raises(Refused):
        sources.rotate_secret(feed, by=alice, now=NOW)


def test_what_is_due_is_claimed_once_by_moving_its_time(feed: Source, world: Source) -> None:
    SourceFactory.create(kind=SourceKind.FEED, next_poll_at=NOW, is_active=False)
    SourceFactory.create(kind=SourceKind.FEED, next_poll_at=NOW + timedelta(seconds=1))
    SourceFactory.create(kind=SourceKind.WEBHOOK)
    claimed = polling.claim_due(now=NOW)
    assert sorted(claimed) == sorted([(feed.pk, 300), (world.pk, 2)])
    assert polling.claim_due(now=NOW) == []
    feed.refresh_from_db()
    assert feed.next_poll_at == NOW + timedelta(seconds=300)


@pytest.mark.django_db(transaction=True)
def test_eight_engines_claim_each_source_once() -> None:
    for _ in range(40):
        SourceFactory.create(kind=SourceKind.FEED, next_poll_at=NOW)
    claimed: list[int] = []
    ready = Barrier(8)

    def claim() -> None:
        ready.wait()
        try:
            claimed.extend(pk for pk, _every in polling.claim_due(now=NOW, limit=10))
        finally:
            connection.close()

    threads = [Thread(target=claim) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(claimed) == len(set(claimed))
    assert 10 <= len(claimed) <= 40


def test_a_feed_is_read_into_mentions_with_its_cursor(feed: Source) -> None:
    assert polling.poll(feed.pk, now=NOW).new == 1
    feed.refresh_from_db()
    assert Mention.objects.get().title == "Fjordkaffe er lukket"
    assert feed.cursor["digest"]
    assert feed.succeeded_at == feed.mention_at == NOW
    assert polling.poll(feed.pk, now=NOW).new == 0


def test_a_feed_that_carries_more_is_filtered_by_the_brands_words(
    feed: Source, server: Peer
) -> None:
    feed.config["match"] = True
    feed.save()
    QueryFactory.create(brand=feed.brand, expression="fjordkaffe")
    server.answers["/feed"] = Answer(RSS.replace("Fjordkaffe", "Havnen").encode())
    assert polling.poll(feed.pk, now=NOW).unmatched == 1
    server.answers["/feed"] = Answer(RSS.encode())
    assert polling.poll(feed.pk, now=NOW).new == 1


def test_failures_are_told_and_asked_again_later_and_later(feed: Source, server: Peer) -> None:
    server.answers["/feed"] = Answer(status=404)
    waits = []
    for _ in range(6):
        polling.poll(feed.pk, now=NOW)
        feed.refresh_from_db()
        assert feed.next_poll_at is not None
        waits.append((feed.next_poll_at - NOW).total_seconds())
    for wait, usual in zip(waits, [300, 600, 1200, 2400, 3600, 3600], strict=True):
        assert abs(wait - usual) <= usual * polling.JITTER
    assert waits != [300, 600, 1200, 2400, 3600, 3600]
    assert feed.failures == 6
    assert "nothing at this address" in feed.problem
    assert feed.error_at == NOW
    server.answers["/feed"] = Answer(RSS.encode())
    polling.poll(feed.pk, now=NOW)
    feed.refresh_from_db()
    assert (feed.failures, feed.error) == (0, "")


def test_retry_after_is_honoured(feed: Source, server: Peer) -> None:
    server.answers["/feed"] = Answer(status=429, headers={"Retry-After": "7200"})
    polling.poll(feed.pk, now=NOW)
    feed.refresh_from_db()
    assert feed.next_poll_at == NOW + timedelta(seconds=7200)


def test_a_source_without_its_setting_says_which(brand: Brand) -> None:
    source = SourceFactory.create(brand=brand, kind=SourceKind.SIMULATOR, config={})
    polling.poll(source.pk, now=NOW)
    source.refresh_from_db()
    assert "world" in source.problem


def test_a_paused_or_missing_source_is_not_read(feed: Source, server: Peer) -> None:
    Source.objects.update(is_active=False)
    polling.poll(feed.pk, now=NOW)
    polling.poll(999_999, now=NOW)
    assert server.calls == []


def test_all_pages_of_a_simulated_world_are_read_in_one_poll(
    world: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(polling, "PAGE", 10)
    for n in range(35):
        SimulatedPostFactory.create(appears_at=NOW - timedelta(seconds=n))
    assert polling.poll(world.pk, now=NOW).new == 35
    assert polling.poll(world.pk, now=NOW).new == 0


def test_a_quiet_world_costs_hardly_a_query(
    world: Source, django_assert_max_num_queries: Any
) -> None:
    polling.poll(world.pk, now=NOW)
    with django_assert_max_num_queries(3):
        polling.poll(world.pk, now=NOW + timedelta(seconds=2))
    world.refresh_from_db()
    assert world.succeeded_at == NOW
    polling.poll(world.pk, now=NOW + timedelta(seconds=62))
    world.refresh_from_db()
    assert world.succeeded_at == NOW + timedelta(seconds=62)


def test_trying_out_keeps_nothing(feed: Source, server: Peer) -> None:
    tried = polling.try_out(feed.kind, feed.config, now=NOW)
    assert tried.probe is not None
    assert tried.probe.sample == ["Fjordkaffe er lukket"]
    assert not Mention.objects.exists()
    server.answers["/feed"] = Answer(status=410)
    assert "gone" in str(polling.try_out(feed.kind, feed.config, now=NOW).error)


def test_words_of_a_brand_are_set_and_taken_away(brand: Brand, alice: User) -> None:
    queries.set_words(brand, any_of=["kaffe"], none_of=["te"], by=alice)
    query = Query.objects.get()
    assert (query.expression, query.is_active) == ('"kaffe" NOT "te"', True)
    queries.set_words(brand, any_of=[], none_of=[], by=alice)
    query.refresh_from_db()
    assert not query.is_active


@pytest.mark.django_db
def test_the_loop_hands_what_is_due_to_the_workers(feed: Source) -> None:
    Source.objects.update(next_poll_at=NOW - timedelta(days=30))
    assert loops.poll() == 0
    assert Mention.objects.count() == 1
    feed.refresh_from_db()
    assert feed.next_poll_at is not None
    assert feed.next_poll_at > NOW - timedelta(days=30)


def nothing() -> None:
    """A task that nobody runs."""


def test_without_a_broker_it_is_said_once_and_with_one_again_nothing_is_said(
    caplog: pytest.LogCaptureFixture, settings: Any
) -> None:
    nobody = Celery("nobody", broker="redis://127.0.0.1:1/0", set_as_current=False)
    somebody = Celery("somebody", broker=settings.CELERY_BROKER_URL, set_as_current=False)
    for app in (nobody, somebody):
        app.conf.broker_transport_options = settings.CELERY_BROKER_TRANSPORT_OPTIONS
    lost, sent = nobody.task(name="lost")(nothing), somebody.task(name="nowhere")(nothing)
    began = time.monotonic()
    assert not tasks.hand_over(lost, expires=1)
    assert not tasks.hand_over(lost, expires=1)
    assert time.monotonic() - began < 1
    assert tasks.hand_over(sent, expires=1)
    assert not tasks.hand_over(lost, expires=1)
    said = [record for record in caplog.records if "broker" in record.message]
    assert len(said) == 2
    with somebody.connection_for_write() as connection:
        connection.default_channel.queue_purge("celery")
