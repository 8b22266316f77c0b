"""The stream's page, a mention's page and the correction, as each of the three people gets them."""

from collections.abc import Callable
from datetime import timedelta
from html.parser import HTMLParser

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.enums import Role
from accounts.models import Brand, User
from monitoring.models import Mention
from tests.factories.accounts import MembershipFactory, UserFactory
from tests.factories.monitoring import SourceFactory, mention

pytestmark = pytest.mark.django_db
STREAM = reverse("monitoring:mentions")
HOSTILE = '</p><script>alert(1)</script><img src=x onerror="alert(2)"> {{ 7|add:7 }} " \' &'
SignIn = Callable[[User], Client]


class Page(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def ids(html: str) -> list[int]:
    return [int(row["data-id"] or 0) for row in Page(html).all("li") if "data-id" in row]


def test_members_see_the_newest_first_and_strangers_nothing(
    signed_in: SignIn, alice: User, charlie: User, brand: Brand
) -> None:
    old = mention(brand, published_at=timezone.now() - timedelta(hours=1))
    new = mention(brand)
    assert ids(signed_in(alice).get(STREAM).content.decode()) == [new.pk, old.pk]
    assert ids(signed_in(charlie).get(STREAM).content.decode()) == []


def test_without_signing_in_there_is_no_page(client: Client, alice: User) -> None:
    answer = client.get(STREAM)
    assert answer.status_code == 302
    assert reverse("accounts:sign_in") in answer["Location"]


def test_hostile_text_is_inert_in_the_stream_and_on_its_page(
    signed_in: SignIn, alice: User, brand: Brand
) -> None:
    found = mention(
        brand,
        author=HOSTILE,
        title=HOSTILE,
        text=HOSTILE,
        network=HOSTILE[:40],
        url="javascript:alert(3)",
        lang='"onx="',
    )
    client = signed_in(alice)
    for address in (STREAM, reverse("monitoring:mention", args=[found.pk])):
        html = client.get(address).content.decode()
        page = Page(html)
        assert "&lt;script&gt;alert(1)" in html
        assert "{{ 7|add:7 }}" in html
        assert not page.all("img")
        assert all(script.get("src") for script in page.all("script"))
        assert not any(name.startswith("on") for _tag, each in page.tags for name in each)
        assert not any("javascript" in (link.get("href") or "") for link in page.all("a"))


def test_the_original_opens_without_telling_it_who_asks(
    signed_in: SignIn, alice: User, brand: Brand
) -> None:
    found = mention(brand, url="https://example.org/p/9", lang="da")
    html = signed_in(alice).get(reverse("monitoring:mention", args=[found.pk])).content.decode()
    link = next(a for a in Page(html).all("a") if a.get("href") == "https://example.org/p/9")
    assert link["rel"] == "noopener noreferrer nofollow ugc"
    assert any(p.get("lang") == "da" for p in Page(html).all("p"))


def test_filters_are_in_the_address_and_can_be_taken_away_one_by_one(
    signed_in: SignIn, alice: User, brand: Brand
) -> None:
    found = mention(brand, network="reddit", sentiment="negative", text="plastic everywhere")
    mention(brand)
    query = "?network=reddit&sentiment=negative&q=plastic"
    html = signed_in(alice).get(STREAM + query).content.decode()
    assert ids(html) == [found.pk]
    removals = [
        a["href"] for a in Page(html).all("a") if "Remove the" in (a.get("aria-label") or "")
    ]
    assert removals == [
        "?sentiment=negative&q=plastic",
        "?network=reddit&q=plastic",
        "?network=reddit&sentiment=negative",
    ]


@pytest.mark.parametrize(
    "query",
    [
        "?brand=999999&brand=x&reach=-5&reach=1e9&period=century&order=up",
        "?before=x&after=y",
        "?before=99999999999999999999-1&after=99999999999999999999",
        "?before=9223372036854775807-9223372036854775807",
        "?q=%01%EF%BF%BF&lang=%27%3B--&network=" + "n" * 4000,
        "?sentiment=furious&type=__class__",
    ],
)
def test_addresses_that_make_no_sense_show_a_page(
    signed_in: SignIn, alice: User, brand: Brand, query: str
) -> None:
    mention(brand)
    assert signed_in(alice).get(STREAM + query).status_code == 200


def test_pages_follow_each_other_without_a_gap(
    signed_in: SignIn, alice: User, brand: Brand
) -> None:
    moment = timezone.now()
    made = [mention(brand, published_at=moment - timedelta(seconds=n)).pk for n in range(53)]
    client = signed_in(alice)
    first = client.get(STREAM).content.decode()
    older = next(a["href"] for a in Page(first).all("a") if a.get("rel") == "next")
    second = client.get(STREAM + (older or "")).content.decode()
    assert ids(first) + ids(second) == made


def test_the_feed_gets_only_the_rows_that_came_since(
    signed_in: SignIn, alice: User, brand: Brand
) -> None:
    moment = timezone.now()
    shown = mention(brand, published_at=moment - timedelta(minutes=1))
    fresh = mention(brand, published_at=moment)
    headers = {"HX-Request": "true", "HX-Target": "feed"}
    html = signed_in(alice).get(f"{STREAM}?after={shown.pk}", headers=headers).content.decode()
    assert ids(html) == [fresh.pk]
    assert "<html" not in html


def test_one_and_three_mentions_cost_the_same_queries(
    signed_in: SignIn, alice: User, brand: Brand, django_assert_max_num_queries
) -> None:
    client = signed_in(alice)
    client.get(STREAM)  # the choice of networks is kept for a while
    counts = []
    for _round in (1, 3):
        mention(brand)
        mention(brand)
        with django_assert_max_num_queries(20) as counted:
            client.get(STREAM)
        counts.append(len(counted))
    assert counts[0] == counts[1]


def test_an_empty_stream_says_what_to_do_next(signed_in: SignIn, alice: User, brand: Brand) -> None:
    client = signed_in(alice)
    assert "Nothing is being watched yet" in client.get(STREAM).content.decode()
    SourceFactory.create(brand=brand)
    assert "1 source is being watched" in client.get(STREAM).content.decode()
    mention(brand, published_at=timezone.now() - timedelta(days=30))
    html = client.get(STREAM + "?q=coffee").content.decode()
    assert "Earlier mentions were not searched" in html
    assert "?q=coffee&amp;period=all" in html


def test_a_responder_corrects_in_place_and_gets_the_new_label(
    signed_in: SignIn, bob: User, brand: Brand
) -> None:
    found = mention(brand, sentiment="negative")
    address = reverse("monitoring:correct", args=[found.pk])
    client = signed_in(bob)
    headers = {"HX-Request": "true"}
    choice = Page(client.get(address, headers=headers).content.decode())
    assert [b["value"] for b in choice.all("button")] == ["negative", "neutral", "positive"]
    answer = client.post(address, {"sentiment": "neutral"}, headers=headers)
    assert "Neutral" in answer.content.decode()
    assert Mention.objects.get(pk=found.pk).corrected_sentiment == "neutral"
    without_script = client.post(address, {"sentiment": "positive"})
    assert without_script["Location"] == reverse("monitoring:mention", args=[found.pk])


def test_an_observer_may_look_but_not_correct_and_a_stranger_may_not_know(
    signed_in: SignIn, charlie: User, brand: Brand
) -> None:
    found = mention(brand, sentiment="negative")
    observer = UserFactory.create()
    MembershipFactory.create(user=observer, brand=brand, role=Role.OBSERVER)
    page, correct = (
        reverse(f"monitoring:{name}", args=[found.pk]) for name in ("mention", "correct")
    )
    assert signed_in(observer).get(page).status_code == 200
    assert signed_in(observer).post(correct, {"sentiment": "neutral"}).status_code == 403
    assert signed_in(charlie).get(page).status_code == 404
    assert signed_in(charlie).post(correct, {"sentiment": "neutral"}).status_code == 404
    assert Mention.objects.get(pk=found.pk).corrected_sentiment == ""
