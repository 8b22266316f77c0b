"""What every network must do, against its world on loopback: nothing lost, nothing doubled, every
refusal told apart, nothing but the promised errors."""

import json
import sys
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from connectors.base import (
    Batch,
    Can,
    Message,
    PermanentError,
    Reader,
    ReadError,
    TemporaryError,
    Unauthorized,
    UncertainError,
)
from connectors.registry import NETWORKS
from tests.connectors.worlds import NOW, Answer, World, cut, recorded, reply, running, shaken
from tests.connectors.worlds.facebook import Facebook
from tests.connectors.worlds.forums import LinkedIn, Reddit, TikTok
from tests.connectors.worlds.google import GoogleBusiness, GooglePlay, YouTube
from tests.connectors.worlds.hackernews import HackerNews
from tests.connectors.worlds.meta import Instagram, Threads
from tests.connectors.worlds.reviews import AppStore, Trustpilot
from tests.connectors.worlds.x import X

_ALL = (
    HackerNews,
    X,
    Facebook,
    Instagram,
    Threads,
    YouTube,
    Reddit,
    LinkedIn,
    TikTok,
    Trustpilot,
    GoogleBusiness,
    GooglePlay,
    AppStore,
)
WORLDS: dict[str, type[World]] = {each.network: each for each in _ALL}
HOSTILE = "\x00<script>alert(1)</script>\u202e\ud83d=1+1\u0000 ${jndi:ldap://x} '); DROP TABLE"


@pytest.fixture(params=WORLDS)
def world(request: pytest.FixtureRequest, settings: object) -> Iterator[World]:
    settings.OUTBOUND_ALLOW = ["127.0.0.0/8"]
    with running(WORLDS[request.param]()) as served:
        yield served


def reader(world: World) -> Reader:
    connection = world.connection()
    return NETWORKS[world.network].reader(connection, world.wanted)


def drained(world: World, cursor: dict[str, Any], *, now: Any = NOW) -> tuple[list[Batch], Any]:
    """Read until there is no more, keeping each cursor as the database would: as JSON."""
    batches = []
    for _step in range(400):
        batch = reader(world).fetch(cursor, now=now)
        batches.append(batch)
        cursor = json.loads(json.dumps(batch.cursor))
        if not batch.more:
            return batches, cursor
    raise AssertionError("it never ends")


def ids(batches: list[Batch]) -> list[str]:
    return [post.external_id for batch in batches for post in batch.posts]


def names(world: World) -> set[str]:
    return {item.id for item in world.items}


def test_all_pages_are_read_and_then_only_what_is_new(world: World) -> None:
    world.add(70, at=NOW - world.reach)
    world.add(5, at=NOW - world.reach / 2)
    first, cursor = drained(world, {})
    assert set(ids(first)) == names(world)
    assert not [line for batch in first for line in batch.refused]
    new = world.add(3)
    second, cursor = drained(world, cursor)
    assert {item.id for item in new} <= set(ids(second))
    # Little is read twice, unless it all came in one page.
    assert len(set(ids(second))) < 70 or world.page > 70
    again = drained(world, cursor)[1]
    assert '"open": [{' not in json.dumps(again)


def test_a_post_is_what_was_written(world: World) -> None:
    [item] = world.add(1, text="Kaffen smager brændt ☕")
    batches, _cursor = drained(world, {})
    post = next(p for b in batches for p in b.posts if p.external_id == item.id)
    assert post.text == "Kaffen smager brændt ☕"
    assert post.published_at is not None
    assert abs(post.published_at - item.at) <= timedelta(seconds=1)
    assert post.url.startswith("https://")


@pytest.mark.parametrize("seed", range(3))
def test_a_process_that_dies_anywhere_loses_nothing(world: World, seed: int) -> None:
    """Dying after the fetch and before the commit: batch and cursor are both gone."""
    world.add(50)
    dice = shaken(seed)
    kept: list[Batch] = []
    cursor: dict[str, Any] = {}
    for _step in range(600):
        batch = reader(world).fetch(cursor, now=NOW)
        if dice.random() < 0.5:
            continue
        kept.append(batch)
        cursor = batch.cursor
        if not batch.more:
            break
    assert set(ids(kept)) == names(world)


def test_what_is_written_while_pages_are_read_is_not_lost(world: World) -> None:
    world.add(60, at=NOW - timedelta(minutes=5))
    arriving = iter(range(12))

    def meanwhile() -> None:
        if next(arriving, None) is not None:
            world.add(1, at=NOW - timedelta(seconds=1))

    world.meanwhile = meanwhile
    first, cursor = drained(world, {})
    world.meanwhile = lambda: None
    world.add(1, at=NOW + timedelta(minutes=2))
    second, _cursor = drained(world, cursor, now=NOW + timedelta(minutes=5))
    assert set(ids(first + second)) == names(world)


def test_too_often_is_said_with_how_long_to_wait(world: World) -> None:
    world.add(5)
    world.faults = [reply({"message": "slow down"}, 429, Retry_After="17")]
    with pytest.raises(ReadError) as failure:
        reader(world).fetch({}, now=NOW)
    assert failure.value.retry_after == 17
    assert set(ids(drained(world, {})[0])) == names(world)


@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_fault_of_the_network_is_a_read_error(world: World, status: int) -> None:
    world.add(5)
    world.faults = [Answer(b"<html>upstream</html>", status)] * 3
    with pytest.raises(ReadError) as failure:
        reader(world).fetch({}, now=NOW)
    assert not isinstance(failure.value, Unauthorized)
    world.faults = []
    assert set(ids(drained(world, {})[0])) == names(world)


def test_an_answer_cut_short_is_a_read_error(world: World) -> None:
    world.add(5)
    world.faults = [cut]
    with pytest.raises(ReadError):
        drained(world, {})


@pytest.mark.parametrize(
    "body", [b"[]", b"null", b'"x"', b"{}", b'{"data": 7}', b"[" * 90_000, b"\xff", b""]
)
def test_a_body_of_another_shape_never_breaks_the_reader(world: World, body: bytes) -> None:
    world.faults = [Answer(body)] * 8
    try:
        batch = reader(world).fetch({}, now=NOW)
    except ReadError:
        return
    assert batch.posts == []


def test_hostile_text_comes_through_as_text(world: World) -> None:
    world.add(3, text=HOSTILE)
    batches, _cursor = drained(world, {})
    assert set(ids(batches)) == names(world)
    assert "DROP TABLE" in batches[-1].posts[0].text if batches[-1].posts else True


def test_wrong_credentials_are_told_apart(world: World) -> None:
    if not NETWORKS[world.network].account:
        pytest.skip("open to everybody")
    world.add(2)
    drained(world, {})
    world.token = "another"
    world.secrets.pop("refresh_token", None)
    with pytest.raises(Unauthorized):
        drained(world, {})


def test_a_probe_says_who_we_are_and_shows_what_is_there(world: World) -> None:
    world.add(5)
    connection = world.connection()
    probe = NETWORKS[world.network].prober(connection, world.wanted).probe(now=NOW)
    assert probe.can != Can.NOTHING
    assert bool(probe.account) == bool(NETWORKS[world.network].account)
    world.faults = [reply({"message": "no"}, 500)] * 4
    with pytest.raises(ReadError):
        NETWORKS[world.network].prober(connection, world.wanted).probe(now=NOW)


def test_what_was_taken_down_is_found_out_by_looking(world: World) -> None:
    make = NETWORKS[world.network].looker
    if make is None:
        pytest.skip("this network cannot be asked")
    kept, lost = world.add(2)
    connection = world.connection()
    assert make(connection, world.wanted).look_up([kept.id, lost.id], now=NOW).gone == []
    world.items.remove(lost)
    batch = make(connection, world.wanted).look_up([kept.id, lost.id], now=NOW)
    assert batch.gone == [lost.id]
    assert kept.id in ids([batch])
    world.faults = [reply({"message": "no"}, 500)] * 4
    with pytest.raises(ReadError):
        make(connection, world.wanted).look_up([kept.id], now=NOW)


# Publishing


@pytest.fixture
def answered(world: World) -> Message:
    """Something to publish: an answer, which every network that publishes can do."""
    if NETWORKS[world.network].publisher is None:
        pytest.skip("this network is only read")
    [item] = world.add(1)
    if isinstance(world, X):
        world.summoned.add(item.id)
    return Message("Vi beklager og ser på det.", "key-1", item.id, NOW - timedelta(minutes=1))


def test_an_answer_is_published_found_and_taken_back(world: World, answered: Message) -> None:
    network, connection = NETWORKS[world.network], world.connection()
    publisher = network.publisher(connection)
    assert publisher.find(answered) is None
    receipt = publisher.publish(answered)
    assert receipt.external_id
    found = publisher.find(answered)
    assert found is not None
    assert found.external_id == receipt.external_id
    other = Message("Noget helt andet", "key-2", answered.reply_to, answered.since)
    assert publisher.find(other) is None
    if network.retractor is not None:
        network.retractor(connection).retract(receipt.external_id)
        assert publisher.find(answered) is None
        network.retractor(connection).retract(receipt.external_id)


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (reply({"message": "slow down"}, 429, Retry_After="17"), TemporaryError),
        (reply({"message": "not like this"}, 400), PermanentError),
        (Answer(b"<html>", 502), UncertainError),
        (Answer(b"<html>", 500), UncertainError),
    ],
)
def test_each_failure_of_publishing_is_one_of_three(
    world: World, answered: Message, fault: Answer, kind: type[Exception]
) -> None:
    def failing(right: Answer) -> Answer:
        return fault if world.changes(world.asked[-1]) else right

    publisher = NETWORKS[world.network].publisher(world.connection())
    world.faults = [failing] * 9
    with pytest.raises(kind) as failure:
        publisher.publish(answered)
    assert type(failure.value) is kind
    if isinstance(failure.value, TemporaryError):
        assert failure.value.retry_after == 17


def test_an_answer_that_was_lost_is_found_again(world: World, answered: Message) -> None:
    """The network took it, and its answer never came: nothing is sent twice."""
    publisher = NETWORKS[world.network].publisher(world.connection())
    calls = []

    def lost(right: Answer) -> Answer:
        changing = world.changes(world.asked[-1])
        calls.append(changing)
        return Answer(b"", 504) if changing else right

    world.faults = [lost] * 9
    with pytest.raises(UncertainError):
        publisher.publish(answered)
    world.faults = []
    assert calls.count(True) == 1
    assert publisher.find(answered) is not None
    world.faults = [Answer(b"", 500)] * 4
    with pytest.raises(UncertainError):
        publisher.find(answered)


def test_no_credential_is_ever_in_an_address(world: World) -> None:
    world.add(30)
    drained(world, {})
    secrets = [s for s in world.connection().secrets.values() if isinstance(s, str)]
    for asked in world.asked:
        told = f"{asked.path}?{asked.query}"
        assert not [secret for secret in secrets if secret in told]


def test_a_network_that_is_not_used_is_not_loaded() -> None:
    """Its folder declares it; clients, cryptography and readers come when they are called."""
    import subprocess

    code = (
        "import django, os; os.environ['DJANGO_SETTINGS_MODULE'] = 'tests.settings'; "
        "django.setup(); import sys; from connectors import registry; "
        "print([m for m in sys.modules if m.startswith('connectors.') and "
        "m.endswith(('.reader', '.publisher', '.client', '.graph', '.jwt', '.rest'))])"
    )
    told = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    loaded = [name for name in WORLDS if f"connectors.{name}." in told]
    assert loaded == []


def test_every_recorded_shape_is_plain_json() -> None:
    assert recorded("x", "post")["id"] == "1000"
