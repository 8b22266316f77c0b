"""People are told once, whoever asks and however often."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from pytest_django import DjangoAssertNumQueries

from accounts.models import Brand, User
from accounts.services import remove_member
from core.models import LiveSequence
from notifications import selectors
from notifications.models import Delivery, Notice, Urgency
from notifications.services import mark_all_read, mark_read, notify
from tests.factories.accounts import UserFactory
from tests.factories.notifications import KIND, NOW, ensure_kind, page, tell


def ask(users: list[User], urgency: Urgency = Urgency.NEWS) -> set[int]:
    ensure_kind()
    return notify(users, key="k", kind=KIND, params={}, url="/", urgency=urgency, now=NOW)


@pytest.mark.django_db
def test_it_says_who_did_not_know_yet(alice: User, bob: User) -> None:
    assert ask([alice]) == {alice.pk}
    assert ask([alice, bob, bob]) == {bob.pk}
    assert ask([alice, bob]) == set()
    assert Notice.objects.count() == 2


@pytest.mark.django_db
def test_news_stay_in_the_app_and_a_page_goes_out_once(alice: User, bob: User) -> None:
    ask([alice])
    assert not Delivery.objects.exists()
    ask([alice, bob], Urgency.PAGE)
    ask([alice, bob], Urgency.PAGE)
    delivery = Delivery.objects.get()
    assert (delivery.notice.user, delivery.send_at) == (bob, NOW)


@pytest.mark.django_db
def test_nobody_is_no_work_and_who_left_is_not_told(
    alice: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    alice.is_active = False
    with django_assert_num_queries(0):
        assert ask([]) == ask([alice]) == set()


@pytest.mark.django_db
def test_a_hundred_people_cost_as_many_statements_as_one(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    people = UserFactory.create_batch(100)
    with django_assert_num_queries(4):  # savepoint, statement, what they want, release
        assert len(ask(people)) == 100


@pytest.mark.django_db
def test_hostile_words_are_stored_without_what_cannot_be(alice: User) -> None:
    notice = tell(alice, key="k", title="<b>nul\x00\ud800</b>")
    assert notice.params["title"] == "<b>nul</b>"


@pytest.mark.django_db(transaction=True)
def test_each_person_hears_of_it_live(alice: User, bob: User) -> None:
    ask([alice])
    ask([alice, bob])
    heard = dict(LiveSequence.objects.values_list("group", "number"))
    assert heard == {f"user.{alice.pk}": 1, f"user.{bob.pk}": 1}


@pytest.mark.django_db(transaction=True)
def test_of_four_who_tell_the_same_only_one_does(alice: User, bob: User) -> None:
    ensure_kind()

    def teller(order: int) -> set[int]:
        try:
            return ask([alice, bob] if order % 2 else [bob, alice], Urgency.PAGE)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(teller, range(12)))
    assert sorted(len(answer) for answer in answers) == [0] * 11 + [2]
    assert (Notice.objects.count(), Delivery.objects.count()) == (2, 2)


@pytest.mark.django_db
def test_only_ones_own_notices_can_be_read(alice: User, charlie: User) -> None:
    notice = tell(alice, key="k")
    assert mark_read(charlie, notice_id=notice.pk) is None
    assert selectors.unread(alice) == 1
    assert mark_read(alice, notice_id=notice.pk) == notice
    assert selectors.unread(alice) == 0


@pytest.mark.django_db
def test_marking_all_leaves_what_came_meanwhile(alice: User) -> None:
    tell(alice, key="seen")
    late = tell(alice, key="late", now=NOW + timedelta(seconds=5))
    assert mark_all_read(alice, until=NOW) == 1
    assert list(alice.notices.filter(read_at=None)) == [late]


@pytest.mark.django_db
def test_who_leaves_a_brand_no_longer_sees_what_was_told_about_it(
    alice: User, bob: User, brand: Brand
) -> None:
    notice = tell(alice, key="k", brand=brand, title="a secret")
    assert selectors.inbox(alice) == [notice]
    remove_member(brand, user=alice, by=bob)
    assert selectors.inbox(alice) == []
    assert selectors.unread(alice) == 0
    assert mark_read(alice, notice_id=notice.pk) is None


@pytest.mark.django_db
def test_the_inbox_costs_the_same_with_one_and_three(
    alice: User, brand: Brand, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    page(alice, key="0", brand=brand)
    _ = alice.roles
    with django_assert_num_queries(2):
        assert len(selectors.inbox(alice)) == 1
    for number in (1, 2):
        page(alice, key=str(number), brand=brand)
    with django_assert_num_queries(2):
        assert len(selectors.inbox(alice)) == 3


@pytest.mark.django_db
def test_paging_through_the_inbox_meets_each_notice_once(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selectors, "PAGE", 2)
    for number in range(5):
        tell(alice, key=str(number), now=NOW + timedelta(seconds=number // 2))
    met: list[Notice] = []
    rows = selectors.inbox(alice)
    while rows:
        met += rows[:2]
        rows = selectors.inbox(alice, before=rows[1].pk) if len(rows) > 2 else []
    assert sorted(notice.key for notice in met) == ["0", "1", "2", "3", "4"]
    assert met == sorted(met, key=lambda n: (n.created_at, n.pk), reverse=True)


@pytest.mark.django_db
def test_a_strangers_notice_is_no_edge_to_page_from(alice: User, charlie: User) -> None:
    tell(alice, key="k")
    foreign = tell(charlie, key="k")
    assert selectors.inbox(alice, before=foreign.pk) == []
