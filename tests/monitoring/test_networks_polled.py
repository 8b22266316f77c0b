"""A network of tests/connectors/worlds polled as the product polls it: real rows, real cursor,
real credentials."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from accounts.models import Brand
from connectors import credentials
from connectors.base import Batch
from connectors.models import ConnectedAccount
from connectors.registry import NETWORKS
from core.clock import database_now
from monitoring import ingest
from monitoring.models import Mention, Source
from monitoring.services import polling
from tests.connectors.worlds import World, reply, running
from tests.connectors.worlds.google import GoogleBusiness
from tests.connectors.worlds.x import X
from tests.factories.connectors import AccountFactory
from tests.factories.monitoring import SourceFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _loopback(settings: object) -> None:
    settings.OUTBOUND_ALLOW = ["127.0.0.0/8"]


@pytest.fixture
def x() -> Iterator[X]:
    with running(X()) as world:
        yield world


@pytest.fixture
def business() -> Iterator[GoogleBusiness]:
    with running(GoogleBusiness()) as world:
        yield world


def connected(world: World, brand: Brand) -> Source:
    connection = world.connection()
    account: ConnectedAccount = AccountFactory.create(
        brand=brand, network=world.network, config=dict(connection.config)
    )
    credentials.store(account, dict(connection.secrets))
    source: Source = SourceFactory.create(
        brand=brand,
        kind=world.network,
        account=account,
        config=world.wanted,
        next_poll_at=database_now(),
    )
    return source


def poll(source: Source) -> Source:
    polling.poll(source.pk, now=database_now())
    source.refresh_from_db()
    return source


def test_a_poll_stores_each_post_once_and_a_token_renewed_for_good(x: X, brand: Brand) -> None:
    x.add(55, at=database_now() - timedelta(minutes=2))
    source = connected(x, brand)
    x.token = "fresh"
    poll(source)
    assert (source.error, Mention.objects.count()) == ("", 55)
    assert credentials.load(ConnectedAccount.objects.get())["refresh_token"] == "next"
    x.add(3, at=database_now())
    poll(source)
    assert Mention.objects.count() == 58
    assert {mention.network for mention in Mention.objects.all()} == {"x"}
    assert {mention.reach for mention in Mention.objects.all()} == {321}


def test_a_process_that_dies_before_the_commit_repeats_the_page(
    x: X, brand: Brand, monkeypatch: pytest.MonkeyPatch
) -> None:
    x.add(90, at=database_now() - timedelta(minutes=2))
    x.token = "fresh"
    source = connected(x, brand)
    right = ingest.accept_batch
    commits = []

    def dying(source: Source, batch: Batch, **more: Any) -> Any:
        commits.append(len(batch.posts))
        if len(commits) in {2, 4}:
            raise KeyboardInterrupt
        return right(source, batch, **more)

    monkeypatch.setattr(ingest, "accept_batch", dying)
    for _life in range(2):
        with pytest.raises(KeyboardInterrupt):
            poll(source)
    poll(source)
    assert Mention.objects.count() == 90


def test_a_limit_holds_the_source_and_refused_credentials_stop_it(x: X, brand: Brand) -> None:
    x.add(1)
    x.token = "fresh"
    source = connected(x, brand)
    x.faults = [reply({"title": "Too Many Requests"}, 429, Retry_After="900")]
    poll(source)
    assert source.failures == 1
    assert source.next_poll_at is not None
    assert source.next_poll_at - database_now() > timedelta(minutes=14)
    x.token = x.refresh = "none"
    polling.poll(source.pk, now=database_now() + timedelta(minutes=16))
    source.refresh_from_db()
    assert source.stopped_at is not None
    assert "Connect the account again" in source.error


def test_stars_come_with_reviews_and_change_with_them(
    business: GoogleBusiness, brand: Brand
) -> None:
    now = database_now()
    first, _second = business.add(2, at=now - timedelta(minutes=9), stars=4)
    source = connected(business, brand)
    poll(source)
    assert [mention.stars for mention in Mention.objects.all()] == [4.0, 4.0]
    first.stars, first.text, first.edited = 1, "Nu er den kold", now
    poll(source)
    edited = Mention.objects.get(external_id=first.id)
    assert (edited.stars, edited.text) == (1.0, "Nu er den kold")
    assert Mention.objects.count() == 2


def test_every_network_declares_what_its_forms_need() -> None:
    for name, network in NETWORKS.items():
        for fields in (network.account, network.source):
            names = [field.name for field in fields]
            assert len(names) == len(set(names)), name
        assert len(name) <= 20
        assert network.shortest_poll <= network.poll_every
