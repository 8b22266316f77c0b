"""Settings: the accounts that a brand publishes through."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from accounts.enums import Role
from accounts.models import AuditEntry, Brand, Membership, User
from connectors import credentials
from connectors.models import ConnectedAccount
from core.errors import Conflict, Forbidden, Refused
from responses import services

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
LIST = "/settings/accounts/"


@pytest.fixture
def admin(alice: User) -> User:
    """Alice, who manages the brand."""
    Membership.objects.filter(user=alice).update(role=Role.ADMINISTRATOR)
    return User.objects.get(pk=alice.pk)


def test_a_webhook_is_connected_and_its_secret_shown_once(
    brand: Brand, admin: User, signed_in: SignIn
):
    address = reverse("responses:account_new", args=[brand.slug, "outbound_webhook"])
    values = {"name": "Own system", "url": "https://own.example/publish"}

    answer = signed_in(admin).post(address, values)

    account = ConnectedAccount.objects.get()
    secret = credentials.load(account)["secret"]
    assert secret in answer.content.decode()
    assert answer["Cache-Control"] == "no-store"
    listed = signed_in(admin).get(LIST).content.decode()
    assert "Own system" in listed
    assert secret not in listed
    assert secret.encode() not in bytes(account.sealed)
    assert secret not in str(AuditEntry.objects.values_list("detail", flat=True))


def test_a_simulated_account_is_connected(brand: Brand, admin: User, signed_in: SignIn):
    address = reverse("responses:account_new", args=[brand.slug, "simulator"])

    answer = signed_in(admin).post(address, {"name": "@fjordkaffe", "world": "demo"})

    assert answer["Location"] == LIST
    assert ConnectedAccount.objects.get().config == {"world": "demo"}


def test_a_name_is_taken_once(brand: Brand, admin: User):
    services.connect_simulator(brand, name="@a", world="w", by=admin)

    with pytest.raises(Conflict, match="already has an account"):
        services.connect_simulator(brand, name=" @a ", world="w", by=admin)


def test_only_administrators_manage_accounts(
    brand: Brand, account: ConnectedAccount, bob: User, charlie: User, signed_in: SignIn
):
    new = reverse("responses:account_new", args=[brand.slug, "simulator"])
    off = reverse("responses:account_deactivate", args=[account.pk])

    assert signed_in(bob).get(LIST).status_code == 403
    assert signed_in(bob).get(new).status_code == 403
    assert signed_in(bob).post(off).status_code == 403
    assert signed_in(charlie).get(new).status_code == 404
    assert signed_in(charlie).post(off).status_code == 404
    assert account.name not in signed_in(charlie).get(LIST).content.decode()
    with pytest.raises(Forbidden):
        services.deactivate_account(account.pk, by=bob)


def test_an_account_is_switched_off_and_on(
    account: ConnectedAccount, admin: User, signed_in: SignIn
):
    browser = signed_in(admin)

    browser.post(reverse("responses:account_deactivate", args=[account.pk]))
    account.refresh_from_db()
    assert not account.is_active

    browser.post(reverse("responses:account_activate", args=[account.pk]))
    account.refresh_from_db()
    assert account.is_active
    actions = AuditEntry.objects.filter(subject=account.name).values_list("action", flat=True)
    assert list(actions) == ["account.activated", "account.deactivated"]


def test_testing_says_what_is_wrong_and_publishes_nothing(
    account: ConnectedAccount, admin: User, signed_in: SignIn
):
    browser = signed_in(admin)
    test = reverse("responses:account_test", args=[account.pk])
    assert "ready to publish" in browser.post(test, follow=True).content.decode()

    ConnectedAccount.objects.update(config={})

    assert "lacks the setting" in browser.post(test, follow=True).content.decode()
    account.refresh_from_db()
    assert "lacks the setting" in account.error


def test_a_new_secret_replaces_the_old_one(brand: Brand, admin: User):
    account, old = services.connect_webhook(brand, name="Own", url="https://own.example/", by=admin)

    _, new = services.replace_secret(account.pk, by=admin)

    account.refresh_from_db()
    assert new != old
    assert credentials.load(account) == {"secret": new}


def test_an_address_to_look_at_needs_a_place_for_the_key(brand: Brand, admin: User):
    with pytest.raises(Refused, match=r"needs \{key\}"):
        services.connect_webhook(
            brand,
            name="Own",
            url="https://own.example/",
            lookup_url="https://own.example/posts/",
            by=admin,
        )
    assert not ConnectedAccount.objects.exists()
