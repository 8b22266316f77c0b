"""Saved searches: whose they are, what is unread in each, and that they cost two queries."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.http import QueryDict
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.enums import Role
from accounts.models import Brand, User
from core.errors import Conflict, Forbidden
from monitoring import asked, ingest
from monitoring.models_triage import MentionState, SavedSearch, SearchLook
from monitoring.selectors import searches as selectors
from monitoring.selectors.filters import Filters
from monitoring.services import searches as services
from tests.factories.accounts import MembershipFactory, UserFactory
from tests.factories.monitoring import SourceFactory, mention, posts

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
HTMX = {"HX-Request": "true"}
NOW = timezone.now()


def reader(user: User) -> Callable[[SavedSearch], Filters]:
    def read(search: SavedSearch) -> Filters:
        query = QueryDict(search.query)
        return asked.read(query, brands=user.roles, now=timezone.now(), me=user.pk).filters

    return read


def counts(user: User) -> dict[str, tuple[int, bool]]:
    found = selectors.searches(user)
    told = selectors.unread(user, found, reader(user), now=timezone.now())
    return {each.name: (told[each.pk].count, told[each.pk].more) for each in found}


def looked(user: User, ago: timedelta) -> None:
    SearchLook.objects.filter(user=user).update(looked_at=timezone.now() - ago)


def test_what_came_since_the_last_look_is_unread(alice: User, brand: Brand) -> None:
    for name, query in (("all", ""), ("angry", "emotion=anger"), ("words", "q=coffee&state=new")):
        services.save_search(name, query, by=alice, now=NOW)
    looked(alice, timedelta(minutes=5))
    mention(brand, published_at=timezone.now() - timedelta(minutes=20))
    mention(brand, emotion="anger", text="Tea")
    taken = mention(brand)
    MentionState.objects.create(
        brand=brand, mention_id=taken.pk, published_at=taken.published_at, state="done", at=NOW
    )
    assert counts(alice) == {"all": (2, False), "angry": (1, False), "words": (0, False)}
    search = SavedSearch.objects.get(name="all")
    services.look(search, by=alice, now=timezone.now())
    assert counts(alice)["all"] == (0, False)


def test_after_a_while_the_counts_by_the_minute_tell_as_much(alice: User, brand: Brand) -> None:
    source = SourceFactory.create(brand=brand)
    services.save_search("web", "network=webhook", by=alice, now=NOW)
    services.save_search("all", "", by=alice, now=NOW)
    looked(alice, timedelta(hours=3))
    now = timezone.now()
    ingest.accept(source, posts(7, at=now - timedelta(hours=1)), now=now)
    assert counts(alice)["all"] == (7, False)


def test_more_than_is_looked_through_is_said_to_be_more(
    alice: User, brand: Brand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selectors, "LOOKED_THROUGH", 3)
    services.save_search("angry", "emotion=anger", by=alice, now=NOW)
    looked(alice, timedelta(minutes=5))
    for _ in range(4):
        mention(brand)
    assert counts(alice)["angry"] == (0, True)


def test_ten_searches_cost_what_one_costs(
    alice: User, brand: Brand, django_assert_num_queries: Callable
) -> None:
    for number in range(10):
        services.save_search(f"s{number}", "emotion=anger&q=a", by=alice, now=NOW)
    found = selectors.searches(alice)
    assert alice.roles
    with django_assert_num_queries(5):  # looks, counts, and the frame of its patience
        selectors.unread(alice, found, reader(alice), now=timezone.now())


def test_a_shared_search_is_the_brands_and_a_private_one_nobody_elses(
    alice: User, bob: User, charlie: User, brand: Brand
) -> None:
    services.save_search("mine", "", by=alice, now=NOW)
    services.save_search("ours", "", by=alice, brand_id=brand.pk, now=NOW)
    assert [each.name for each in selectors.searches(bob)] == ["ours"]
    assert selectors.searches(charlie) == []
    with pytest.raises(Forbidden):
        services.delete_search(SavedSearch.objects.get(name="ours"), by=bob)
    with pytest.raises(Conflict):
        services.save_search("ours", "", by=alice, brand_id=brand.pk, now=NOW)


def test_sharing_takes_the_right_to_work_on_mentions(charlie: User, brand: Brand) -> None:
    observer = UserFactory.create()
    MembershipFactory.create(user=observer, brand=brand, role=Role.OBSERVER)
    for person in (observer, charlie):
        with pytest.raises(Forbidden):
            services.save_search("x", "", by=person, brand_id=brand.pk, now=NOW)
    services.save_search("x", "", by=observer, now=NOW)


def test_a_view_is_saved_from_the_page_and_looking_at_it_reads_it(
    signed_in: SignIn, alice: User, brand: Brand
) -> None:
    client = signed_in(alice)
    values = {"name": "Angry", "query": "emotion=anger&bogus=1", "brand": str(brand.pk)}
    answer = client.post(reverse("monitoring:search_save"), values)
    made = SavedSearch.objects.get()
    assert made.query == "emotion=anger"
    assert answer["Location"] == f"/mentions/?emotion=anger&search={made.pk}"
    looked(alice, timedelta(minutes=5))
    mention(brand, emotion="anger")
    address = reverse("monitoring:searches")
    assert ">1<" in client.get(address, headers=HTMX).content.decode()
    html = client.get(f"{address}?search={made.pk}", headers=HTMX).content.decode()
    assert 'aria-current="page"' in html
    assert ">1<" not in html


def test_a_stranger_can_neither_use_nor_remove_it(
    signed_in: SignIn, alice: User, charlie: User, brand: Brand
) -> None:
    made = services.save_search("<b>ours", "", by=alice, brand_id=brand.pk, now=NOW)
    assert "&lt;b&gt;ours" in signed_in(alice).get(reverse("monitoring:searches")).content.decode()
    assert b"ours" not in signed_in(charlie).get(reverse("monitoring:searches")).content
    address = reverse("monitoring:search_delete", args=[made.pk])
    assert signed_in(charlie).post(address).status_code == 404
    assert SavedSearch.objects.exists()
    signed_in(alice).post(address)
    assert not SavedSearch.objects.exists()


def test_the_palette_finds_searches_by_name(signed_in: SignIn, alice: User) -> None:
    services.save_search("Angry parents", "emotion=anger", by=alice, now=NOW)
    html = signed_in(alice).get(reverse("search") + "?q=parents", headers=HTMX).content.decode()
    assert "Angry parents" in html
    assert "emotion=anger&amp;search=" in html
