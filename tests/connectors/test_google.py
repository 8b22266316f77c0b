"""What is Google's own: counted units, a day that ends in California, answers under old threads."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.base import Message, PermanentError, ReadError, Unauthorized
from connectors.google.client import midnight
from connectors.registry import NETWORKS
from connectors.youtube.client import UNITS, quota, spent
from tests.connectors.worlds import NOW, World, recorded, reply, running
from tests.connectors.worlds.google import PLACE, GoogleBusiness, GooglePlay, YouTube

SINCE = NOW - timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _loopback(settings: object) -> None:
    settings.OUTBOUND_ALLOW = ["127.0.0.0/8"]


@pytest.fixture
def youtube() -> Iterator[YouTube]:
    with running(YouTube()) as world:
        yield world


@pytest.fixture
def play() -> Iterator[GooglePlay]:
    with running(GooglePlay()) as world:
        yield world


@pytest.fixture
def business() -> Iterator[GoogleBusiness]:
    with running(GoogleBusiness()) as world:
        yield world


def drained(world: World, cursor: dict[str, Any], now: datetime = NOW) -> tuple[list[Any], Any]:
    posts, more = [], True
    while more:
        reader = NETWORKS[world.network].reader(world.connection(), world.wanted)
        batch = reader.fetch(cursor, now=now)
        posts += batch.posts
        cursor, more = batch.cursor, batch.more
    return posts, cursor


@pytest.mark.parametrize(
    ("now", "ends"),
    [
        (datetime(2026, 11, 23, 12, tzinfo=UTC), datetime(2026, 11, 24, 8, tzinfo=UTC)),
        (datetime(2026, 11, 23, 7, tzinfo=UTC), datetime(2026, 11, 23, 8, tzinfo=UTC)),
        (datetime(2026, 7, 1, 12, tzinfo=UTC), datetime(2026, 7, 2, 7, tzinfo=UTC)),
    ],
)
def test_a_day_of_quota_ends_at_midnight_in_california(now: datetime, ends: datetime) -> None:
    assert midnight(now) == ends


def test_units_are_counted_by_the_day_and_some_are_kept_for_answers(youtube: YouTube) -> None:
    youtube.add(3)
    _posts, cursor = drained(youtube, {})
    calls = [asked for asked in youtube.asked if not youtube.signs_in(asked)]
    assert cursor["spent"]["units"] == len(calls)
    count = spent({"spent": {**cursor["spent"], "units": UNITS}}, 1, now=NOW)
    left = quota(count, now=NOW)
    assert (left.left, left.resets_at) == (0, midnight(NOW))
    reader = NETWORKS["youtube"].reader(youtube.connection(), {})
    batch = reader.fetch({**cursor, "spent": count}, now=NOW + timedelta(minutes=1))
    assert not batch.more
    assert batch.wait == (midnight(NOW) - NOW - timedelta(minutes=1)).total_seconds()
    assert spent({"spent": count}, 1, now=NOW + timedelta(days=1))["units"] == 1


def test_a_quota_that_is_used_up_is_no_wrong_credential(youtube: YouTube) -> None:
    youtube.faults = [reply(recorded("youtube", "quota"), 403)]
    with pytest.raises(ReadError, match="quota") as failure:
        drained(youtube, {})
    assert not isinstance(failure.value, Unauthorized)
    assert failure.value.retry_after == (midnight(NOW) - NOW).total_seconds()


def test_a_new_answer_under_an_old_thread_is_found(youtube: YouTube) -> None:
    [old] = youtube.add(1, at=NOW - timedelta(days=5))
    _posts, cursor = drained(youtube, {})
    youtube.replies[f"{old.id}.r1"] = "Det samme her"
    right = youtube._own

    def stranger(reply_id: str) -> Any:
        made = right(reply_id)
        made["snippet"]["authorChannelId"] = {"value": "UCbo"}
        return made

    youtube._own = stranger
    posts, cursor = drained(youtube, cursor, NOW + timedelta(minutes=5))
    assert [post.text for post in posts if post.external_id == f"{old.id}.r1"] == ["Det samme her"]
    before = len(youtube.asked)
    drained(youtube, cursor, NOW + timedelta(minutes=10))
    assert len([a for a in youtube.asked[before:] if not youtube.signs_in(a)]) == 2


def test_a_key_reads_but_does_not_answer(youtube: YouTube) -> None:
    youtube.add(1)
    youtube.secrets = {"api_key": "key-of-project"}
    right = youtube.answer

    def by_key(asked: Any) -> Any:
        assert asked.headers["x-goog-api-key"] == "key-of-project"
        asked.headers["authorization"] = "Bearer good"
        return right(asked)

    youtube.answer = by_key
    assert drained(youtube, {})[0]
    probe = NETWORKS["youtube"].prober(youtube.connection(), {}).probe(now=NOW)
    assert probe.notes
    with pytest.raises(PermanentError, match="refresh token"):
        NETWORKS["youtube"].publisher(youtube.connection())


def test_an_edited_comment_says_so_and_an_unedited_does_not(youtube: YouTube) -> None:
    first, second = youtube.add(2)
    second.edited = second.at + timedelta(minutes=3)
    posts = {post.external_id: post for post in drained(youtube, {})[0]}
    assert posts[first.id].edited_at is None
    assert posts[second.id].edited_at == second.edited.replace(microsecond=0)


def test_an_answer_to_an_answer_hangs_under_the_thread(youtube: YouTube) -> None:
    [item] = youtube.add(1)
    publisher = NETWORKS["youtube"].publisher(youtube.connection())
    message = Message("Vi ser på det", "k", f"{item.id}.abc", SINCE)
    receipt = publisher.publish(message)
    assert receipt.external_id.startswith(f"{item.id}.")
    assert publisher.find(message) is not None
    with pytest.raises(PermanentError, match="only comments"):
        publisher.publish(Message("Hej", "k", "", SINCE))


def test_a_review_that_was_changed_comes_again_as_an_edit(play: GooglePlay) -> None:
    [item] = play.add(1, stars=4)
    [post] = drained(play, {})[0]
    assert (post.stars, post.edited_at) == (4.0, post.published_at)
    item.edited, item.stars = NOW, 1
    [post] = drained(play, {}, NOW + timedelta(minutes=5))[0]
    assert (post.stars, post.edited_at) == (1.0, NOW)


def test_title_and_text_of_a_review_are_told_apart(play: GooglePlay) -> None:
    play.add(1, text="Titel\tResten")
    [post] = drained(play, {})[0]
    assert (post.title, post.text) == ("Titel", "Titel\nResten")


def test_a_review_without_words_counts_by_its_stars(business: GoogleBusiness) -> None:
    business.add(1, text="", stars=2)
    [post] = drained(business, {})[0]
    assert (post.stars, post.text) == (2.0, "★★☆☆☆")


@pytest.mark.parametrize("name", ["", "locations/2", PLACE + "/../../x", PLACE + "?a=b"])
def test_a_location_that_names_none_is_said_and_nothing_is_called(
    business: GoogleBusiness, name: str
) -> None:
    business.wanted = {"locations": [name]}
    with pytest.raises(ReadError, match="location"):
        drained(business, {})
    assert business.asked == []
    publisher = NETWORKS["googlebusiness"].publisher(business.connection())
    with pytest.raises(PermanentError):
        publisher.publish(Message("Hej", "k", name, SINCE))
    with pytest.raises(PermanentError):
        publisher.retract(name)
    assert business.asked == []


def test_a_key_file_that_is_none_is_told(play: GooglePlay) -> None:
    play.secrets = {"service_account": "{}"}
    with pytest.raises(Unauthorized, match="key file"):
        drained(play, {})


def test_one_token_serves_a_whole_poll(business: GoogleBusiness) -> None:
    business.add(70)
    reader = NETWORKS["googlebusiness"].reader(business.connection(), business.wanted)
    batch = reader.fetch({}, now=NOW)
    while batch.more:
        batch = reader.fetch(batch.cursor, now=NOW)
    assert len([asked for asked in business.asked if business.signs_in(asked)]) == 1
