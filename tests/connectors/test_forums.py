"""What is Reddit's, LinkedIn's, TikTok's, Trustpilot's, Apple's and Hacker News' own."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from connectors.base import Message, PermanentError, TemporaryError, Unauthorized
from connectors.linkedin.client import comment_urn, parts, plain
from connectors.registry import NETWORKS
from tests.connectors.worlds import NOW, World, recorded, reply, running
from tests.connectors.worlds.forums import LinkedIn, Reddit, TikTok
from tests.connectors.worlds.hackernews import HackerNews
from tests.connectors.worlds.reviews import AppStore, Trustpilot

SINCE = NOW - timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _loopback(settings: object) -> None:
    settings.OUTBOUND_ALLOW = ["127.0.0.0/8"]


def _running(kind: type[World]) -> Iterator[Any]:
    with running(kind()) as world:
        yield world


@pytest.fixture
def reddit() -> Iterator[Reddit]:
    yield from _running(Reddit)


@pytest.fixture
def linkedin() -> Iterator[LinkedIn]:
    yield from _running(LinkedIn)


@pytest.fixture
def tiktok() -> Iterator[TikTok]:
    yield from _running(TikTok)


@pytest.fixture
def appstore() -> Iterator[AppStore]:
    yield from _running(AppStore)


@pytest.fixture
def trustpilot() -> Iterator[Trustpilot]:
    yield from _running(Trustpilot)


@pytest.fixture
def hackernews() -> Iterator[HackerNews]:
    yield from _running(HackerNews)


def fetch(world: World, cursor: dict[str, Any] | None = None) -> Any:
    connection = world.connection()
    return NETWORKS[world.network].reader(connection, world.wanted).fetch(cursor or {}, now=NOW)


def drained(world: World) -> list[Any]:
    batch = fetch(world)
    posts = list(batch.posts)
    while batch.more:
        batch = fetch(world, batch.cursor)
        posts += batch.posts
    return posts


def test_reddit_s_window_is_its_quota(reddit: Reddit) -> None:
    reddit.add(1)
    batch = fetch(reddit)
    assert (batch.quota.left, batch.quota.limit) == (97, 100)
    assert batch.quota.resets_at == NOW + timedelta(seconds=41)


def test_what_reddit_shows_as_deleted_or_removed_is_gone(reddit: Reddit) -> None:
    reddit.wanted = {"searches": ["fjordkaffe"]}
    kept, deleted, removed = reddit.add(3)
    deleted.text = "[removed]"
    right = reddit._comment

    def shown(item: Any) -> Any:
        made = right(item)
        if item is removed:
            made["data"]["removed_by_category"] = "moderator"
        return made

    reddit._comment = shown
    batch = fetch(reddit)
    assert [post.external_id for post in batch.posts] == [kept.id]
    assert set(batch.gone) == {deleted.id, removed.id}


def test_reddit_reports_a_limit_inside_a_200(reddit: Reddit) -> None:
    [item] = reddit.add(1)
    publisher = NETWORKS["reddit"].publisher(reddit.connection())
    reddit.faults = [reply(recorded("reddit", "limited"))]
    with pytest.raises(TemporaryError) as failure:
        publisher.publish(Message("Hej", "k", item.id, SINCE))
    assert failure.value.retry_after == 600
    errors = [["DELETED_COMMENT", "that comment has been deleted", "parent"]]
    reddit.faults = [reply({"json": {"errors": errors}})]
    with pytest.raises(PermanentError, match="has been deleted"):
        publisher.publish(Message("Hej", "k", item.id, SINCE))


def test_an_app_alone_reads_but_does_not_answer(reddit: Reddit) -> None:
    reddit.add(1)
    del reddit.secrets["refresh_token"]
    assert fetch(reddit) is not None
    assert reddit.asked[0].form["grant_type"] == "client_credentials"
    with pytest.raises(PermanentError, match="refresh token"):
        NETWORKS["reddit"].publisher(reddit.connection())


def test_a_user_name_cannot_break_out_of_its_header(reddit: Reddit) -> None:
    from connectors.reddit.client import user_agent

    made = user_agent(reddit.connection(username="a\r\nX-Evil: 1)"))
    assert made == "web:crisisdesk:v1 (by /u/aX-Evil1)"


def test_a_comment_on_linkedin_has_one_name_however_it_is_written() -> None:
    long = "urn:li:comment:(urn:li:activity:700,1000)"
    assert comment_urn("urn:li:comment:(activity:700,1000)") == long
    assert comment_urn(long) == long
    assert parts(long) == ("urn:li:activity:700", "1000")
    assert comment_urn("urn:li:share:1") == "urn:li:share:1"
    assert parts("urn:li:share:1") is None


def test_marks_of_linkedin_s_little_text_are_written_as_marks() -> None:
    assert plain("(a) [b] @c #d *e*") == "\\(a\\) \\[b\\] \\@c \\#d \\*e\\*"


def test_a_post_on_linkedin_is_written_plainly_and_found_again(linkedin: LinkedIn) -> None:
    publisher = NETWORKS["linkedin"].publisher(linkedin.connection())
    message = Message("Vi beklager (meget) #fjordkaffe", "k", "", SINCE)
    receipt = publisher.publish(message)
    assert receipt.url.endswith(receipt.external_id)
    assert linkedin.asked[-1].document["commentary"] == "Vi beklager \\(meget\\) \\#fjordkaffe"
    assert publisher.find(message) == receipt


def test_what_a_notification_does_not_bring_is_fetched(linkedin: LinkedIn) -> None:
    [item] = linkedin.add(1)
    right, fetched = linkedin._notification, {"owner": "urn:li:person:ida"}
    linkedin._notification = lambda each: {**right(each), "decoratedGeneratedActivity": None}
    linkedin.answer = _with(
        linkedin.answer,
        "/rest/socialActions/urn%3Ali%3Aactivity%3A700/comments/1000",
        {"message": {"text": "Hentet"}, "actor": fetched["owner"]},
    )
    [post] = fetch(linkedin).posts
    assert (post.external_id, post.text, post.author_id) == (item.id, "Hentet", fetched["owner"])


def _with(right: Any, where: str, said: Any) -> Any:
    return lambda asked: said if asked.path == where else right(asked)


def test_edits_and_deletions_are_notified(linkedin: LinkedIn) -> None:
    first, second = linkedin.add(2)
    right = linkedin._notification
    actions = {first.id: "COMMENT_EDIT", second.id: "COMMENT_DELETE"}
    linkedin._notification = lambda each: {**right(each), "action": actions[each.id]}
    batch = fetch(linkedin)
    assert batch.gone == [second.id]
    [post] = batch.posts
    assert post.edited_at == post.published_at


@pytest.mark.parametrize(
    ("code", "kind"),
    [(40100, TemporaryError), (40002, PermanentError), (40001, PermanentError)],
)
def test_tiktok_reports_errors_inside_a_200(
    tiktok: TikTok, code: int, kind: type[Exception]
) -> None:
    [item] = tiktok.add(1)
    publisher = NETWORKS["tiktok"].publisher(tiktok.connection())
    tiktok.faults = [reply({"code": code, "message": "no", "data": {}})]
    with pytest.raises(kind):
        publisher.publish(Message("Hej", "k", item.id, SINCE))
    with pytest.raises(PermanentError, match="only comments"):
        publisher.publish(Message("Hej", "k", "", SINCE))


def test_tiktok_s_mentions_are_read_where_they_are_allowed(tiktok: TikTok) -> None:
    tiktok.wanted = {"mentions": "yes"}
    at = str(int(NOW.timestamp()) - 60)
    video = {"item_id": "9", "caption": "Hej @fjordkaffe", "create_time": at, "username": "bo"}
    data = {"videos": [video], "has_more": False}
    where = "/business/mention/video/list/"
    tiktok.answer = _with(tiktok.answer, where, {"code": 0, "message": "OK", "data": data})
    posts = {post.external_id: post for post in drained(tiktok)}
    assert posts["9"].author == "@bo"


def test_apple_s_hour_is_its_quota_and_links_choose_no_host(appstore: AppStore) -> None:
    """The world's links to further pages lead elsewhere; only their cursor is taken."""
    appstore.add(30, stars=3)
    batch = fetch(appstore)
    assert (batch.quota.left, batch.quota.limit) == (500, 3500)
    posts = drained(appstore)
    assert len(posts) == 30
    assert {post.stars for post in posts} == {3.0}


def test_a_p8_file_that_is_none_is_told(appstore: AppStore) -> None:
    appstore.secrets["private_key"] = "-----BEGIN PRIVATE KEY-----\nnone\n"
    with pytest.raises(Unauthorized, match="private key"):
        fetch(appstore)


def test_a_revised_review_is_an_edit(trustpilot: Trustpilot) -> None:
    [item] = trustpilot.add(1, stars=5)
    item.edited, item.stars = NOW, 1
    [post] = fetch(trustpilot).posts
    assert (post.stars, post.edited_at) == (1.0, NOW)


def test_more_than_a_thousand_hits_are_read_by_slices_of_time(hackernews: HackerNews) -> None:
    hackernews.page = 50
    hackernews.add(230)
    assert {post.external_id for post in drained(hackernews)} == {i.id for i in hackernews.items}


def test_many_hits_of_one_second_do_not_turn_in_a_circle(hackernews: HackerNews) -> None:
    hackernews.page = 50
    for _number in range(120):
        hackernews.add(1, at=NOW - timedelta(minutes=9))
    hackernews.add(20, at=NOW - timedelta(minutes=8))
    # What shares a second beyond a page cannot be told apart there; it must end nevertheless.
    assert len({post.external_id for post in drained(hackernews)}) >= 50


def test_markup_of_hacker_news_becomes_text(hackernews: HackerNews) -> None:
    hackernews.add(1, text="First<p>&quot;second&quot; <i>x</i> <script>alert(1)</script>")
    [post] = fetch(hackernews).posts
    assert post.text == 'First\n"second" x'


def test_when_linkedin_s_token_ends_is_asked_once_a_day(linkedin: LinkedIn) -> None:
    linkedin.add(1)
    batch = fetch(linkedin)
    assert batch.expires_at == NOW + timedelta(days=5)
    assert fetch(linkedin, batch.cursor).expires_at is None
    asked = [each for each in linkedin.asked if linkedin.signs_in(each)]
    assert len(asked) == 1
