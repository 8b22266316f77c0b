"""Calls by networks, verified as each of them signs; their content is recorded or invented."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client

from accounts.models import Brand, User
from connectors import credentials
from connectors.models import ConnectedAccount
from monitoring.models import Mention, Source
from monitoring.views.called import MOST_BYTES
from tests.connectors.worlds import recorded, running
from tests.connectors.worlds.meta import Instagram
from tests.factories.connectors import AccountFactory
from tests.factories.monitoring import SourceFactory

pytestmark = pytest.mark.django_db

SECRET = "the secret of the app"


def hexadecimal(body: bytes, prefix: bytes = b"") -> str:
    return hmac.new(SECRET.encode(), prefix + body, hashlib.sha256).hexdigest()


def meta(body: bytes) -> dict[str, str]:
    return {"X-Hub-Signature-256": "sha256=" + hexadecimal(body)}


def of_x(body: bytes) -> dict[str, str]:
    digest = hmac.new(SECRET.encode(), body, hashlib.sha256).digest()
    return {"X-Twitter-Webhooks-Signature-OAuth2": "sha256=" + base64.b64encode(digest).decode()}


def linkedin(body: bytes) -> dict[str, str]:
    return {"X-LI-Signature": hexadecimal(body, b"hmacsha256=")}


def nothing(_body: bytes) -> dict[str, str]:
    return {}


# Network → (settings, secrets, how it signs, what it sends).
NETWORKS: dict[str, tuple[dict[str, Any], dict[str, Any], Callable[..., dict[str, str]], Any]] = {
    "facebook": ({"page": "55"}, {"app_secret": SECRET}, meta, recorded("facebook", "webhook")),
    "instagram": ({"user": "77"}, {"app_secret": SECRET}, meta, recorded("instagram", "webhook")),
    "threads": ({"user": "77"}, {"app_secret": SECRET}, meta, recorded("threads", "webhook")),
    "x": ({}, {"client_secret": SECRET}, of_x, {"data": recorded("x", "post")}),
    "linkedin": (
        {"organization": "55"},
        {"client_secret": SECRET},
        linkedin,
        {
            "type": "ORGANIZATION_SOCIAL_ACTION_NOTIFICATIONS",
            "notifications": [recorded("linkedin", "notification")],
        },
    ),
    "trustpilot": (
        {"business_unit": "bu1"},
        {"hook_key": SECRET, "api_key": "k"},
        nothing,
        recorded("trustpilot", "webhook"),
    ),
}


class Caller:
    """One network, with a source whose account has its secret."""

    def __init__(self, network: str, brand: Brand, **config: Any) -> None:
        settings, secrets, self.sign, self.event = NETWORKS[network]
        self.network = network
        self.account: ConnectedAccount = AccountFactory.create(
            brand=brand, network=network, config={**settings, **config}
        )
        credentials.store(self.account, {**secrets, "access_token": "good", "verify_token": "blue"})
        self.source: Source = SourceFactory.create(brand=brand, kind=network, account=self.account)
        self.client = Client(enforce_csrf_checks=True)

    @property
    def address(self) -> str:
        return f"/hooks/{self.network}/{self.source.public_id}/"

    def post(self, event: Any = None, *, key: str = SECRET, **headers: str) -> Any:
        body = event if isinstance(event, bytes) else json.dumps(event or self.event).encode()
        query = f"?key={key}".replace(" ", "%20") if self.network == "trustpilot" else ""
        return self.client.post(
            self.address + query,
            body,
            content_type="application/json",
            headers={**self.sign(body), **headers},
        )


@pytest.fixture(params=NETWORKS)
def caller(request: pytest.FixtureRequest, brand: Brand) -> Caller:
    return Caller(request.param, brand)


def texts() -> list[str]:
    return list(Mention.objects.order_by("id").values_list("text", flat=True))


def test_what_a_network_tells_is_stored_once_however_often_it_tells_it(caller: Caller) -> None:
    answers = [caller.post() for _time in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert len(texts()) == 1
    assert "Kaffen" in texts()[0]
    caller.source.refresh_from_db()
    assert caller.source.cursor == {}


def test_what_is_not_signed_is_not_read(caller: Caller) -> None:
    assert caller.post().status_code == 200
    Mention.objects.all().delete()
    body = json.dumps(caller.event).encode() + b" "
    wrong: dict[str, dict[str, str]] = {
        "none": {},
        "of another body": caller.sign(b"{}"),
        "cut": {name: value[:-2] for name, value in caller.sign(body).items()},
        "not a text": dict.fromkeys(caller.sign(body), "�" * 0 + "é"),
    }
    for headers in wrong.values():
        query = "?key=wrong" if caller.network == "trustpilot" else ""
        answer = caller.client.post(
            caller.address + query, body, content_type="application/json", headers=headers
        )
        assert answer.status_code == 401
        assert answer.content == b""
    assert texts() == []


def test_an_account_without_a_secret_takes_no_call(caller: Caller) -> None:
    credentials.store(caller.account, {"access_token": "good", "api_key": "k"})
    assert caller.post(key="").status_code == 401
    assert texts() == []


def test_no_source_no_network_and_no_other_way_are_all_told_shortly(caller: Caller) -> None:
    other = caller.address.replace(caller.network, "mastodon")
    assert caller.client.post(other, b"{}", content_type="application/json").status_code == 404
    unknown = caller.address.replace(
        str(caller.source.public_id), "0" * 8 + "-0000" * 3 + "-" + "0" * 12
    )
    assert caller.client.post(unknown, b"{}", content_type="application/json").status_code == 404
    assert caller.client.put(caller.address, b"{}").status_code == 405
    too_large = b'{"x": "' + b"y" * MOST_BYTES + b'"}'
    assert caller.post(too_large).status_code == 413


@pytest.mark.parametrize(
    "body", [b"[]", b"null", b"7", b'"x"', b'{"entry": 7}', b'{"events": [7]}', b'{"data": [[]]}']
)
def test_a_signed_body_of_another_shape_brings_nothing(caller: Caller, body: bytes) -> None:
    assert caller.post(body).status_code == 200
    assert texts() == []


@pytest.mark.parametrize("body", [b"{", b"\xff", b"[" * 100_000])
def test_a_signed_body_that_is_no_json_is_refused(caller: Caller, body: bytes) -> None:
    assert caller.post(body).status_code == 400


def test_hostile_text_is_kept_as_text(caller: Caller) -> None:
    event = json.dumps(caller.event).replace("Kaffen", "<b>\\u0000\\ud83d Kaffen")
    assert caller.post(event.encode()).status_code == 200
    [text] = texts()
    assert "<b>" in text
    assert "\x00" not in text


def test_a_paused_source_keeps_nothing_and_the_network_does_not_give_up(caller: Caller) -> None:
    Source.objects.update(is_active=False)
    assert caller.post().status_code == 200
    assert texts() == []


@pytest.mark.usefixtures("alice")
def test_meta_asks_whether_the_address_is_ours(brand: Brand) -> None:
    caller = Caller("facebook", brand)
    asked = {"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": "blue"}
    answer = caller.client.get(caller.address, asked)
    assert (answer.status_code, answer.content) == (200, b"1158201444")
    assert answer["Content-Type"].startswith("text/plain")
    for wrong in ({"hub.verify_token": "red"}, {"hub.mode": "other"}):
        assert caller.client.get(caller.address, {**asked, **wrong}).status_code == 403
    assert caller.client.get(caller.address).status_code == 403


@pytest.mark.usefixtures("alice")
def test_x_and_linkedin_ask_for_a_proof(brand: Brand) -> None:
    caller = Caller("x", brand)
    answer = caller.client.get(caller.address, {"crc_token": "abc"}).json()
    assert answer == {"response_token": of_x(b"abc")["X-Twitter-Webhooks-Signature-OAuth2"]}
    caller = Caller("linkedin", brand)
    code = "890e4665-4dfe-4ab1-b689-ed553bceeed0"
    answer = caller.client.get(caller.address, {"challengeCode": code}).json()
    assert answer == {"challengeCode": code, "challengeResponse": hexadecimal(code.encode())}
    caller = Caller("trustpilot", brand)
    assert caller.client.get(caller.address).status_code == 403


def test_an_app_has_one_address_for_all_its_pages(brand: Brand) -> None:
    """The call comes to one source's address; what concerns another page goes to that one's."""
    first, second = Caller("facebook", brand), Caller("facebook", brand, page="56")
    stranger = Caller("facebook", brand, page="57")
    credentials.store(stranger.account, {"app_secret": "another app's", "access_token": "good"})
    entries = [{**first.event["entry"][0], "id": page} for page in ("55", "56", "57")]
    for number, entry in enumerate(entries):
        value = {**entry["changes"][0]["value"], "comment_id": f"100_{number}"}
        entry["changes"] = [{"field": "feed", "value": value}]
    assert first.post({"object": "page", "entry": entries}).status_code == 200
    found = dict(Mention.objects.values_list("external_id", "source_id"))
    assert found == {"100_0": first.source.pk, "100_1": second.source.pk}


def test_facebook_tells_of_edits_deletions_and_our_own_comments(brand: Brand) -> None:
    caller = Caller("facebook", brand)
    assert caller.post().status_code == 200

    def told(at: int = 60, **changes: Any) -> Any:
        entry = caller.event["entry"][0]
        value = {**entry["changes"][0]["value"], **changes}
        changed = {**entry, "time": entry["time"] + at}
        return {
            "object": "page",
            "entry": [{**changed, "changes": [{"field": "feed", "value": value}]}],
        }

    caller.post(told(verb="edited", message="Kaffen var god"))
    assert texts() == ["Kaffen var god"]
    caller.post(told(comment_id="100_2", **{"from": {"id": "55", "name": "Fjordkaffe"}}))
    caller.post(told(item="reaction", comment_id="100_3"))
    assert len(texts()) == 1
    caller.post(told(verb="remove", message=""))
    [mention] = Mention.objects.all()
    assert mention.gone_at is not None
    assert mention.text == ""
    caller.post()
    assert texts() == [""]


def test_a_review_brings_its_stars_and_goes_again(brand: Brand) -> None:
    caller = Caller("trustpilot", brand)
    assert caller.post().status_code == 200
    [mention] = Mention.objects.all()
    assert (mention.stars, mention.title) == (1.0, "Brændt")
    gone = {"eventName": "service-review-deleted", "eventData": {"id": mention.external_id}}
    assert caller.post({"events": [gone]}).status_code == 200
    mention.refresh_from_db()
    assert mention.gone_at is not None


@pytest.fixture
def instagram(settings: object) -> Iterator[Instagram]:
    settings.OUTBOUND_ALLOW = ["127.0.0.0/8"]
    with running(Instagram()) as world:
        yield world


def test_what_a_mention_says_is_fetched_and_sent_again_if_that_fails(
    brand: Brand, instagram: Instagram
) -> None:
    """Meta tells of a mention only where it is."""
    caller = Caller("instagram", brand, api=instagram.url)
    secrets = {"app_secret": SECRET, **instagram.secrets, "access_token": "good"}
    credentials.store(caller.account, {**secrets, "app_secret": SECRET})
    event = recorded("instagram", "mention")
    instagram.token = "another"
    answer = caller.post(event)
    assert (answer.status_code, answer["Retry-After"]) == (503, "10")
    instagram.token = "good"
    assert caller.post(event).status_code == 200
    [mention] = Mention.objects.all()
    assert (mention.external_id, mention.text) == ("mention:3000:3001", "Se her @fjordkaffe")
    login = caller.post(recorded("instagram", "webhook_login"))
    assert login.status_code == 200
    assert texts()[-1] == "Hvorfor svarer I ikke?"


def test_who_manages_a_source_is_shown_the_address(
    brand: Brand, alice: User, signed_in: Callable[[User], Client]
) -> None:
    caller = Caller("facebook", brand)
    page = signed_in(alice).get(f"/settings/sources/{caller.source.pk}/")
    assert caller.address in page.content.decode()
    without = SourceFactory.create(brand=brand, kind="hackernews", config={"words": ["kaffe"]})
    page = signed_in(alice).get(f"/settings/sources/{without.pk}/")
    assert page.status_code == 200
    assert "/hooks/" not in page.content.decode()
