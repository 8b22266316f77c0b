"""Every address of the rooms of people and notices, walked by those it is not for."""

from collections.abc import Callable, Iterator

import pytest
from django.test import Client
from django.urls import URLPattern, reverse

from accounts import urls as accounts_urls
from accounts.models import Brand, User
from accounts.services import issue_token
from notifications import urls as notifications_urls
from notifications.models import Rule
from tests.factories.accounts import InvitationFactory
from tests.factories.notifications import ChannelFactory, reach, tell

PUBLIC = {
    "accounts:sign_in",
    "accounts:sign_out",
    "accounts:start",
    "accounts:language",
    "accounts:invitation",
    # Whoever holds the link; the text gateway; the browser's own script.
    "notifications:answer",
    "notifications:replies",
    "notifications:worker",
}
CANARY = "Fjordkaffe"


def patterns() -> Iterator[tuple[str, URLPattern]]:
    for module in (accounts_urls, notifications_urls):
        for pattern in module.urlpatterns:
            yield f"{module.app_name}:{pattern.name}", pattern


NAMES = [name for name, _ in patterns()]
OF_A_BRAND = [name for name, pattern in patterns() if "slug" in pattern.pattern.converters]
OF_AN_OBJECT = [
    name for name, pattern in patterns() if set(pattern.pattern.converters) & {"slug", "pk"}
]


@pytest.fixture
def addresses(alice: User, bob: User, brand: Brand) -> dict[str, str]:
    """Where alice's things are: each address with the id of a real thing of hers."""
    token, _ = issue_token(alice, name="canary")
    notice = tell(alice, key="canary", brand=brand)
    invitation = InvitationFactory.create(brand=brand)
    pk = {
        "accounts:token_revoke": token.pk,
        "accounts:invitation_withdraw": invitation.pk,
        "notifications:read": notice.pk,
        **_ways(alice, brand),
    }
    found = {}
    for name, pattern in patterns():
        values = {
            "slug": brand.slug,
            "pk": pk.get(name, bob.pk),
            "secret": "guessed",
            "token": "guessed",
            "service": "ntfy",
        }
        wanted = {key: values[key] for key in pattern.pattern.converters}
        found[name] = reverse(name, kwargs=wanted)
    return found


def _ways(alice: User, brand: Brand) -> dict[str, int]:
    """How alice and her brand are reached: an address, an order, a channel."""
    address = reach(alice, "ntfy", {"to": "https://ntfy.example/canary"}, "ntfy")
    rule = Rule.objects.create(user=alice, urgency="PAGE", steps=[])
    channel = ChannelFactory.create(brand=brand)
    kinds = {"address": address.pk, "ring": address.pk, "rule": rule.pk, "channel": channel.pk}
    return {
        name: pk
        for name, _pattern in patterns()
        for kind, pk in kinds.items()
        if name.startswith(f"notifications:{kind}")
    }


def ask(client: Client, address: str, method: str) -> tuple[int, str]:
    response = getattr(client, method)(address)
    return response.status_code, response.content.decode()


def test_the_walk_covers_pages_of_a_brand() -> None:
    assert "accounts:people" in OF_A_BRAND
    assert len(OF_A_BRAND) >= 5
    assert "notifications:read" in OF_AN_OBJECT


@pytest.mark.parametrize("name", OF_A_BRAND)
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_stranger_finds_nothing_of_a_brand(
    name: str, method: str, addresses: dict[str, str], charlie: User, signed_in: Callable
) -> None:
    status, content = ask(signed_in(charlie), addresses[name], method)
    # 405 tells nothing: the address answers to no GET whoever asks.
    assert status == 404 or (method == "get" and status == 405)
    assert CANARY not in content


@pytest.mark.parametrize("name", OF_AN_OBJECT)
def test_a_strangers_post_changes_nothing(
    name: str, addresses: dict[str, str], alice: User, charlie: User, signed_in: Callable
) -> None:
    status, content = ask(signed_in(charlie), addresses[name], "post")
    assert status in {404, 409}
    assert CANARY not in content
    assert alice.tokens.count() == 1
    assert alice.notices.filter(read_at=None).count() == 1
    assert alice.memberships.count() == 1
    assert alice.memberships.get().brand.invitations.count() == 1


@pytest.mark.parametrize("name", [name for name in NAMES if name not in OF_AN_OBJECT])
def test_no_page_of_a_strangers_own_shows_anything_of_the_brand(
    name: str, addresses: dict[str, str], charlie: User, signed_in: Callable
) -> None:
    status, content = ask(signed_in(charlie), addresses[name], "get")
    assert status < 500
    assert CANARY not in content


@pytest.mark.parametrize("name", [name for name in NAMES if name not in PUBLIC])
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_visitor_is_sent_to_the_sign_in_page(
    name: str, method: str, addresses: dict[str, str], client: Client
) -> None:
    response = getattr(client, method)(addresses[name])
    assert response.status_code in {302, 405}
    if response.status_code == 302:
        assert response["Location"].startswith("/sign-in/")


@pytest.mark.parametrize("name", [n for n in OF_A_BRAND if n != "accounts:people"])
def test_a_member_without_the_right_gets_words(
    name: str, addresses: dict[str, str], alice: User, signed_in: Callable
) -> None:
    status, content = ask(signed_in(alice), addresses[name], "post")
    assert status == 403
    assert "Manage brand, people and sources" in content


def test_a_member_sees_the_people_and_may_not_invite(
    addresses: dict[str, str], alice: User, signed_in: Callable
) -> None:
    status, content = ask(signed_in(alice), addresses["accounts:people"], "get")
    assert status == 200
    assert "Bob Berg" in content
    assert "Invite someone" not in content
    assert ask(signed_in(alice), addresses["accounts:people"], "post")[0] == 403
