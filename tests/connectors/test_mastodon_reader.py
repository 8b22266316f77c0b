from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.base import Batch, ReadError, Unauthorized
from connectors.mastodon.client import base_of
from connectors.mastodon.looker import MastodonLooker
from connectors.mastodon.posts import post_of
from connectors.mastodon.reader import MastodonReader
from tests.peer import Answer, Call, Peer

from .mastodon_server import ME, Timeline, client, mastodon, shape, status

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
TAG = {"mentions": "no", "hashtags": ["#Kaffe"]}
SOON = timedelta(minutes=1)


@pytest.fixture
def server(settings: object) -> Iterator[Peer]:
    settings.OUTBOUND_ALLOW = ["127.0.0.0/8"]  # type: ignore[attr-defined]
    with mastodon() as served:
        yield served


@pytest.fixture
def tag(server: Peer) -> Timeline:
    return Timeline(server, "/api/v1/timelines/tag/kaffe")


def fetch(server: Peer, wanted: dict, cursor: dict | None = None, now: datetime = NOW) -> Batch:
    return MastodonReader(client(server), wanted).fetch(cursor or {}, now=now)


def read_all(server: Peer, wanted: dict, cursor: dict, now: datetime = NOW) -> tuple[set, dict]:
    """Fetch until there is no more; the ids and the cursor."""
    ids: set[str] = set()
    reader = MastodonReader(client(server), wanted)
    for _round in range(50):
        batch = reader.fetch(cursor, now=now, limit=100)
        ids |= {post.external_id for post in batch.posts}
        cursor = batch.cursor
        if not batch.more:
            return ids, cursor
    raise AssertionError("it never ends")


def test_a_status_becomes_a_post() -> None:
    content = "<p>Glas i kaffen!</p><p>Se <a href='https://x.example'>her</a></p>"
    post = post_of(
        status(5, content, in_reply_to_id="000002", edited_at="2026-11-23T11:30:00Z"), me="1"
    )
    assert post is not None
    assert post.external_id == "000005"
    assert post.text == "Glas i kaffen!\n\nSe her"
    assert post.author == "Ann (@ann@other.example)"
    assert (post.author_id, post.reach, post.lang, post.parent_id) == ("7", 321, "da", "000002")
    assert post.published_at == datetime(2026, 11, 23, 11, 5, tzinfo=UTC)
    assert post.edited_at == datetime(2026, 11, 23, 11, 30, tzinfo=UTC)
    assert post.url == "https://mastodon.example/@ann/5"


def test_a_warning_stands_before_the_text_and_pictures_speak_by_their_descriptions() -> None:
    warned = post_of(status(1, "<p>Se selv</p>", spoiler_text="Glas"))
    assert warned is not None
    assert warned.text == "Glas\nSe selv"
    picture = {"description": "En kop med glasskår"}
    shown = post_of(status(2, " ", media_attachments=[picture]))
    assert shown is not None
    assert shown.text == "En kop med glasskår"


def test_a_boost_is_the_post_that_was_boosted_and_a_quote_is_a_post_of_its_own() -> None:
    original = status(3, reblogs_count=40)
    boosted = post_of(status(9, reblog=original))
    assert boosted is not None
    assert (boosted.external_id, boosted.raw["boosts"]) == ("000003", 40)
    quoting = post_of(status(10, quote={"state": "accepted", "quoted_status": original}))
    assert quoting is not None
    assert (quoting.external_id, quoting.raw["quotes"]) == ("000010", "000003")


@pytest.mark.parametrize("visibility", ["private", "direct"])
def test_letters_and_own_posts_are_not_kept(visibility: str) -> None:
    assert post_of(status(1)) is not None
    assert post_of(status(1, visibility=visibility)) is None
    assert post_of(status(1, account={**ME}), me="1") is None


@pytest.mark.parametrize(
    "broken",
    [
        None, [], "text", 7, {}, {"id": "1"}, {"id": True, "account": {"id": "2"}},
        {"id": "1", "account": []}, {"id": "1", "account": {"id": None}},
    ],
)  # fmt: skip
def test_what_is_no_status_is_left_out(broken: Any) -> None:
    assert post_of(broken) is None


def test_fields_of_any_other_kind_are_left_empty() -> None:
    odd = {"created_at": 5, "content": ["x"], "language": {}, "url": None, "uri": 3.5}
    hostile = status(1, **odd, media_attachments="x", quote=[], reblog=[], reblogs_count="many")
    hostile["account"] = {"id": 12, "followers_count": -4, "display_name": None, "acct": None}
    hostile["content"] = ["x"]
    post = post_of(hostile)
    assert post is not None
    assert (post.author_id, post.text, post.published_at, post.reach) == ("12", "", None, 0)


def test_the_first_look_brings_the_recent_past_and_the_next_what_is_new(
    server: Peer, tag: Timeline
) -> None:
    tag.statuses = [status(n) for n in range(100)]
    first = fetch(server, TAG)
    assert len(first.posts) == 100
    assert not first.more
    tag.statuses += [status(n) for n in range(100, 250)]
    ids, cursor = read_all(server, TAG, first.cursor, NOW + SOON)
    assert ids >= {f"{n:06d}" for n in range(100, 250)}
    assert cursor["#kaffe"]["at"] == "000249"


def test_a_reader_killed_between_pages_goes_on_without_gap(server: Peer, tag: Timeline) -> None:
    tag.statuses = [status(0)]
    cursor = fetch(server, TAG).cursor
    tag.statuses += [status(n) for n in range(1, 400)]
    ids: set[str] = set()
    for _life in range(40):  # each life ends after one page, keeping only what it handed over
        batch = MastodonReader(client(server), TAG).fetch(cursor, now=NOW + SOON, limit=40)
        ids |= {post.external_id for post in batch.posts}
        cursor = batch.cursor
        if not batch.more:
            break
    assert ids >= {f"{n:06d}" for n in range(1, 400)}


def test_a_hashtag_nobody_used_is_read_from_its_first_post(server: Peer, tag: Timeline) -> None:
    cursor = fetch(server, TAG).cursor
    tag.statuses = [status(n) for n in range(170)]
    ids, _cursor = read_all(server, TAG, cursor, NOW + SOON)
    assert len(ids) == 170


def test_what_arrives_late_at_an_earlier_place_is_read_all_the_same(
    server: Peer, tag: Timeline
) -> None:
    cursor: dict = {}
    tag.statuses = [status(n) for n in range(10, 20)]
    for minute in range(3):
        cursor = fetch(server, TAG, cursor, NOW + minute * SOON).cursor
        tag.statuses.append(status(20 + minute))
    # Written while we read, by a server that could not deliver it until now.
    late = status(21, id="0000205")
    tag.statuses.append(late)
    batch = fetch(server, TAG, cursor, NOW + 3 * SOON)
    assert "0000205" in {post.external_id for post in batch.posts}
    assert len(str(cursor)) < 1000


def test_ids_are_opaque(server: Peer, tag: Timeline) -> None:
    tag.statuses = [status(1, id="01HZXJ0000000000000000000A")]
    cursor = fetch(server, TAG).cursor
    tag.statuses.append(status(2, id="01HZXJ0000000000000000000B"))
    ids, _cursor = read_all(server, TAG, cursor, NOW + SOON)
    assert "01HZXJ0000000000000000000B" in ids


def test_own_mentions_come_from_the_notifications(server: Peer) -> None:
    notifications = Timeline(server, "/api/v1/notifications", "mention")
    notifications.statuses = [status(1)]
    batch = fetch(server, {})
    assert [post.external_id for post in batch.posts] == ["s000001"]
    assert "types%5B%5D=mention&types%5B%5D=quote" in server.calls[-1].path
    assert server.calls[-1].headers["Authorization"] == "Bearer t0ken"
    notifications.statuses.append(status(2))
    again = fetch(server, {}, batch.cursor, NOW + SOON)
    assert [post.external_id for post in again.posts] == ["s000002"]


def test_a_server_that_does_not_know_the_way_forward_is_not_asked_for_ever(server: Peer) -> None:
    server.answers["/api/v1/timelines/tag/kaffe"] = shape([status(2), status(1)])
    cursor = fetch(server, TAG).cursor
    batch = fetch(server, TAG, cursor, NOW + SOON)
    assert {post.external_id for post in batch.posts} == {"000001", "000002"}
    assert len(server.calls) < 8


def test_a_search_is_read_back_to_what_is_known(server: Peer) -> None:
    found = [status(n) for n in range(59, 0, -1)]

    def search(call: Call) -> Answer:
        offset = int(call.path.partition("offset=")[2].split("&")[0] or 0)
        return shape({"statuses": found[offset : offset + 40]})

    server.answers["/api/v2/search"] = search
    wanted = {"mentions": "no", "words": "fjordkaffe\n"}
    first = fetch(server, wanted)
    assert len(first.posts) == 59
    found.insert(0, status(60, created_at="2026-11-23T13:30:00Z"))
    second = fetch(server, wanted, first.cursor, NOW + timedelta(hours=2))
    assert "000060" in {post.external_id for post in second.posts}
    third = fetch(server, wanted, second.cursor, NOW + timedelta(hours=3))
    assert {post.external_id for post in third.posts} == {"000060"}


def test_one_part_that_fails_is_named_and_the_others_are_read(server: Peer, tag: Timeline) -> None:
    tag.statuses = [status(1)]
    server.answers["/api/v2/search"] = shape({"error": "outside the authorized scopes"}, 403)
    batch = fetch(server, {**TAG, "words": ["kaffe"]})
    assert len(batch.posts) == 1
    assert "outside the authorized scopes" in batch.refused[0]
    with pytest.raises(Unauthorized, match="rights"):
        fetch(server, {"mentions": "no", "words": ["kaffe"]})


def test_a_revoked_token_is_named(server: Peer, tag: Timeline) -> None:
    tag.statuses = [status(1)]
    cursor = fetch(server, {**TAG, "mentions": "yes"} | {"mentions": "no"}).cursor
    server.answers["/api/v1/timelines/tag/kaffe"] = shape({"error": "revoked"}, 401)
    server.answers["/api/v1/accounts/verify_credentials"] = shape({"error": "revoked"}, 401)
    with pytest.raises(Unauthorized, match="revoked or has ended"):
        fetch(server, {**TAG, "words": ["kaffe"]}, cursor)
    with pytest.raises(Unauthorized, match="revoked or has ended"):
        fetch(server, TAG)


@pytest.mark.parametrize("form", ["a moment", "seconds since 1970", "Retry-After"])
def test_a_server_that_asks_for_patience_gets_it(server: Peer, form: str) -> None:
    until = datetime.now(UTC) + timedelta(seconds=100)
    headers = {
        "a moment": {"X_RateLimit_Reset": until.isoformat()},
        "seconds since 1970": {"X_RateLimit_Reset": str(int(until.timestamp()))},
        "Retry-After": {"Retry_After": "100"},
    }[form]
    server.answers["/api/v1/timelines/tag/kaffe"] = shape({"error": "slow"}, 429, **headers)
    with pytest.raises(ReadError, match="too often") as refusal:
        fetch(server, TAG)
    assert refusal.value.retry_after == pytest.approx(100, abs=15)


def test_what_was_read_before_a_server_asks_for_patience_is_kept(
    server: Peer, tag: Timeline
) -> None:
    tag.statuses = [status(1)]
    server.answers["/api/v2/search"] = shape({"error": "slow"}, 429, Retry_After="60")
    batch = fetch(server, {**TAG, "words": ["kaffe"]})
    assert (len(batch.posts), batch.wait, batch.more) == (1, 60, False)


def test_what_is_left_is_told_and_a_rest_is_spared_for_answers(server: Peer) -> None:
    reset = (NOW + timedelta(seconds=200)).isoformat()
    limits = {"X_RateLimit_Limit": "300", "X_RateLimit_Reset": reset}
    path = "/api/v1/timelines/tag/kaffe"
    server.answers[path] = shape([], X_RateLimit_Remaining="299", **limits)
    quota = fetch(server, TAG).quota
    assert quota is not None
    assert (quota.left, quota.limit, quota.resets_at) == (299, 300, NOW + timedelta(seconds=200))
    server.answers[path] = shape([], X_RateLimit_Remaining="20", **limits)
    batch = fetch(server, {**TAG, "words": ["kaffe"]})
    assert batch.wait == 200
    assert not any("search" in call.path for call in server.calls)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[" * 90_000, b"\xff", b'"text"', b"null"])
def test_what_is_no_mastodon_server_is_named(server: Peer, body: bytes) -> None:
    server.answers["/api/v1/accounts/verify_credentials"] = Answer(body)
    with pytest.raises(ReadError, match="Mastodon server"):
        fetch(server, TAG)


def test_limits_are_the_servers_own_and_read_in_either_form(server: Peer) -> None:
    statuses = {"max_characters": 5000, "characters_reserved_per_url": 25}
    server.answers["/api/v2/instance"] = shape(
        {"configuration": {"statuses": statuses, "urls": {"streaming": "wss://s.example/"}}}
    )
    limits = client(server).limits
    assert (limits.characters, limits.per_url, limits.streams) == (5000, 25, "https://s.example")
    server.answers["/api/v2/instance"] = Answer(status=404)
    server.answers["/api/v1/instance"] = shape({"max_toot_chars": 900, "urls": {}})
    assert client(server).limits.characters == 900
    server.answers["/api/v1/instance"] = shape({"configuration": {"statuses": "broken"}})
    assert client(server).limits.characters == 500
    # A server that fails at this is asked twice at most, and never in circles.
    server.answers["/api/v1/instance"] = Answer(status=500)
    before = len(server.calls)
    with pytest.raises(ReadError, match="500"):
        _ = client(server).limits
    assert len(server.calls) == before + 2


@pytest.mark.parametrize("typed", ["m.example", " https://m.example/ ", "https://m.example/@kaffe"])
def test_a_server_may_be_typed_as_people_do(typed: str) -> None:
    assert base_of(typed) == "https://m.example"


def test_nothing_wanted_is_said(server: Peer) -> None:
    with pytest.raises(ReadError, match="Choose"):
        fetch(server, {"mentions": "no"})


def test_what_became_of_posts_is_asked_in_one_call_and_absence_confirmed(server: Peer) -> None:
    server.answers["/api/v1/statuses"] = shape([status(1, "<p>New words</p>")])
    server.answers["/api/v1/statuses/000003"] = shape(status(3))
    batch = MastodonLooker(client(server)).look_up(["000001", "000002", "000003"], now=NOW)
    assert batch.gone == ["000002"]
    assert batch.posts[0].text == "New words"


def test_a_server_without_that_call_is_asked_one_by_one(server: Peer) -> None:
    server.answers["/api/v1/statuses/000001"] = shape(status(1))
    server.answers["/api/v1/statuses/000002"] = Answer(status=410)
    batch = MastodonLooker(client(server)).look_up(["000001", "000002"], now=NOW)
    assert batch.gone == ["000002"]
    server.answers["/api/v1/statuses/000002"] = Answer(status=503)
    with pytest.raises(ReadError):
        MastodonLooker(client(server)).look_up(["000001", "000002"], now=NOW)
