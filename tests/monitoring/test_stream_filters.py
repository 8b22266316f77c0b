"""The filters of the stream, near-duplicates folded into one, and the patience of a search."""

import re
from datetime import datetime, timedelta
from html import unescape
from importlib import import_module
from typing import Any

import pytest
from django.http import QueryDict
from django.utils import timezone

from accounts.models import Brand, User
from accounts.selectors import brand_names
from monitoring import asked, choosing, feed, selectors
from monitoring.models import Mention
from monitoring.models_signals import Theme
from monitoring.models_triage import MentionState
from monitoring.selectors import Cursor, Filters
from monitoring.selectors.filters import pack, unpack
from tests.factories.monitoring import mention

pytestmark = pytest.mark.django_db
NOW = timezone.now().replace(microsecond=0)
# The package has a function of the same name.
module = import_module("monitoring.selectors.stream")
SLOW = "(SELECT *, pg_sleep(3) FROM monitoring_mention) AS m WHERE brand_id = brand"


def walk(user: User, filters: Filters) -> list[int]:
    found: list[int] = []
    cursor: Cursor | None = None
    while True:
        page = selectors.stream(user, filters, cursor)
        found += [post.id for post in page.posts]
        cursor = page.older
        if cursor is None:
            return found


def read(address: str, **more: Any) -> asked.Asked:
    return asked.read(QueryDict(address), brands=[7], now=NOW, **more)


def handled(found: Mention, **fields: Any) -> MentionState:
    return MentionState.objects.create(
        brand_id=found.brand_id,
        mention_id=found.pk,
        published_at=found.published_at,
        at=NOW,
        **fields,
    )


@pytest.mark.parametrize(
    ("wanted", "fields"),
    [
        (Filters(sources=[5]), {"source_id": 5}),
        (Filters(emotions=["anger"]), {"emotion": "anger"}),
        (Filters(blames=["us"]), {"blame": "us"}),
        (Filters(queries=[3, 9]), {"queries": [9, 11]}),
        (Filters(question=True), {"question": True}),
        (Filters(suspicious=True), {"suspicion": 0.9}),
        (Filters(fingerprint=-77), {"fingerprint": -77}),
        (Filters(stars=2), {"stars": 2.0}),
        (Filters(until=NOW), {"published_at": NOW - timedelta(seconds=1)}),
    ],
)
def test_each_filter_finds_what_it_says(
    alice: User, brand: Brand, wanted: Filters, fields: dict[str, Any]
) -> None:
    found = mention(brand, **fields)
    mention(brand, source_id=6, queries=[8], stars=4.5, published_at=NOW + timedelta(seconds=1))
    assert walk(alice, wanted) == [found.pk]


def test_only_what_speaks_of_the_brand_is_shown_unless_asked_for(alice: User, brand: Brand) -> None:
    own, rival = mention(brand), mention(brand, about="competitor")
    assert walk(alice, Filters()) == [own.pk]
    assert walk(alice, Filters(about=["competitor"])) == [rival.pk]
    assert walk(alice, Filters(about=())) == [rival.pk, own.pk]


def test_a_theme_is_the_mentions_that_hold_its_words_and_its_brands_own(
    alice: User, charlie: User, brand: Brand, other_brand: Brand
) -> None:
    theme = Theme.objects.create(
        brand=brand, name="plastik", terms=["plastik", "skarpt plast"], began_at=NOW, seen_at=NOW
    )
    found = mention(brand, text="Der er PLASTIK i kaffen")
    mention(brand, text="Kaffen er kold")
    mention(other_brand, text="plastik")
    assert walk(alice, Filters(theme=theme.pk)) == [found.pk]
    assert walk(charlie, Filters(theme=theme.pk)) == []
    for person, named in ((alice, True), (charlie, False)):
        names = brand_names(person)
        asks = asked.read(QueryDict(f"theme={theme.pk}"), brands=names, now=NOW)
        [chip] = choosing.chips(asks, choosing.offered(names))
        assert (chip.value == "plastik") is named


def test_handled_mentions_are_found_by_state_and_by_person(
    alice: User, bob: User, brand: Brand
) -> None:
    new, taken, done = (mention(brand, published_at=NOW - timedelta(hours=n)) for n in range(3))
    handled(taken, state="doing", assignee=bob)
    handled(done, state="done")
    assert walk(alice, Filters(states=["new"])) == [new.pk]
    assert walk(alice, Filters(states=["doing", "done"])) == [taken.pk, done.pk]
    assert walk(alice, Filters(states=["new", "done"])) == [new.pk, done.pk]
    assert walk(alice, Filters(assignee=bob.pk)) == [taken.pk]
    assert walk(alice, Filters(assignee=0)) == [new.pk, done.pk]
    [post] = selectors.stream(alice, Filters(states=["doing"])).posts
    assert (post.state, post.assignee, post.version) == ("doing", "Bob Berg", 0)


def test_pages_of_handled_ones_neither_repeat_nor_lose(alice: User, brand: Brand) -> None:
    made = [mention(brand, published_at=NOW - timedelta(seconds=n // 7)) for n in range(110)]
    for each in made:
        handled(each, state="done")
    expected = sorted(made, key=lambda each: (each.published_at, each.pk), reverse=True)
    assert walk(alice, Filters(states=["done"])) == [each.pk for each in expected]


def test_near_duplicates_are_one_row_that_says_how_many(alice: User, brand: Brand) -> None:
    for ago in range(5):
        mention(brand, fingerprint=42, published_at=NOW - timedelta(minutes=ago))
    other = mention(brand, published_at=NOW - timedelta(hours=1))
    page = selectors.stream(alice, Filters())
    assert [(post.alike, post.id == other.pk) for post in page.posts] == [(5, False), (1, True)]
    assert len(walk(alice, Filters(fold=False))) == 6
    assert len(walk(alice, Filters(fingerprint=42, fold=False))) == 5


def test_texts_without_a_fingerprint_are_never_folded(alice: User, brand: Brand) -> None:
    made = {mention(brand, fingerprint=0).pk for _ in range(4)}
    assert set(walk(alice, Filters())) == made


def test_a_flood_of_copies_is_paged_through_to_what_lies_behind_it(
    alice: User, brand: Brand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "READ", 60)
    behind = mention(brand, published_at=NOW - timedelta(days=1))
    for number in range(150):
        mention(brand, fingerprint=42, published_at=NOW - timedelta(seconds=number))
    found = walk(alice, Filters())
    assert found[-1] == behind.pk
    assert len(found) == 4


def test_what_takes_too_long_is_given_up_with_words(
    alice: User, brand: Brand, monkeypatch: pytest.MonkeyPatch
) -> None:
    mention(brand)
    monkeypatch.setattr(module, "_ALL", SLOW)
    monkeypatch.setattr(module, "PATIENCE", 1)
    with pytest.raises(selectors.TooSlow, match="shorter period"):
        selectors.stream(alice, Filters(words="coffee"))
    # The connection goes on.
    assert Mention.objects.count() == 1


def test_an_address_says_every_filter_and_says_it_again() -> None:
    address = (
        "brand=7&network=x&source=4&sentiment=negative&type=data_breach&emotion=fear&blame=us"
        "&lang=da&query=3&about=all&state=new&assignee=me&question=1&suspicion=1&stars=2&alike=-5"
        "&q=a+b&reach=500&period=24h&fold=off&order=reach"
    )
    found = read(address, me=12)
    assert found.address() == f"?{address}"
    assert found.filters.assignee == 12
    assert (found.filters.fingerprint, found.filters.about, found.filters.fold) == (-5, (), False)
    assert unpack(pack(found.filters)) == found.filters


@pytest.mark.parametrize(
    "address",
    ["assignee=x&alike=--4&stars=9&source=-1&query=9999999999999&state=furious&since=20&until=1e9"],
)
def test_what_makes_no_sense_is_left_out(address: str) -> None:
    assert read(address).kept == ()


def test_days_are_the_readers_own_and_the_last_one_counts_whole() -> None:
    with timezone.override("Europe/Copenhagen"):
        found = read("since=2026-07-01&until=2026-07-02&period=1h").filters
    assert found.since == datetime.fromisoformat("2026-06-30T22:00:00+00:00")
    assert found.until == datetime.fromisoformat("2026-07-02T22:00:00+00:00")


def test_only_what_no_index_finds_has_its_patience_measured() -> None:
    assert Filters(brands=(1,), since=NOW).plain
    assert read("period=7d").filters.plain
    assert Filters(states=("done",), emotions=("fear",)).plain
    assert not Filters(emotions=("fear",)).plain
    assert not read("q=coffee").filters.plain


def test_the_copies_of_an_older_mention_are_opened_in_its_own_days(
    alice: User, brand: Brand
) -> None:
    for _ in range(3):
        mention(brand, fingerprint=-42, published_at=NOW - timedelta(days=40))
    page = selectors.stream(alice, Filters())
    html = feed.rows(page.posts, feed.Shown(NOW, {}, frozenset()))
    [address] = re.findall(r'href="(\?[^"]+alike[^"]+|\?alike[^"]+)"', html)
    wanted = asked.read(QueryDict(unescape(address[1:])), brands=[brand.pk], now=NOW).filters
    assert len(walk(alice, wanted)) == 3
