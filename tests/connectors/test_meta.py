"""What is Meta's own: errors by code, use in per cent, proofs, sixty-day tokens, two steps."""

import hashlib
import hmac
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from connectors.base import Message, PermanentError, ReadError, Unauthorized, UncertainError
from connectors.meta.graph import judge, quota
from connectors.registry import NETWORKS
from connectors.rest import Answer as Said
from connectors.rest import Kind
from tests.connectors.worlds import NOW, World, recorded, reply, running
from tests.connectors.worlds.facebook import Facebook
from tests.connectors.worlds.meta import Instagram, Threads

SINCE = NOW - timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _loopback(settings: object) -> None:
    settings.OUTBOUND_ALLOW = ["127.0.0.0/8"]


@pytest.fixture
def facebook() -> Iterator[Facebook]:
    with running(Facebook()) as world:
        yield world


@pytest.fixture
def instagram() -> Iterator[Instagram]:
    with running(Instagram()) as world:
        yield world


@pytest.fixture
def threads() -> Iterator[Threads]:
    with running(Threads()) as world:
        yield world


def read(world: World) -> Any:
    return NETWORKS[world.network].reader(world.connection(), world.wanted).fetch({}, now=NOW)


@pytest.mark.parametrize(
    ("code", "subcode", "status", "kind"),
    [
        (190, 463, 400, Kind.UNAUTHORIZED),
        (102, 0, 400, Kind.UNAUTHORIZED),
        (4, 0, 403, Kind.LIMITED),
        (17, 0, 400, Kind.LIMITED),
        (32, 0, 403, Kind.LIMITED),
        (613, 0, 400, Kind.LIMITED),
        (80002, 0, 400, Kind.LIMITED),
        (10, 0, 403, Kind.FORBIDDEN),
        (200, 0, 403, Kind.FORBIDDEN),
        (299, 0, 403, Kind.FORBIDDEN),
        (100, 33, 400, Kind.MISSING),
        (803, 0, 404, Kind.MISSING),
        (1, 0, 500, Kind.BROKEN),
        (2, 0, 503, Kind.BROKEN),
        (100, 0, 400, Kind.REFUSED),
        (506, 0, 400, Kind.REFUSED),
        (9999, 0, 500, Kind.BROKEN),
    ],
)
def test_the_code_of_an_error_decides_not_the_status(
    code: int, subcode: int, status: int, kind: Kind
) -> None:
    error = {"code": code, "error_subcode": subcode, "message": "words"}
    verdict = judge(Said(status, {}, {"error": error}), NOW)
    assert verdict is not None
    assert verdict.kind is kind
    assert str(verdict.words)


def test_no_error_is_left_to_the_status() -> None:
    for data in ({}, [], None, {"error": "text"}, {"data": []}):
        assert judge(Said(200, {}, data), NOW) is None


def test_a_limit_says_when_it_is_over(facebook: Facebook) -> None:
    facebook.add(1)
    usage = '{"55":[{"type":"pages","call_count":100,"estimated_time_to_regain_access":19}]}'
    limited = reply(recorded("facebook", "limited"), 403, x_business_use_case_usage=usage)
    facebook.faults = [limited]
    with pytest.raises(ReadError) as failure:
        read(facebook)
    assert failure.value.retry_after == 19 * 60
    assert not isinstance(failure.value, Unauthorized)


def test_what_is_used_is_told_in_hundredths() -> None:
    usage = '{"55":[{"call_count":10,"total_cputime":81,"total_time":3}],"56":[7]}'
    headers = {"x-app-usage": '{"call_count":28}', "x-business-use-case-usage": usage}
    found = quota(headers, NOW)
    assert found is not None
    assert (found.left, found.limit) == (19, 100)
    for broken in ({}, {"x-app-usage": "["}, {"x-app-usage": "[" * 90_000}):
        assert quota(broken, NOW) is None


def test_each_call_proves_that_it_comes_from_the_app(facebook: Facebook) -> None:
    facebook.add(1)
    read(facebook)
    expected = hmac.new(b"shh", b"good", hashlib.sha256).hexdigest()
    assert facebook.asked[-1].query["appsecret_proof"] == expected
    del facebook.secrets["app_secret"]
    read(facebook)
    assert "appsecret_proof" not in facebook.asked[-1].query


def test_a_page_s_own_comments_and_posts_are_no_mentions(facebook: Facebook) -> None:
    facebook.add(2)
    publisher = NETWORKS["facebook"].publisher(facebook.connection())
    publisher.publish(Message("Vores svar", "k", "100_1000", SINCE))
    publisher.publish(Message("Vores opslag", "k2", "", SINCE))
    cursor: dict[str, Any] = {}
    texts: list[str] = []
    more = True
    while more:
        reader = NETWORKS["facebook"].reader(facebook.connection(), facebook.wanted)
        batch = reader.fetch(cursor, now=NOW)
        texts += [post.text for post in batch.posts]
        cursor, more = batch.cursor, batch.more
    assert len(texts) == 2
    assert not {"Vores svar", "Vores opslag"} & set(texts)


def test_a_token_of_sixty_days_is_renewed_in_its_last_week(threads: Threads) -> None:
    now = int(NOW.timestamp())
    for left, calls in ((40, 0), (6, 1), (6, 1)):
        threads.secrets["expires_at"] = now + left * 86_400
        read(threads)
        renewals = [a for a in threads.asked if a.path == "/refresh_access_token"]
        # Once a day at the most, whatever comes of it.
        assert len(renewals) == calls
    assert threads.asked[-2].query.get("grant_type", "th_refresh_token") == "th_refresh_token"
    assert threads.secrets["renewed_at"] == now


def test_when_a_token_ends_is_told_if_it_is_renewed_here(
    threads: Threads, instagram: Instagram, facebook: Facebook
) -> None:
    assert read(threads).expires_at == NOW + timedelta(days=40)
    assert read(instagram).expires_at == NOW + timedelta(days=40)
    instagram.config["login"] = "facebook"
    assert read(instagram).expires_at is None
    assert read(facebook).expires_at is None


def test_a_token_that_meta_does_not_renew_is_used_as_it_is(instagram: Instagram) -> None:
    instagram.secrets["expires_at"] = 0
    right = instagram.answer
    instagram.answer = lambda asked: (
        reply(recorded("facebook", "token"), 400) if "refresh" in asked.path else right(asked)
    )
    instagram.add(1)
    assert read(instagram) is not None
    assert instagram.secrets["access_token"] == "good"


def test_instagram_takes_no_post_without_a_picture(instagram: Instagram) -> None:
    publisher = NETWORKS["instagram"].publisher(instagram.connection())
    with pytest.raises(PermanentError, match="picture"):
        publisher.publish(Message("Hej", "k", "", SINCE))
    assert instagram.asked == []


def test_a_mention_elsewhere_is_answered_where_it_is(instagram: Instagram) -> None:
    publisher = NETWORKS["instagram"].publisher(instagram.connection())
    message = Message("Tak", "k", "mention:3000:3001", SINCE)
    publisher.publish(message)
    [asked] = instagram.asked
    assert asked.path.endswith("/77/mentions")
    assert (asked.form["media_id"], asked.form["comment_id"]) == ("3000", "3001")
    with pytest.raises(UncertainError):
        publisher.find(message)


def test_a_lost_container_may_be_made_again_a_lost_publication_not(threads: Threads) -> None:
    from connectors.base import TemporaryError

    publisher = NETWORKS["threads"].publisher(threads.connection())
    threads.faults = [reply({}, 502)]
    with pytest.raises(TemporaryError):
        publisher.publish(Message("Hej", "k", "", SINCE))
    threads.faults = [lambda right: right, reply({}, 502)]
    with pytest.raises(UncertainError):
        publisher.publish(Message("Hej", "k", "", SINCE))
    receipt = publisher.publish(Message("Hej", "k", "", SINCE))
    assert receipt.url.startswith("https://www.threads.net/p/")


def test_threads_tells_of_what_is_deleted() -> None:
    import json

    from connectors.base import Connection
    from connectors.network import Event
    from connectors.threads.webhook import receive

    body = recorded("threads", "webhook")
    body["values"] = [{"field": "delete", "value": {"id": "1000"}}, body["values"], 7]
    event = Event({}, json.dumps(body).encode(), {})
    batch = receive(event, Connection({"user": "77"}), {}, NOW)
    assert (batch.gone, [post.parent_id for post in batch.posts]) == (["1000"], ["500"])
    other = receive(event, Connection({"user": "78"}), {}, NOW)
    assert (other.gone, other.posts) == ([], [])
