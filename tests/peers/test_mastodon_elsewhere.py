"""Against any server elsewhere: MASTO_URL=https://… MASTO_TOKEN=… pytest tests/peers -m external

Publishes two unlisted posts through the account of the token, and deletes them.
"""

import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.base import Can, Connection, Message, PermanentError, Receipt
from connectors.registry import NETWORKS

MASTODON = NETWORKS["mastodon"]
URL, TOKEN = os.environ.get("MASTO_URL", ""), os.environ.get("MASTO_TOKEN", "")
STAMP = f"crisisdesk{time.time_ns()}"
pytestmark = [
    pytest.mark.external,
    pytest.mark.skipif(not (URL and TOKEN), reason="MASTO_URL and MASTO_TOKEN are not set"),
]


@pytest.fixture
def connection(settings: Any) -> Connection:
    settings.OUTBOUND_ALLOW = ["127.0.0.0/8"]
    return Connection({"server": URL, "visibility": "unlisted"}, {"token": TOKEN})


@pytest.fixture
def posted(connection: Connection) -> Iterator[Receipt]:
    assert MASTODON.publisher
    assert MASTODON.retractor
    message = Message(f"A test of software, deleted at once. #{STAMP}", str(time.time_ns()))
    receipt = MASTODON.publisher(connection).publish(message)
    yield receipt
    MASTODON.retractor(connection).retract(receipt.external_id)


def test_the_connection_is_good(connection: Connection) -> None:
    assert MASTODON.prober
    probe = MASTODON.prober(connection, {}).probe(now=datetime.now(UTC))
    assert Can.NOTIFICATIONS in probe.can, probe.notes


def test_publishing_again_finds_what_is_there_whatever_the_key(
    connection: Connection, posted: Receipt
) -> None:
    assert MASTODON.publisher
    message = Message(f"A test of software, deleted at once. #{STAMP}", "another-key")
    network = MASTODON.publisher(connection)
    assert network.find(message) == posted == network.publish(message)


def test_an_answer_hangs_under_what_it_answers_and_goes(
    connection: Connection, posted: Receipt
) -> None:
    assert MASTODON.publisher
    assert MASTODON.retractor
    assert MASTODON.looker
    answer = Message("An answer, deleted at once.", STAMP + "a", reply_to=posted.external_id)
    receipt = MASTODON.publisher(connection).publish(answer)
    looker = MASTODON.looker(connection, {})
    [seen] = looker.look_up([receipt.external_id], now=datetime.now(UTC)).posts
    assert seen.parent_id == posted.external_id
    MASTODON.retractor(connection).retract(receipt.external_id)
    assert looker.look_up([receipt.external_id], now=datetime.now(UTC)).gone == [
        receipt.external_id
    ]


def test_what_is_too_long_here_is_refused_before_it_is_sent(connection: Connection) -> None:
    assert MASTODON.publisher
    with pytest.raises(PermanentError, match="too long"):
        MASTODON.publisher(connection).publish(Message("x" * 200_000, STAMP + "l"))
