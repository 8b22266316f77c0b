"""Many calls at once: written together, answered each for itself."""

import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection

from accounts.models import Brand
from connectors.base import Post
from core.errors import Conflict
from monitoring import partitions
from monitoring.enums import SourceKind
from monitoring.ingest import Accepted
from monitoring.models import InboundCall, Mention, Source
from monitoring.services import inbound, sources
from tests.monitoring.test_webhook import Sender

pytestmark = pytest.mark.django_db(transaction=True)
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def no_months_known() -> None:
    """A test that was rolled back may have left a month that is remembered and not there."""
    partitions.forget()


@pytest.fixture
def sender(brand: Brand) -> Sender:
    made = sources.create_source(
        brand, kind=SourceKind.WEBHOOK, name="Hook", config={}, by=None, now=datetime.now(UTC)
    )
    return Sender(made.source, made.secret)


@contextmanager
def storm(source: Source, calls: list[tuple[str, list[Post]]]) -> Iterator[list[Future[Accepted]]]:
    """Let the calls arrive in order while another one is being written; they go on at the end."""
    line = inbound._lines.setdefault(source.pk, inbound._Line())

    def deliver(call_id: str, posts: list[Post]) -> Accepted:
        try:
            return inbound.receive(source, posts, call_id=call_id, now=NOW)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as crowd, line.turn:
        told = []
        for number, (call_id, posts) in enumerate(calls, 1):
            told.append(crowd.submit(deliver, call_id, posts))
            await_that(lambda number=number: len(line.waiting) >= min(number, len(told)))
        yield told


def await_that(condition: Any) -> None:
    end = time.monotonic() + 5
    while not condition() and time.monotonic() < end:
        time.sleep(0.005)


def post(name: str, text: str = "The coffee is cold") -> Post:
    return Post(external_id=name, text=text)


def test_each_call_of_a_crowd_is_told_what_became_of_its_own(sender: Sender) -> None:
    calls = [
        ("a", [post("1"), post("2")]),
        ("b", [post("2"), post("3"), post("4", text=" ")]),
        ("c", [post("5")]),
    ]
    with storm(sender.source, calls) as told:
        pass
    assert told[0].result() == Accepted(new=2)
    second = told[1].result()
    assert (second.new, second.known, [r.row for r in second.refused]) == (1, 1, [2])
    assert told[2].result() == Accepted(new=1)
    assert sorted(Mention.objects.values_list("external_id", flat=True)) == ["1", "2", "3", "5"]
    assert InboundCall.objects.count() == 3


def test_a_crowd_is_written_in_one_transaction(sender: Sender) -> None:
    calls = [(f"call{n}", [post(str(n))]) for n in range(20)]
    with storm(sender.source, calls) as told:
        pass
    assert [each.result().new for each in told] == [1] * 20
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(DISTINCT xmin::text) FROM monitoring_mention_2026_11")
        assert cursor.fetchone()[0] == 1


def test_useless_calls_and_replayed_ones_are_refused_beside_good_ones(sender: Sender) -> None:
    inbound.receive(sender.source, [post("0")], call_id="known", now=NOW)
    calls = [
        ("useless", [post("1", text=" ")]),
        ("known", [post("2")]),
        ("twice", [post("3")]),
        ("twice", [post("4")]),
        ("good", [post("5")]),
    ]
    with storm(sender.source, calls) as told:
        pass
    with pytest.raises(inbound.NothingUsable):
        told[0].result()
    with pytest.raises(Conflict):
        told[1].result()
    assert told[2].result().new == 1
    with pytest.raises(Conflict):
        told[3].result()
    assert told[4].result().new == 1
    ids = InboundCall.objects.values_list("call_id", flat=True)
    assert sorted(ids) == ["good", "known", "twice"]
    # The useless one may be sent again.
    assert inbound.receive(sender.source, [post("1")], call_id="useless", now=NOW).new == 1


def test_what_breaks_one_call_breaks_no_other(sender: Sender) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE monitoring_mentioncount ADD CONSTRAINT t CHECK (total < 3)")
    calls = [("bad", [post(str(n)) for n in range(5)]), ("good", [post("x")])]
    try:
        with storm(sender.source, calls) as told:
            pass
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE monitoring_mentioncount DROP CONSTRAINT t")
    assert told[0].exception() is not None
    assert told[1].result().new == 1
    assert list(InboundCall.objects.values_list("call_id", flat=True)) == ["good"]


def test_above_the_bound_the_sender_is_asked_to_come_again(
    sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbound, "MOST_CALLS", 2)
    calls = [("a", [post("1")]), ("b", [post("2")])]
    with storm(sender.source, calls):
        refused = sender({"mentions": [{"external_id": "3", "text": "late"}]}, call_id="c")
        assert refused.status_code == 429
        assert refused.headers["Retry-After"] == "1"
        assert not Mention.objects.exists()
    assert (
        sender({"mentions": [{"external_id": "3", "text": "late"}]}, call_id="c").json()["accepted"]
        == 1
    )
    assert Mention.objects.count() == 3
