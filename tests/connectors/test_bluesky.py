import re
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.base import (
    Can,
    Connection,
    Message,
    PermanentError,
    ReadError,
    TemporaryError,
    Unauthorized,
)
from connectors.bluesky import NETWORK, people, richtext, tid
from connectors.declared import BadSetting
from tests.peer import Answer, Call

from .bluesky_server import OWN, STRANGER, Bluesky, answer, bluesky, refusal
from .conformance import (
    NOW,
    LookUpConformance,
    PublisherConformance,
    ReaderConformance,
    ids,
    read_on,
)


@pytest.fixture
def script(settings: object) -> Iterator[Bluesky]:
    settings.OUTBOUND_ALLOW = ["127.0.0.1"]
    people._known.clear()
    with bluesky() as served:
        yield served


class TestSearch(ReaderConformance):
    """A search for a word."""


class TestShallowSearch(ReaderConformance):
    """A server that shows only the first posts of any search, as the real one says it may."""

    @pytest.fixture
    def script(self, script: Bluesky) -> Bluesky:
        script.depth = 60
        script.page = 25
        return script


class TestNotifications(ReaderConformance):
    """What mentions the account."""

    @pytest.fixture
    def script(self, script: Bluesky, monkeypatch: pytest.MonkeyPatch) -> Bluesky:
        script.wanted = {"what": "notifications"}
        put = script.put

        def told(text: str, **how: Any) -> str:
            uri = put(text, **how)
            script.told.append((uri, "mention"))
            return uri

        monkeypatch.setattr(script, "put", told)
        return script


class TestLookUp(LookUpConformance):
    """What became of posts."""


class TestPublisher(PublisherConformance):
    """Posts and answers."""


# The session


def test_one_sign_in_serves_many_jobs(script: Bluesky) -> None:
    for _job in range(5):
        read_on(script.reader(), {})
    assert (script.signed_in, script.renewed) == (1, 0)


def test_a_dead_access_token_is_refreshed_without_signing_in(script: Bluesky) -> None:
    read_on(script.reader(), {})
    script.expire()
    read_on(script.reader(), {})
    assert (script.signed_in, script.renewed) == (1, 1)


def test_a_dead_session_is_opened_anew_once(script: Bluesky) -> None:
    read_on(script.reader(), {})
    script.access = script.refresh = "another"
    read_on(script.reader(), {})
    assert (script.signed_in, script.renewed) == (2, 0)


def test_a_new_password_does_not_go_on_with_the_old_ones_session(script: Bluesky) -> None:
    read_on(script.reader(), {})
    script.password = script.secrets["app_password"] = "new-password"
    read_on(script.reader(), {})
    assert script.signed_in == 2


def test_a_wrong_password_says_what_to_do_and_is_tried_once(script: Bluesky) -> None:
    script.password = "another"
    with pytest.raises(Unauthorized, match="Make a new app password"):
        script.reader().fetch({}, now=NOW)
    assert len(script.peer.calls) == 1


def test_an_account_with_a_second_factor_is_told_of_app_passwords(script: Bluesky) -> None:
    def ask_for_more(_call: Call) -> Answer:
        return refusal(401, "AuthFactorTokenRequired")

    script.peer.answers["/xrpc/com.atproto.server.createSession"] = ask_for_more
    with pytest.raises(Unauthorized, match="second factor"):
        script.reader().fetch({}, now=NOW)


def test_a_wall_in_front_of_the_server_does_not_stop_the_source_for_good(script: Bluesky) -> None:
    wall = Answer(b"<html>Forbidden</html>", 403)
    script.faults = [wall]
    with pytest.raises(ReadError, match="403") as refused:
        script.reader().fetch({}, now=NOW)
    assert not isinstance(refused.value, Unauthorized)
    script.faults = [wall]
    with pytest.raises(TemporaryError):
        script.publisher().publish(Message("Sorry.", "cd-1-1"))
    script.secrets = {"app_password": script.password}
    script.peer.answers["/xrpc/com.atproto.server.createSession"] = wall
    with pytest.raises(ReadError) as refused:
        script.reader().fetch({}, now=NOW)
    assert not isinstance(refused.value, Unauthorized)


def test_what_was_typed_is_tried_out_though_nothing_is_stored(script: Bluesky) -> None:
    script.put("coffee, cold", at=NOW)
    typed = Connection({"handle": "brand.example", "service": script.peer.url}, script.secrets)
    assert NETWORK.prober
    found = NETWORK.prober(typed, script.wanted).probe(now=NOW + timedelta(seconds=1))
    assert (found.account, found.sample, found.notes) == ("@brand.example", ["coffee, cold"], [])
    assert Can.POST in found.can


def test_the_connection_is_tried_without_a_source(script: Bluesky) -> None:
    assert NETWORK.prober
    found = NETWORK.prober(script.connection(), {}).probe(now=NOW)
    assert (found.account, found.sample) == ("@brand.example", [])


# What is read


def test_a_post_is_read_as_people_know_it(script: Bluesky) -> None:
    script.followers = {STRANGER: 4711}
    card = {"$type": "app.bsky.embed.external", "external": {"title": "Coffee recalled"}}
    reply = {"parent": {"uri": "at://did:plc:x/app.bsky.feed.post/1", "cid": "b"}}
    uri = script.put("coffee!", at=NOW, langs=["da-DK"], embed=card, reply=reply)
    [post] = script.reader().fetch({}, now=NOW).posts
    assert (post.external_id, post.text, post.title) == (uri, "coffee!", "Coffee recalled")
    assert (post.author, post.author_id, post.reach) == ("stranger.example", STRANGER, 4711)
    assert post.url == f"https://bsky.app/profile/stranger.example/post/{uri[-13:]}"
    assert (post.published_at, post.lang) == (NOW, "da")
    assert (post.parent_id, post.network) == ("at://did:plc:x/app.bsky.feed.post/1", "bluesky")


def test_followers_are_asked_for_once_and_not_at_all_costs(script: Bluesky) -> None:
    for n in range(60):
        script.put(f"coffee {n}", at=NOW, did=f"did:plc:{n}")
    read_on(script.reader(), {})
    read_on(script.reader(), {})
    asked = [call for call in script.peer.calls if "getProfiles" in call.path]
    assert len(asked) == 3
    people._known.clear()
    script.peer.answers["/xrpc/app.bsky.actor.getProfiles"] = Answer(status=500)
    assert len(read_on(script.reader(), {})[0]) >= 60


def test_our_own_posts_are_no_news(script: Bluesky) -> None:
    script.put("coffee, from us", at=NOW, did=OWN)
    theirs = script.put("coffee, from them", at=NOW)
    assert ids(read_on(script.reader(), {})[0]) == {theirs}


def test_a_search_that_is_refused_does_not_hold_up_the_others(script: Bluesky) -> None:
    search = script.peer.answers["/xrpc/app.bsky.feed.searchPosts"]
    assert callable(search)

    def picky(call: Call) -> Answer:
        wrong = "q=%22open" in call.path
        return refusal(400, "BadQueryString", "unbalanced quotes") if wrong else search(call)

    script.peer.answers["/xrpc/app.bsky.feed.searchPosts"] = picky
    script.wanted = {"what": "search", "words": ['"open', "coffee"]}
    written = script.put("coffee", at=NOW)
    read_on(script.reader(), {})
    first = script.reader().fetch({}, now=NOW, limit=1)
    assert first.refused == ['"open: unbalanced quotes']
    posts, _cursor = read_on(script.reader(), first.cursor)
    assert ids(posts) == {written}


def test_what_is_new_comes_before_what_is_left_of_a_storm(script: Bluesky) -> None:
    for n in range(300):
        script.put(f"coffee {n}", at=NOW - timedelta(seconds=n))
    cursor = script.reader().fetch({}, now=NOW, limit=1).cursor
    later = NOW + timedelta(minutes=5)
    fresh = script.put("coffee, just now", at=later)
    batch = script.reader().fetch(cursor, now=later, limit=1)
    assert fresh in ids(batch.posts)
    posts, cursor = read_on(script.reader(), batch.cursor, now=later)
    assert len(ids(posts) | ids(batch.posts)) == 301
    assert cursor["lists"]["coffee"]["walks"] == []


def test_walks_that_never_end_stay_few(script: Bluesky) -> None:
    cursor: dict[str, Any] = {}
    for poll in range(20):
        now = NOW + timedelta(minutes=poll)
        for n in range(150):
            script.put(f"coffee {poll} {n}", at=now - timedelta(milliseconds=100 * n))
        cursor = script.reader().fetch(cursor, now=now, limit=1).cursor
    assert len(cursor["lists"]["coffee"]["walks"]) <= 4


def test_what_comes_late_with_an_earlier_time_is_found_among_the_newest(script: Bluesky) -> None:
    script.put("coffee", at=NOW)
    _posts, cursor = read_on(script.reader(), {})
    late = script.put("coffee, bridged", at=NOW - timedelta(hours=3))
    posts, _cursor = read_on(script.reader(), cursor, now=NOW + timedelta(minutes=5))
    assert late in ids(posts)


def test_a_failure_on_the_second_page_keeps_the_first(script: Bluesky) -> None:
    for n in range(250):
        script.put(f"coffee {n}", at=NOW - timedelta(seconds=n))
    search, pages = script.peer.answers["/xrpc/app.bsky.feed.searchPosts"], []
    assert callable(search)

    def tires(call: Call) -> Answer:
        pages.append(call)
        return refusal(429, "RateLimitExceeded") if len(pages) == 2 else search(call)

    script.peer.answers["/xrpc/app.bsky.feed.searchPosts"] = tires
    first = script.reader().fetch({}, now=NOW)
    assert (len(first.posts), first.more) == (100, True)
    posts, _cursor = read_on(script.reader(), first.cursor)
    assert len(ids(posts) | ids(first.posts)) == 250


def test_the_first_reading_goes_back_as_far_as_is_wanted(script: Bluesky) -> None:
    near = script.put("coffee", at=NOW - timedelta(hours=20))
    far = script.put("coffee", at=NOW - timedelta(days=3))
    assert ids(read_on(script.reader(), {})[0]) == {near}
    script.wanted = {**script.wanted, "days": "7"}
    assert ids(read_on(script.reader(), {})[0]) == {near, far}


def test_the_network_says_what_is_left_of_the_allowance(script: Bluesky) -> None:
    quota = script.reader().fetch({}, now=NOW).quota
    assert quota
    assert (quota.left, quota.limit) == (2990, 3000)
    assert quota.resets_at == datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def test_without_a_retry_after_the_reset_of_the_allowance_says_when(script: Bluesky) -> None:
    reset = int(time.time()) + 40
    script.fail(429, {"RateLimit-Remaining": "0", "RateLimit-Reset": str(reset)})
    with pytest.raises(ReadError) as refused:
        script.reader().fetch({}, now=NOW)
    assert refused.value.retry_after == pytest.approx(40, abs=2)


@pytest.mark.parametrize("posts", [None, "x", [None, 3, {}, {"record": 1}, {"uri": 2}], {"a": 1}])
def test_answers_of_another_shape_are_survived(script: Bluesky, posts: Any) -> None:
    script.peer.answers["/xrpc/app.bsky.feed.searchPosts"] = answer({"posts": posts, "cursor": 7})
    assert script.reader().fetch({}, now=NOW).posts == []


def test_a_search_for_nothing_is_refused_with_words(script: Bluesky) -> None:
    script.wanted = {"what": "search", "words": [" ", ""]}
    with pytest.raises(ReadError, match="no words"):
        script.reader()
    assert NETWORK.check
    with pytest.raises(BadSetting, match="no words"):
        NETWORK.check(script.wanted)
    NETWORK.check({"what": "notifications"})


def test_likes_and_follows_are_no_mentions(script: Bluesky) -> None:
    uris = [script.put(f"post {n}", at=NOW) for n in range(3)]
    script.told = list(zip(uris, ["like", "reply", "quote"], strict=True))
    script.wanted = {"what": "notifications"}
    assert ids(read_on(script.reader(), {})[0]) == set(uris[1:])


# What became of posts


def test_who_blocks_us_has_not_taken_posts_away(script: Bluesky) -> None:
    uri = script.put("coffee", at=NOW)
    script.hidden_authors.add(STRANGER)
    batch = script.looker().look_up([uri], now=NOW)
    assert (batch.posts, batch.gone, batch.authors_gone) == ([], [], [])


def test_who_left_takes_all_posts_along_and_may_come_back(script: Bluesky) -> None:
    uri = script.put("coffee", at=NOW)
    script.left_authors.add(STRANGER)
    batch = script.looker().look_up([uri], now=NOW)
    assert (batch.posts, batch.gone, batch.authors_gone) == ([], [], [STRANGER])


# What is published


def test_links_mentions_and_tags_are_placed_in_bytes(script: Bluesky) -> None:
    text = (
        "Vi beklager, @stranger.example! Læs https://example.org/å (kl. 9). #kaffe @nobody.example"
    )
    script.publisher().publish(Message(text, "cd-1-1"))
    [record] = script.posts.values()
    encoded = text.encode()
    told = [
        (encoded[f["index"]["byteStart"] : f["index"]["byteEnd"]].decode(), f["features"][0])
        for f in record["facets"]
    ]
    kind = "app.bsky.richtext.facet#"
    assert told == [
        ("@stranger.example", {"$type": kind + "mention", "did": STRANGER}),
        ("https://example.org/å", {"$type": kind + "link", "uri": "https://example.org/å"}),
        ("#kaffe", {"$type": kind + "tag", "tag": "kaffe"}),
    ]
    assert record["text"] == text


@pytest.mark.parametrize(
    ("text", "uri"),
    [
        ("see https://a.example/x.", "https://a.example/x"),
        ("(https://a.example/x)", "https://a.example/x"),
        ("https://a.example/x_(y)", "https://a.example/x_(y)"),
        ("'https://a.example/?q=1&r=2'!", "https://a.example/?q=1&r=2"),
    ],
)
def test_a_link_ends_before_the_sentence_does(text: str, uri: str) -> None:
    [facet] = richtext.facets(text, lambda _handle: "")
    assert facet["features"][0]["uri"] == uri


def test_each_person_is_looked_up_once_and_not_too_many() -> None:
    asked: list[str] = []
    names = " ".join(f"@p{n}.example @P{n}.example" for n in range(12))
    facets = richtext.facets(names, lambda handle: asked.append(handle) or "did:plc:x")
    assert asked == [f"p{n}.example" for n in range(8)]
    assert len(facets) == 16


def test_the_language_of_the_account_is_told(script: Bluesky) -> None:
    connection = script.connection()
    assert NETWORK.publisher
    danish = replace(connection, config={**connection.config, "language": "da"})
    NETWORK.publisher(danish).publish(Message("Undskyld.", "cd-1-1"))
    assert [post["langs"] for post in script.posts.values()] == [["da"]]


def test_addresses_of_mail_and_code_are_no_mentions() -> None:
    text = "mail to a@b.example, #1, C#, javascript:alert(1), ftp://x.example"
    assert richtext.facets(text, lambda _handle: "did:plc:x") == []


def test_a_reply_refers_to_the_post_and_the_root_of_its_thread(script: Bluesky) -> None:
    root = {"uri": "at://did:plc:x/app.bsky.feed.post/1", "cid": "bafyroot"}
    asked = script.put("why?", at=NOW, reply={"root": root, "parent": root})
    script.publisher().publish(Message("Because.", "cd-1-1", reply_to=asked))
    reply = list(script.posts.values())[-1]["reply"]
    assert reply["root"] == root
    assert reply["parent"]["uri"] == asked
    first = script.put("first!", at=NOW)
    script.publisher().publish(Message("Thanks.", "cd-2-1", reply_to=first))
    reply = list(script.posts.values())[-1]["reply"]
    assert reply["root"] == reply["parent"]


def test_an_answer_to_what_is_gone_is_refused_with_words(script: Bluesky) -> None:
    with pytest.raises(PermanentError, match="gone"):
        script.publisher().publish(
            Message("Sorry.", "cd-1-1", reply_to="at://did:plc:x/app.bsky.feed.post/1")
        )
    assert script.published() == []


def test_a_failure_before_anything_is_written_is_no_uncertainty(script: Bluesky) -> None:
    asked = script.put("why?", at=NOW)
    script.fail(503)
    with pytest.raises(TemporaryError):
        script.publisher().publish(Message("Because.", "cd-1-1", reply_to=asked))


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("x" * 300, True),
        ("x" * 301, False),
        ("👩‍👩‍👧‍👦" * 120, True),
        ("👩‍👩‍👧‍👦" * 121, False),
        ("🏴󠁧󠁢󠁳󠁣󠁴󠁿" * 100, True),
        ("e\u0301" * 300, True),
    ],
)
def test_characters_are_counted_as_people_do_and_bytes_too(
    script: Bluesky, text: str, fits: bool
) -> None:
    if fits:
        script.publisher().publish(Message(text, "cd-1-1"))
    else:
        with pytest.raises(PermanentError):
            script.publisher().publish(Message(text, "cd-1-1"))
    assert script.published() == ([text] if fits else [])


def test_keys_of_records_are_valid_sortable_and_made_from_ours() -> None:
    moments = [NOW + timedelta(seconds=3 * n) for n in range(50)]
    keys = [tid.of("cd-1-1", moment) for moment in moments]
    assert keys == sorted(keys)
    assert all(
        re.fullmatch("[234567abcdefghij][234567abcdefghijklmnopqrstuvwxyz]{12}", k) for k in keys
    )
    assert tid.of("cd-1-1", NOW) == tid.of("cd-1-1", NOW)
    assert len({tid.of(f"cd-{n}-1", NOW) for n in range(2000)}) == 2000
    assert tid.of("cd-1-1", None) == tid.of("cd-1-1", None)


def test_a_post_of_somebody_else_is_not_retracted(script: Bluesky) -> None:
    theirs = script.put("coffee", at=NOW)
    with pytest.raises(PermanentError):
        script.retractor().retract(theirs)
    assert theirs in script.posts
