"""Settings: the accounts by which a brand reads and publishes."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_noop as _

from accounts.enums import Role
from accounts.models import AuditEntry, Brand, Membership, User
from connectors import credentials, guides, services
from connectors.base import Can, Connection, Probe, Setting, Unauthorized
from connectors.models import ConnectedAccount
from connectors.network import Network
from connectors.registry import NETWORKS
from core.errors import Conflict, Forbidden, Refused
from tests.factories.connectors import AccountFactory

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
LIST = "/settings/accounts/"


@pytest.fixture
def account(brand: Brand) -> ConnectedAccount:
    return AccountFactory.create(brand=brand, name="@fjordkaffe", config={"world": "test"})


@pytest.fixture
def admin(alice: User) -> User:
    """Alice, who manages the brand."""
    Membership.objects.filter(user=alice).update(role=Role.ADMINISTRATOR)
    return User.objects.get(pk=alice.pk)


def test_a_webhook_is_connected_and_its_secret_shown_once(
    brand: Brand, admin: User, signed_in: SignIn
):
    address = reverse("connectors:account_new", args=[brand.slug, "outbound_webhook"])
    values = {"name": "Own system", "url": "https://own.example/publish"}

    answer = signed_in(admin).post(address, values)

    account = ConnectedAccount.objects.get()
    secret = credentials.load(account)["secret"]
    assert secret in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    listed = signed_in(admin).get(LIST).content.decode()
    assert "Own system" in listed
    assert secret not in listed
    assert secret.encode() not in bytes(account.sealed)
    assert secret not in str(AuditEntry.objects.values_list("detail", flat=True))


def test_a_simulated_account_is_connected(brand: Brand, admin: User, signed_in: SignIn):
    address = reverse("connectors:account_new", args=[brand.slug, "simulator"])

    answer = signed_in(admin).post(address, {"name": "@fjordkaffe", "world": "demo"})

    assert answer["Location"] == LIST
    assert ConnectedAccount.objects.get().config == {"world": "demo"}


def test_a_name_is_taken_once(brand: Brand, admin: User):
    values = {"world": "w"}
    services.connect(brand, "simulator", name="@a", values=values, by=admin)

    with pytest.raises(Conflict, match="already has an account"):
        services.connect(brand, "simulator", name=" @a ", values=values, by=admin)


def test_only_administrators_manage_accounts(
    brand: Brand, account: ConnectedAccount, bob: User, charlie: User, signed_in: SignIn
):
    new = reverse("connectors:account_new", args=[brand.slug, "simulator"])
    off = reverse("connectors:account_deactivate", args=[account.pk])

    assert signed_in(bob).get(LIST).status_code == 403
    assert signed_in(bob).get(new).status_code == 403
    assert signed_in(bob).post(off).status_code == 403
    assert signed_in(charlie).get(new).status_code == 404
    assert signed_in(charlie).post(off).status_code == 404
    assert account.name not in signed_in(charlie).get(LIST).content.decode()
    with pytest.raises(Forbidden):
        services.switch(account.pk, on=False, by=bob)


def test_an_account_is_switched_off_and_on(
    account: ConnectedAccount, admin: User, signed_in: SignIn
):
    browser = signed_in(admin)

    browser.post(reverse("connectors:account_deactivate", args=[account.pk]))
    account.refresh_from_db()
    assert not account.is_active

    browser.post(reverse("connectors:account_activate", args=[account.pk]))
    account.refresh_from_db()
    assert account.is_active
    actions = AuditEntry.objects.filter(subject=account.name).values_list("action", flat=True)
    assert list(actions) == ["account.activated", "account.deactivated"]


def test_testing_says_what_is_wrong_and_publishes_nothing(
    account: ConnectedAccount, admin: User, signed_in: SignIn
):
    browser = signed_in(admin)
    test = reverse("connectors:account_test", args=[account.pk])
    assert "The connection works" in browser.post(test).content.decode()

    ConnectedAccount.objects.update(config={})

    assert "The setting" in browser.post(test).content.decode()
    account.refresh_from_db()
    assert "world" in account.problem


def test_a_new_secret_replaces_the_old_one(brand: Brand, admin: User):
    values = {"url": "https://own.example/"}
    account, old = services.connect(brand, "outbound_webhook", name="Own", values=values, by=admin)

    _, new = services.replace_secret(account.pk, by=admin)

    account.refresh_from_db()
    assert new != old
    assert credentials.load(account) == {"secret": new}


def test_an_address_to_look_at_needs_a_place_for_the_key(brand: Brand, admin: User):
    values = {"url": "https://own.example/", "lookup_url": "https://own.example/posts/"}
    with pytest.raises(Refused, match=r"needs \{key\}"):
        services.connect(brand, "outbound_webhook", name="Own", values=values, by=admin)
    assert not ConnectedAccount.objects.exists()


@pytest.fixture
def vault(monkeypatch: pytest.MonkeyPatch) -> Network:
    """A network with a secret, whose prober says who it was shown."""

    class Vault:
        def __init__(self, connection: Connection) -> None:
            self.connection = connection

        def probe(self, *, now: datetime) -> Probe:
            if self.connection.secrets["key"] != "open-sesame":
                raise Unauthorized(_("The key %(key)s is not known."), key="…")
            ends = now + timedelta(days=3)
            return Probe("@desk", Can.POST, ["<b>hello</b>"], ends, ["Reading is not allowed."])

    network = Network(
        label="Vault",
        icon="key",
        can=Can.POST | Can.REPLY,
        account=(
            Setting("server", "Server", kind="url"),
            Setting("key", "Key", secret=True),
            Setting("tags", "Tags", kind="lines", required=False),
            Setting("size", "Size", kind="choice", choices=(("s", "Small"), ("l", "Large"))),
        ),
        prober=lambda connection, _wanted: Vault(connection),
    )
    monkeypatch.setitem(NETWORKS, "vault", network)
    return network


TYPED = {
    "name": "Desk",
    "server": "https://v.example",
    "key": "wrong",
    "tags": "a\n\nb\na",
    "size": "l",
}


def test_a_form_by_declaration_tests_keeps_and_never_shows_a_secret(
    brand: Brand, admin: User, vault: Network, signed_in: SignIn
) -> None:
    browser = signed_in(admin)
    new = reverse("connectors:account_new", args=[brand.slug, "vault"])
    refused = browser.post(new, TYPED | {"try": "1"}).content.decode()
    assert "does not accept the credentials" in refused
    assert "The key … is not known." in refused
    # Nothing typed is lost, and nothing is kept.
    assert 'value="https://v.example"' in refused
    assert 'value="wrong"' in refused
    assert not ConnectedAccount.objects.exists()

    tried = browser.post(new, TYPED | {"key": "open-sesame", "try": "1"}).content.decode()
    assert "@desk" in tried
    assert "&lt;b&gt;hello" in tried
    assert "Reading is not allowed." in tried
    browser.post(new, TYPED | {"key": "open-sesame"})
    account = ConnectedAccount.objects.get()
    assert account.config == {"server": "https://v.example", "tags": ["a", "b"], "size": "l"}
    assert credentials.load(account) == {"key": "open-sesame"}

    page = reverse("connectors:account", args=[account.pk])
    shown = browser.get(page).content.decode()
    assert "open-sesame" not in shown
    assert "Leave it empty to keep what is stored." in shown
    browser.post(page, TYPED | {"name": "Renamed", "key": ""})
    account.refresh_from_db()
    assert account.name == "Renamed"
    assert credentials.load(account) == {"key": "open-sesame"}
    browser.post(page, TYPED | {"key": "other"})
    account.refresh_from_db()
    assert credentials.load(account) == {"key": "other"}
    assert "other" not in str(AuditEntry.objects.values_list("detail", flat=True))


def test_what_a_test_finds_of_a_stored_account_is_kept_in_any_language(
    brand: Brand, admin: User, vault: Network, signed_in: SignIn
) -> None:
    values = {name: value for name, value in TYPED.items() if name != "name"}
    account, _secret = services.connect(brand, "vault", name="D", values=values, by=admin)
    test = reverse("connectors:account_test", args=[account.pk])
    signed_in(admin).post(test)
    account.refresh_from_db()
    assert account.problem == "The key … is not known."
    assert "msgid" in account.error
    services.change(
        account.pk, name="D", values=values | {"key": "open-sesame"}, by=admin, now=timezone.now()
    )
    signed_in(admin).post(test)
    account.refresh_from_db()
    assert account.problem == ""
    assert account.expires_at is not None


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"server": "ftp://x"}, "must begin with https://"),
        ({"server": ""}, "is missing"),
        ({"size": "xl"}, "is not one of"),
        ({"key": "k" * 20_001}, "too long"),
        ({"extra": "1"}, "There is no setting extra"),
    ],
)
def test_values_that_do_not_fit_are_refused_with_their_field(
    brand: Brand, admin: User, vault: Network, change: dict[str, str], words: str
) -> None:
    values = {name: value for name, value in TYPED.items() if name != "name"} | change
    with pytest.raises(Refused, match=words):
        services.connect(brand, "vault", name="D", values=values, by=admin)
    assert not ConnectedAccount.objects.exists()


def test_networks_are_grouped_and_found_by_name(
    brand: Brand, admin: User, vault: Network, signed_in: SignIn
) -> None:
    choose = reverse("connectors:account_choose")
    all_of_them = signed_in(admin).get(choose).content.decode()
    assert "Vault" in all_of_them
    assert "Simulated network" in all_of_them
    assert "Social networks and forums" in all_of_them
    found = signed_in(admin).get(choose, {"q": "vaul"}).content.decode()
    assert "Vault" in found
    assert "Simulated network" not in found


def test_every_network_has_its_page(admin: User, signed_in: SignIn) -> None:
    page = signed_in(admin).get(reverse("connectors:guide", args=["feed"]))
    assert page.status_code == 200
    assert signed_in(admin).get(reverse("connectors:guide", args=["nowhere"])).status_code == 404


@pytest.mark.parametrize("name", [*NETWORKS, "webhook", "file"])
def test_each_network_has_a_page_that_its_forms_link_to(name: str) -> None:
    assert guides.exists(name)
    assert "<h1>" in guides.guide(name)
    assert f"networks/{name}.md" in (guides.FOLDER.parent / "networks.md").read_text("utf-8")
