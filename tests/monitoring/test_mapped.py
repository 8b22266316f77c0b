"""Listening tools' calls, in the shapes that their public documentation shows."""

import contextlib
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from accounts.enums import Role
from accounts.models import Brand, Membership, User
from connectors.declared import BadSetting
from core.signatures import new_secret
from monitoring import mapped, senders
from monitoring.mapped import READY, compiled, read
from monitoring.models import Mention, Source
from monitoring.payload import WrongShape
from monitoring.services import sources

SignIn = Callable[[User], Client]
NOW = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
BRANDWATCH = {
    "results": [
        {
            "added": "2026-11-20T17:48:54.588+0000", "author": "fjordfan", "fullname": "A B",
            "contentSource": "bluesky", "date": "2026-11-20T17:40:00.000+0000",
            "fullText": "The whole text", "snippet": "The wh…", "language": "en",
            "originalUrl": "https://bsky.app/p/1", "reachEstimate": 1200.0, "resourceId": "r-1",
            "title": "T", "starRating": None,
        }
    ],
    "resultsPage": 0, "resultsTotal": 1,
}  # fmt: skip
MELTWATER = {
    "request": {"company_id": "5", "hook_id": "h", "inputs": [{"id": 7, "type": "search"}]},
    "documents": [
        {
            "id": "1713_K49", "published_date": "2026-11-20T14:30:45.000Z",
            "url": "https://news.example/a", "external_id": "17",
            "author": {"name": "Jo Doe", "handle": "jodoe"},
            "source": {"name": "News", "information_type": "news", "metrics": {"reach": 9000}},
            "content": {"title": "Coffee recalled", "opening_text": "Fjordkaffe recalls …"},
            "enrichments": {"language_code": "da", "sentiment": "negative"},
        }
    ],
}  # fmt: skip
TALKWALKER = {
    "status_code": "0",
    "result_content": {
        "data": [
            {
                "data": {
                    "url": "https://forum.example/1", "published": 1795413600000, "title": "Hm",
                    "content": "Tastes of plastic", "content_snippet": "of plastic", "lang": "en",
                    "reach": 310, "source_type": ["MESSAGEBOARD", "MESSAGEBOARD_REDDIT"],
                    "extra_author_attributes": {"id": "ex:1", "name": "Bo"},
                }
            }
        ]
    },
}  # fmt: skip
MENTION = {
    "mentions": [
        {
            "id": 812, "title": "Fjordkaffe", "description": "They burned my beans",
            "original_url": "https://x.com/a/1", "published_at": "2026-11-20T10:00:00.0+00:00",
            "source_name": "X", "source_type": "twitter", "language_code": "en",
            "author": {"name": "Kim"}, "cumulative_reach": 44,
        }
    ]
}  # fmt: skip
CALLS = {
    "brandwatch": BRANDWATCH, "meltwater": MELTWATER, "talkwalker": TALKWALKER, "mention": MENTION,
}  # fmt: skip


def posts(document: Any, tool: str) -> Any:
    return read(json.dumps(document).encode(), READY[tool])


def test_brandwatch() -> None:
    [post] = posts(BRANDWATCH, "brandwatch").posts
    assert (post.external_id, post.text, post.title) == ("r-1", "The whole text", "T")
    assert (post.author, post.network, post.reach) == ("fjordfan", "bluesky", 1200)
    assert post.published_at == datetime(2026, 11, 20, 17, 40, tzinfo=UTC)
    short = {"results": [{**BRANDWATCH["results"][0], "fullText": None}]}  # type: ignore[index]
    assert posts(short, "brandwatch").posts[0].text == "The wh…"


def test_meltwater() -> None:
    [post] = posts(MELTWATER, "meltwater").posts
    assert (post.external_id, post.title) == ("1713_K49", "Coffee recalled")
    assert (post.text, post.author) == ("Fjordkaffe recalls …", "Jo Doe")
    assert (post.lang, post.reach, post.network) == ("da", 9000, "news")


def test_talkwalker_by_search_and_by_stream() -> None:
    [post] = posts(TALKWALKER, "talkwalker").posts
    assert (post.text, post.author, post.author_id) == ("Tastes of plastic", "Bo", "ex:1")
    assert post.published_at == datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
    assert post.network == "MESSAGEBOARD_REDDIT"
    inner = TALKWALKER["result_content"]["data"][0]  # type: ignore[index]
    chunk = {"chunk_type": "CT_RESULT", "chunk_result": {"data": inner}}
    assert posts(chunk, "talkwalker").posts == [post]


def test_mention_in_a_list_and_alone() -> None:
    [post] = posts(MENTION, "mention").posts
    assert (post.external_id, post.text) == ("812", "They burned my beans")
    assert (post.author, post.reach, post.network) == ("Kim", 44, "twitter")
    assert posts(MENTION["mentions"][0], "mention").posts == [post]


def test_a_bad_row_is_named_and_the_good_ones_kept() -> None:
    document = {"documents": [*MELTWATER["documents"], {"published_date": "soon"}, "text"]}
    found = posts(document, "meltwater")
    assert len(found.posts) == 2
    assert [(each.row, each.field) for each in found.refused] == [(1, "published_at")]


def test_where_the_mapping_finds_nothing_the_call_is_refused() -> None:
    for document in ({}, {"documents": []}, {"documents": None}, {"documents": ["x"] * 1001}):
        with pytest.raises(WrongShape):
            posts(document, "meltwater")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("text", "field = expression"),
        ("colour = a", "field = expression"),
        ("text = a.", "look at column 3"),
        ("text = " + "a." * 200 + "b", "too long"),
        ("text = " + "[" * 40 + "a" + "]" * 40, "too complex"),
        ("text = " + " | ".join(["[@, @]"] * 20), "too complex"),
        ("text = " + " || ".join(["a"] * 60), "too complex"),
        ("text = to_string(@)", "to_string"),
        ("text = sort_by(@, &a)", "too complex"),
        ("text = map(&a, @)", "too complex"),
    ],
)
def test_an_expression_that_may_be_dear_is_refused_before_it_runs(line: str, words: str) -> None:
    with pytest.raises(BadSetting, match=words.replace("(", r"\(")):
        compiled((line,))


def test_a_mapping_must_say_where_the_text_is() -> None:
    with pytest.raises(BadSetting, match="where the text is"):
        compiled(("url = a",))


def test_the_dearest_mapping_that_is_allowed_ends_in_time() -> None:
    """A thousand items of two kilobytes, each field with all that an expression may have."""
    wide = {f"k{n}": [{"a": ["x" * 20] * 5}] * 3 for n in range(5)}
    body = json.dumps({"list": [wide] * 1000}).encode()
    dear = "join('', [*, *, *][][].a[][])"
    lines = ("items = list", *(f"{field} = {dear}" for field in mapped.FIELDS))
    began = time.monotonic()
    with contextlib.suppress(WrongShape):
        read(body, lines)
    assert time.monotonic() - began < mapped.PATIENCE + 3


# By the door


class Caller:
    def __init__(self, brand: Brand, name: str, **settings: Any) -> None:
        config = sources.configure("webhook", settings)
        made = sources.create_source(
            brand, kind="webhook", name=name, config=config, by=None, now=datetime.now(UTC)
        )
        self.source, self.secret = made.source, made.secret
        self.source.refresh_from_db()

    def __call__(self, document: Any, *, at_end: str = "", ip: str = "", **headers: str) -> Any:
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return Client(enforce_csrf_checks=True).post(
            f"/hooks/{self.source.public_id}/{at_end}", body, content_type="application/json",
            headers=named, REMOTE_ADDR=ip or "192.0.2.7",
        )  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize("tool", READY)
def test_a_tool_that_cannot_sign_calls_by_its_secret_address(brand: Brand, tool: str) -> None:
    call = Caller(brand, tool, sender="address", format=tool, addresses="192.0.2.0/24")
    end = senders.in_url(call.secret) + "/"
    assert call(CALLS[tool], at_end=end).json()["accepted"] == 1
    assert call(CALLS[tool], at_end=end).json()["known"] == 1
    assert call(CALLS[tool]).status_code == 401
    assert call(CALLS[tool], at_end=senders.in_url(new_secret()) + "/").status_code == 401
    assert call(CALLS[tool], at_end=end, ip="198.51.100.1").status_code == 403
    assert call(CALLS[tool], at_end=end, ip="::ffff:192.0.2.9").status_code == 200
    assert Mention.objects.count() == 1


@pytest.mark.django_db
def test_a_sender_that_signs_as_github_and_meta_do(brand: Brand, alice: User) -> None:
    call = Caller(brand, "Hub", sender="hub", format="mention")
    body = json.dumps(MENTION).encode()
    signed = "sha256=" + hmac.new(call.secret.encode(), body, hashlib.sha256).hexdigest()
    assert call(body, x_hub_signature_256=signed).json()["accepted"] == 1
    assert call(body + b" ", x_hub_signature_256=signed).status_code == 401
    assert call(body).status_code == 401
    asked = {"hub.mode": "subscribe", "hub.challenge": "42", "hub.verify_token": call.secret}
    path = f"/hooks/{call.source.public_id}/"
    assert Client().get(path, asked).content == b"42"
    assert Client().get(path, asked | {"hub.verify_token": "x"}).status_code == 403


@pytest.mark.django_db
def test_a_sender_that_shows_its_secret_in_a_header(brand: Brand) -> None:
    call = Caller(brand, "Bearer", sender="bearer", format="mention")
    assert call(MENTION, authorization=f"Bearer {call.secret}").json()["accepted"] == 1
    assert call(MENTION, authorization="Bearer x").status_code == 401
    assert call(MENTION, authorization=call.secret).status_code == 401
    assert call(MENTION).status_code == 401


@pytest.mark.django_db
def test_poison_by_a_mapping_is_refused_and_never_an_error_of_ours(brand: Brand) -> None:
    call = Caller(brand, "Tool", sender="bearer", format="meltwater")
    header = f"Bearer {call.secret}"
    for body, status in (
        (b"", 400), (b"[" * 100_000, 400), (b"{}", 422), (b"[]", 422), (b"null", 422),
        (b'{"documents": [{"id": {"a": 1}, "content": {"title": "x"}}]}', 422),
        (b'{"documents": [{"content": {"title": ["a", "b"]}}]}', 422),
        (b'{"documents": [{"content": 7}]}', 422),
    ):  # fmt: skip
        assert call(body, authorization=header).status_code == status
    assert not Mention.objects.exists()


@pytest.mark.django_db
def test_a_standard_sender_is_not_let_in_by_weaker_means(brand: Brand, alice: User) -> None:
    call = Caller(brand, "Strict")
    end = senders.in_url(call.secret) + "/"
    good = {"mentions": [{"text": "x"}]}
    assert call(good, at_end=end, authorization=f"Bearer {call.secret}").status_code == 401
    assert Client().get(f"/hooks/{call.source.public_id}/").status_code == 405


@pytest.mark.django_db
def test_an_example_shows_at_once_what_would_be_read(
    brand: Brand, alice: User, signed_in: SignIn
) -> None:
    Membership.objects.filter(user=alice).update(role=Role.ADMINISTRATOR)
    browser = signed_in(alice)
    new = "/settings/sources/new/?kind=webhook&brand=fjordkaffe"
    form = {"preview": "1", "format": "meltwater", "example": json.dumps(MELTWATER)}
    shown = browser.post(new, form).content.decode()
    assert "1 mention would be read." in shown
    assert "Jo Doe" in shown
    own = {"preview": "1", "mapping": "items = docs\ntext = body", "format": "own"}
    shown = browser.post(new, own | {"example": '{"docs": [{"body": "<b>hi"}]}'}).content.decode()
    assert "&lt;b&gt;hi" in shown
    broken = browser.post(new, own | {"mapping": "text = a.", "example": "{}"}).content.decode()
    assert "no JMESPath expression" in broken
    assert not Source.objects.exists()


@pytest.mark.django_db
def test_a_bad_mapping_is_refused_beside_its_field(
    brand: Brand, alice: User, signed_in: SignIn
) -> None:
    Membership.objects.filter(user=alice).update(role=Role.ADMINISTRATOR)
    new = "/settings/sources/new/?kind=webhook&brand=fjordkaffe"
    form = {"name": "Tool", "mapping": "text = to_string(@)", "addresses": "here"}
    shown = signed_in(alice).post(new, form).content.decode()
    assert "no IP address" in shown
    shown = signed_in(alice).post(new, form | {"addresses": ""}).content.decode()
    assert "cannot be used here" in shown
    assert not Source.objects.exists()
    made = signed_in(alice).post(new, {"name": "Tool", "sender": "address"}).content.decode()
    secret = sources.secrets(Source.objects.get(), now=datetime.now(UTC))[0]
    assert f"/{senders.in_url(secret)}/" in made
    page = signed_in(alice).get(f"/settings/sources/{Source.objects.get().pk}/").content.decode()
    assert senders.in_url(secret) not in page
