"""How long a text is to each network, and how it looks there."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Brand, User
from connectors.models import ConnectedAccount
from incidents.models import Incident
from responses import texts
from responses.previewing import Piece, pieces
from tests.factories.connectors import AccountFactory

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
FAMILY = "👩‍👩‍👧‍👦"
LINK = "https://fjordkaffe.example/recall/batch-7-and-what-to-do-with-it"


@pytest.mark.parametrize(
    ("network", "text", "length", "limit"),
    [
        ("bluesky", FAMILY * 100, 100, 300),
        ("bluesky", FAMILY * 121, 3025, 3000),
        ("bluesky", LINK, len(LINK), 300),
        ("mastodon", f"Read {LINK}", 28, 500),
        ("mastodon", f"@anna@social.example {FAMILY}", 7, 500),
        ("x", f"Read {LINK}", 28, 280),
        ("x", FAMILY, 2, 280),
        ("x", "Undskyld – æøå", 14, 280),
        ("x", "日本", 4, 280),
        ("threads", "ok 👍", 7, 500),
        ("linkedin", "æ" * 10, 10, 3000),
    ],
)
def test_each_network_counts_by_its_own_rule(
    brand: Brand, network: str, text: str, length: int, limit: int
):
    account = AccountFactory.create(brand=brand, network=network)

    assert texts.measure(account, text) == (length, limit)


def test_what_is_too_long_is_marked_from_where_the_network_stops(brand: Brand):
    account = AccountFactory.create(brand=brand, network="bluesky")

    found = pieces(account, FAMILY * 120 + "é" * 200)

    assert [each.kind for each in found] == ["text", "over"]
    assert "".join(each.shown for each in found) == FAMILY * 120 + "é" * 200
    fits = found[0].shown
    assert texts.measure(account, fits)[0] <= texts.measure(account, fits)[1]
    assert texts.measure(account, fits + found[1].shown[0])[0] > 0


def test_links_names_and_tags_look_as_they_will(brand: Brand):
    text = f"Sorry @anna. See {LINK}. #recall"
    by = {
        network: pieces(AccountFactory.create(brand=brand, network=network), text)
        for network in ("x", "bluesky", "instagram")
    }

    assert by["x"] == [
        Piece("text", "Sorry "),
        Piece("mention", "@anna"),
        Piece("text", ". See "),
        Piece("link", "fjordkaffe.example/recall/…", LINK),
        Piece("text", ". "),
        Piece("tag", "#recall"),
    ]
    assert Piece("link", LINK) in by["bluesky"]
    assert not any(each.kind == "link" for each in by["instagram"])


def test_the_page_counts_as_one_types_before_and_after_the_first_save(
    incident: Incident, account: ConnectedAccount, brand: Brand, signed_in: SignIn, bob: User,
    charlie: User,
):  # fmt: skip
    x = AccountFactory.create(brand=brand, network="x", name="@kaffe")
    here = reverse("responses:preview_new", args=[incident.reference])
    typed = {"text": "<b>" + "é" * 280 + " [F1]", "accounts": [x.pk]}

    page = signed_in(bob).post(here, typed).content.decode()

    assert "283 / 280" in page
    assert "3 characters too long" in page
    assert '<mark class="preview-over">ééé</mark>' in page
    assert "&lt;b&gt;" in page
    assert signed_in(charlie).post(here, typed).status_code == 404


def test_the_api_counts_alike_and_only_own_accounts(
    incident: Incident, brand: Brand, signed_in: SignIn, bob: User, charlie: User
):
    own = AccountFactory.create(brand=brand, network="x")
    foreign = AccountFactory.create(network="x")
    here = f"/api/v1/incidents/{incident.reference}/previews/"
    asked = {"text": f"{LINK} {'é' * 260}", "accounts": [own.pk, foreign.pk]}

    answer = signed_in(bob).post(here, asked, content_type="application/json")

    assert [each["account"] for each in answer.json()] == [own.pk]
    assert (answer.json()[0]["length"], answer.json()[0]["over"]) == (284, 4)
    assert signed_in(charlie).post(here, asked, content_type="application/json").status_code == 404
