from datetime import UTC, datetime, timedelta
from threading import Thread

import pytest
from django.db import connection

from connectors.base import (
    Message,
    PermanentError,
    Post,
    PublishError,
    Receipt,
    TemporaryError,
    UncertainError,
)
from connectors.models import SimulatedPost
from connectors.registry import publisher, reader
from tests.factories.connectors import AccountFactory, SimulatedPostFactory

NOW = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
HELLO = Message("We are sorry.", "key-1")


def ids(batch_posts: list[Post]) -> list[int]:
    return [int(post.external_id) for post in batch_posts]


@pytest.mark.django_db
def test_a_post_is_read_as_it_was_written() -> None:
    row = SimulatedPostFactory.create(
        text="Øv", author="@bo", followers=7, lang="da", network="x", appears_at=NOW
    )
    [post] = reader("simulator", {"world": "test"}).fetch({}, now=NOW).posts
    assert post == Post(str(row.pk), "Øv", "@bo", "", NOW, "da", 7, "x")


@pytest.mark.django_db
def test_only_what_has_appeared_in_this_world_and_is_not_ours_is_read() -> None:
    past = SimulatedPostFactory.create(appears_at=NOW - timedelta(minutes=1))
    SimulatedPostFactory.create(appears_at=NOW + timedelta(seconds=1))
    SimulatedPostFactory.create(world="other", appears_at=NOW - timedelta(minutes=1))
    SimulatedPostFactory.create(idempotency_key="mine", appears_at=NOW - timedelta(minutes=1))
    assert ids(reader("simulator", {"world": "test"}).fetch({}, now=NOW).posts) == [past.pk]


@pytest.mark.django_db
def test_pages_go_on_where_they_were_and_ties_lose_nothing() -> None:
    rows = [SimulatedPostFactory.create(appears_at=NOW) for _ in range(7)]
    source = reader("simulator", {"world": "test"})
    cursor: dict = {}
    found: list[int] = []
    for more in (True, True, False):
        batch = source.fetch(cursor, now=NOW, limit=3)
        assert batch.more is more
        found += ids(batch.posts)
        cursor = batch.cursor
    assert found == [row.pk for row in rows]


@pytest.mark.django_db
def test_a_post_that_was_written_late_is_read_all_the_same() -> None:
    SimulatedPostFactory.create(appears_at=NOW)
    source = reader("simulator", {"world": "test"})
    cursor = source.fetch({}, now=NOW).cursor
    late = SimulatedPostFactory.create(appears_at=NOW - timedelta(seconds=2))
    assert late.pk in ids(source.fetch(cursor, now=NOW).posts)


@pytest.mark.django_db
def test_what_is_published_appears_in_the_world_and_can_be_found() -> None:
    asked = SimulatedPostFactory.create()
    account = AccountFactory.create(name="Fjordkaffe", config={"world": "test", "network": "x"})
    network = publisher(account)
    assert network.find(HELLO) is None
    receipt = network.publish(Message("We are sorry.", "key-1", str(asked.pk)))
    row = SimulatedPost.objects.get(idempotency_key="key-1")
    assert receipt == Receipt(str(row.pk)) == network.find(HELLO)
    assert (row.text, row.author, row.network) == ("We are sorry.", "Fjordkaffe", "x")
    assert row.in_reply_to == asked


@pytest.mark.django_db
@pytest.mark.parametrize("reply_to", ["", "nonsense", "999999", "9" * 40, "²"])
def test_an_answer_to_nothing_known_is_just_a_post(reply_to: str) -> None:
    publisher(AccountFactory.create()).publish(Message("Hello", "key-1", reply_to))
    assert SimulatedPost.objects.get().in_reply_to is None


@pytest.mark.django_db(transaction=True)
def test_six_at_once_with_one_key_publish_once() -> None:
    account = AccountFactory.create()
    receipts: list[Receipt] = []

    def publish() -> None:
        try:
            receipts.append(publisher(account).publish(HELLO))
        finally:
            connection.close()

    threads = [Thread(target=publish) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(receipts) == 6
    assert len(set(receipts)) == SimulatedPost.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fail", "kind", "is_out"),
    [
        ("permanent", PermanentError, False),
        ("temporary", TemporaryError, False),
        ("uncertain", UncertainError, True),
        ("lost", UncertainError, False),
    ],
)
def test_it_fails_as_it_is_told_to(fail: str, kind: type[PublishError], is_out: bool) -> None:
    network = publisher(AccountFactory.create(config={"world": "test", "fail": fail}))
    with pytest.raises(kind):
        network.publish(HELLO)
    assert (network.find(HELLO) is not None) is is_out


@pytest.mark.django_db
def test_an_account_without_a_world_or_of_no_network_cannot_publish() -> None:
    with pytest.raises(PermanentError, match="world"):
        publisher(AccountFactory.create(config={}))
    with pytest.raises(PermanentError):
        publisher(AccountFactory.create(network="feed"))
