"""What is X's own: edits with new ids, answers only to who called, weighted length, costs."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from connectors.base import Message, PermanentError, ReadError, TemporaryError, Unauthorized
from connectors.registry import NETWORKS
from connectors.x.weight import addresses, weigh
from tests.connectors.worlds import NOW, recorded, reply, running
from tests.connectors.worlds.x import ME, X

SINCE = NOW - timedelta(minutes=1)


@pytest.fixture
def world(settings: object) -> Iterator[X]:
    settings.OUTBOUND_ALLOW = ["127.0.0.0/8"]
    with running(X()) as served:
        yield served


def test_an_edit_has_a_new_id_there_and_keeps_its_own_here(world: X) -> None:
    [item] = world.add(1, text="Kaffen var kold")
    connection = world.connection()
    reader = NETWORKS["x"].reader(connection, world.wanted)
    [post] = reader.fetch({}, now=NOW).posts
    assert (post.external_id, post.edited_at) == (item.id, None)
    world.edit(item, "Kaffen var varm")
    later = NOW + timedelta(minutes=5)
    [edited] = reader.fetch({}, now=later).posts
    assert (edited.external_id, edited.text) == (item.id, "Kaffen var varm")
    assert edited.edited_at == NOW
    assert edited.published_at is not None
    assert abs(edited.published_at - item.at) < timedelta(seconds=1)
    assert item.id not in edited.url
    [looked_up] = NETWORKS["x"].looker(connection, world.wanted).look_up([item.id], now=later).posts
    assert (looked_up.external_id, looked_up.text) == (item.id, "Kaffen var varm")
    assert looked_up.edited_at == NOW


def test_only_who_called_for_the_account_is_answered(world: X) -> None:
    [item] = world.add(1)
    publisher = NETWORKS["x"].publisher(world.connection())
    message = Message("Vi beklager", "k", item.id, SINCE)
    with pytest.raises(PermanentError, match="by hand"):
        publisher.publish(message)
    assert world.published == {}
    world.summoned.add(item.id)
    assert publisher.publish(message).url.startswith("https://x.com/")
    with pytest.raises(PermanentError, match="no longer on X"):
        publisher.publish(Message("Hallo", "k2", "1", SINCE))


def test_an_enterprise_contract_answers_everybody_without_a_look(world: X) -> None:
    [item] = world.add(1)
    publisher = NETWORKS["x"].publisher(world.connection(answers="all"))
    publisher.publish(Message("Vi beklager", "k", item.id, SINCE))
    assert [asked.method for asked in world.asked] == ["POST"]


def test_a_look_that_fails_before_an_answer_leaves_it_unsent(world: X) -> None:
    [item] = world.add(1)
    world.faults = [reply(recorded("x", "limited"), 429)]
    with pytest.raises(TemporaryError):
        NETWORKS["x"].publisher(world.connection()).publish(Message("Hej", "k", item.id, SINCE))
    assert world.published == {}


def test_what_x_refuses_is_told_in_its_words(world: X) -> None:
    publisher = NETWORKS["x"].publisher(world.connection())
    publisher.publish(Message("Det samme", "k", "", SINCE))
    with pytest.raises(PermanentError, match="not permitted"):
        publisher.publish(Message("Det samme", "k2", "", SINCE))


def test_the_limit_ends_when_its_window_does(world: X) -> None:
    reset = str(int(NOW.timestamp()) + 421)
    world.faults = [reply(recorded("x", "limited"), 429, x_rate_limit_reset=reset)]
    world.faults[0].headers["x-rate-limit-remaining"] = "0"
    reader = NETWORKS["x"].reader(world.connection(), world.wanted)
    with pytest.raises(ReadError) as failure:
        reader.fetch({}, now=NOW)
    assert failure.value.retry_after == 421
    batch = reader.fetch({}, now=NOW)
    assert batch.quota is not None
    assert (batch.quota.left, batch.quota.limit) == (449, 450)


def test_used_up_credits_are_told_apart_from_wrong_credentials(world: X) -> None:
    capped = {"title": "UsageCapExceeded", "type": "https://api.x.com/2/problems/usage-capped"}
    world.faults = [reply(capped, 403)]
    with pytest.raises(ReadError, match=r"console\.x\.com") as failure:
        NETWORKS["x"].reader(world.connection(), world.wanted).fetch({}, now=NOW)
    assert not isinstance(failure.value, Unauthorized)
    assert failure.value.retry_after == 3600


def test_reposts_are_no_mentions_and_long_posts_are_read_whole(world: X) -> None:
    from connectors.x.client import made

    post = recorded("x", "post")
    assert made({**post, "referenced_tweets": [{"type": "retweeted", "id": "1"}]}, {}) is None
    long = made({**post, "note_tweet": {"text": "x" * 900}}, {})
    assert long is not None
    assert len(long.text) == 900
    quote = made({**post, "lang": "und", "referenced_tweets": [{"type": "quoted", "id": "1"}]}, {})
    assert quote is not None
    assert (quote.parent_id, quote.lang) == ("", "")


def test_mentions_are_read_as_the_account_and_authors_only_if_paid_for(world: X) -> None:
    world.add(2)
    wanted = {"queries": [], "mentions": "yes", "authors": "no"}
    batch = NETWORKS["x"].reader(world.connection(), wanted).fetch({}, now=NOW)
    assert len(batch.posts) == 2
    assert batch.cursor["me"] == ME
    assert world.asked[-1].path == f"/2/users/{ME}/mentions"
    assert "expansions" not in world.asked[-1].query
    NETWORKS["x"].reader(world.connection(), wanted).fetch(batch.cursor, now=NOW)
    assert [asked.path for asked in world.asked].count("/2/users/me") == 1


def test_a_search_never_asks_beyond_the_seven_days(world: X) -> None:
    cursor = {
        "at": "",
        "places": {"fjordkaffe": {"top": (NOW - timedelta(days=30)).isoformat(), "open": []}},
    }
    NETWORKS["x"].reader(world.connection(), world.wanted).fetch(cursor, now=NOW)
    asked = datetime.fromisoformat(world.asked[-1].query["start_time"])
    assert timedelta(days=6) < NOW - asked < timedelta(days=7)


@pytest.mark.parametrize(
    ("text", "weight"),
    [
        ("", 0),
        ("æøå ÆØÅ é ß", 11),
        ("日本", 4),
        ("👩🏻‍❤️‍💋‍👨🏿", 2),
        ("🇩🇰", 2),
        ("☕", 2),
        ("1️⃣", 2),
        ("Se https://example.org/" + "x" * 400, 26),
        ("Se example.org/side og mere", 34),
        ("Det er klart. Og slut", 21),
        ("“citat” – tank", 14),
    ],
)
def test_length_is_weighed_as_x_does(text: str, weight: int) -> None:
    assert weigh(text) == weight


def test_a_text_too_heavy_is_refused_before_it_is_sent(world: X) -> None:
    publisher = NETWORKS["x"].publisher(world.connection())
    with pytest.raises(PermanentError, match="282"):
        publisher.publish(Message("日" * 141, "k", "", SINCE))
    assert world.asked == []
    assert publisher.publish(Message("日" * 140, "k", "", SINCE))
    assert addresses("https://a.dk og https://b.dk") == 2


def test_a_lost_post_with_a_link_is_found_though_x_shortened_it(world: X) -> None:
    publisher = NETWORKS["x"].publisher(world.connection())
    message = Message("Læs https://fjordkaffe.example/svar nu", "k", "", SINCE)
    receipt = publisher.publish(message)
    own = world.published[receipt.external_id]
    own["text"] = "Læs https://t.co/abc nu"
    links = [{"url": "https://t.co/abc", "expanded_url": "https://fjordkaffe.example/svar"}]
    right = world._own
    world._own = lambda post_id: {**right(post_id), "entities": {"urls": links}}
    found = publisher.find(message)
    assert found is not None
    assert found.external_id == receipt.external_id


def test_events_of_account_activity_are_read_in_their_older_form() -> None:
    from connectors.base import Connection
    from connectors.network import Event
    from connectors.x.webhook import receive

    older = {
        "for_user_id": ME,
        "tweet_create_events": [
            {
                "id_str": "11",
                "text": "kort",
                "extended_tweet": {"full_text": "@fjordkaffe hvor blev kaffen af"},
                "timestamp_ms": "1795442340000",
                "user": {"id_str": "7001", "screen_name": "ida", "followers_count": 3},
            },
            {"id_str": "12", "text": "vores", "user": {"id_str": ME, "screen_name": "os"}},
            {"id_str": "13", "text": "RT", "user": {}, "retweeted_status": {}},
        ],
        "tweet_delete_events": [{"status": {"id": "9", "user_id": "7001"}}],
    }
    event = Event({}, json.dumps(older).encode(), {})
    batch = receive(event, Connection({}), {}, NOW)
    assert [post.text for post in batch.posts] == ["@fjordkaffe hvor blev kaffen af"]
    assert batch.gone == ["9"]


def test_mentions_without_an_access_token_ask_for_one(world: X) -> None:
    world.secrets = {"bearer_token": "good"}
    wanted = {"queries": [], "mentions": "yes"}
    for call in ("reader", "prober"):
        made = getattr(NETWORKS["x"], call)(world.connection(), wanted)
        with pytest.raises(Unauthorized, match="access token"):
            made.probe(now=NOW) if call == "prober" else made.fetch({}, now=NOW)
    probe = NETWORKS["x"].prober(world.connection(), world.wanted).probe(now=NOW)
    assert probe.notes
    with pytest.raises(PermanentError, match="access token"):
        NETWORKS["x"].publisher(world.connection())


def test_posts_are_asked_for_and_read_in_the_newer_words_too(world: X) -> None:
    world.newer = True
    [item] = world.add(1, text="Kaffen var kold", parent="77")
    world.edit(item, "Kaffen var varm")
    reader = NETWORKS["x"].reader(world.connection(), world.wanted)
    [post] = reader.fetch({}, now=NOW).posts
    assert (post.external_id, post.edited_at, post.parent_id) == (item.id, NOW, "77")
    assert "post.fields" in world.asked[-1].query
    before = len(world.asked)
    reader.fetch({}, now=NOW + timedelta(minutes=1))
    assert len(world.asked) == before + 1
    [found] = (
        NETWORKS["x"].looker(world.connection(), world.wanted).look_up([item.id], now=NOW).posts
    )
    assert found.text == "Kaffen var varm"
    world.summoned.add(item.id)
    publisher = NETWORKS["x"].publisher(world.connection())
    message = Message("Vi ser på det", "k", item.id, SINCE)
    receipt = publisher.publish(message)
    assert publisher.find(message) == receipt


def test_who_quotes_the_account_called_for_it(world: X) -> None:
    ours, quoting = world.add(2)
    right = world._post

    def shown(item: object, version: str = "") -> dict[str, object]:
        made = right(item, version)
        if item is ours:
            return {**made, "author_id": ME}
        return {**made, "referenced_tweets": [{"type": "quoted", "id": ours.id}]}

    world._post = shown
    publisher = NETWORKS["x"].publisher(world.connection())
    assert publisher.can_reply(quoting.id, now=NOW) is None
    assert publisher.can_reply(ours.id, now=NOW) is not None
