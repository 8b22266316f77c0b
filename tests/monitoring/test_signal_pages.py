"""The pages about signals: who may see and do what, and what they say."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from accounts.enums import Role
from accounts.models import Brand, Membership, User
from core.clock import database_now
from monitoring.enums import DetectionKind, Occasion, Opinion
from monitoring.models import Detection, Step
from monitoring.models_signals import DetectionRule, ExpectedPeak, Rehearsal, Theme, Vote
from monitoring.selectors.signals import Precision
from monitoring.steps import STEP, floor
from tests.factories.monitoring import detection, mention

SignIn = Callable[[User], Client]
pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(alice: User) -> User:
    Membership.objects.filter(user=alice).update(role=Role.ADMINISTRATOR)
    return alice


def _past(brand: Brand, days: int, *, loud_at: int = 0) -> None:
    """Closed steps of ordinary talk, with a storm `loud_at` steps before now."""
    now = floor(database_now())
    number = days * 288
    Step.objects.bulk_create(
        Step(
            brand=brand,
            starts_at=now - STEP * (number - place),
            total=200
            if loud_at and number - place <= loud_at + 6 and number - place > loud_at
            else 8 + place % 3,
            negative=1,
            positive=0,
            reach=100,
            expected_low=5,
            expected_high=13,
            score=0.1,
        )
        for place in range(number)
    )


def test_a_signal_tells_its_reasons_its_posts_and_where_it_goes(
    signed_in: SignIn, bob: User, brand: Brand
) -> None:
    post = mention(brand, text="Found <b>glass</b> in it", author="nordlys", reach=5000)
    _past(brand, 3)
    found = detection(brand, samples=[post])
    page = signed_in(bob).get(reverse("monitoring:signal", args=[found.pk])).content.decode()
    assert "412 mentions in 5 minutes" in page
    assert "New words: glass, porridge." in page
    assert "Found &lt;b&gt;glass&lt;/b&gt; in it" in page
    assert "Predicted to pass 1,500 an hour at" in page
    assert "four times in five" in page
    assert "412 mentions in 5 minutes, 70% of it negative, mostly on X" in page


def test_a_strangers_signals_are_not_there(signed_in: SignIn, charlie: User, brand: Brand) -> None:
    found = detection(brand)
    client = signed_in(charlie)
    assert client.get(reverse("monitoring:signal", args=[found.pk])).status_code == 404
    vote = client.post(reverse("monitoring:signal_vote", args=[found.pk]), {"opinion": "REAL"})
    assert vote.status_code == 404
    assert "412" not in client.get(reverse("monitoring:signals")).content.decode()
    assert client.get(reverse("monitoring:rules"), {"brand": brand.slug}).status_code == 404
    assert not Vote.objects.exists()


def test_the_list_filters_by_kind_and_marks_what_belongs_together(
    signed_in: SignIn, bob: User, brand: Brand
) -> None:
    first = detection(brand)
    detection(brand, kind=DetectionKind.SLOW_RISE, group=first, reasons=[])
    client = signed_in(bob)
    page = client.get(reverse("monitoring:signals")).content.decode()
    assert page.count("further signal") == 1
    only = client.get(reverse("monitoring:signals"), {"kind": "SLOW_RISE"}).content.decode()
    assert "412 mentions" not in only
    assert "A day far above the usual" in only


def test_votes_are_counted_and_can_be_taken_back(
    signed_in: SignIn, alice: User, bob: User, brand: Brand
) -> None:
    found = detection(brand)
    address = reverse("monitoring:signal_vote", args=[found.pk])
    signed_in(bob).post(address, {"opinion": "NOISE", "why": "a quiz"})
    said = signed_in(alice).get(reverse("monitoring:signal", args=[found.pk])).content.decode()
    assert "a quiz" in said
    assert "By the votes 0 of 1 signal" in said
    signed_in(bob).post(address, {"opinion": "REAL"})
    assert Vote.objects.get().opinion == Opinion.REAL
    signed_in(bob).post(address, {"opinion": ""})
    assert not Vote.objects.exists()
    signed_in(bob).post(address, {"opinion": "<script>"})
    assert not Vote.objects.exists()


def test_an_observer_may_look_but_not_vote(signed_in: SignIn, bob: User, brand: Brand) -> None:
    found = detection(brand)
    Membership.objects.filter(user=bob).update(role=Role.OBSERVER)
    client = signed_in(bob)
    assert client.get(reverse("monitoring:signal", args=[found.pk])).status_code == 200
    vote = client.post(reverse("monitoring:signal_vote", args=[found.pk]), {"opinion": "REAL"})
    assert vote.status_code == 403


def test_few_votes_say_little() -> None:
    few, many = Precision(1, 1), Precision(50, 50)
    assert few.share == many.share == 0.5
    assert few.high - few.low > 3 * (many.high - many.low)
    assert (Precision(0, 0).low, Precision(0, 0).high) == (0, 1)


def test_rules_stand_without_anybody_doing_anything(
    signed_in: SignIn, bob: User, brand: Brand
) -> None:
    page = signed_in(bob).get(reverse("monitoring:rules")).content.decode()
    assert not DetectionRule.objects.exists()
    for kind in DetectionKind:
        assert str(kind.label) in page
    saved = signed_in(bob).post(
        reverse("monitoring:rule", args=[brand.slug, "VOLUME"]),
        {"sensitivity": "MORE", "cooldown_hours": 4},
    )
    assert saved.status_code == 403


def test_an_administrator_changes_a_rule_and_brings_the_standard_back(
    signed_in: SignIn, admin: User, brand: Brand
) -> None:
    client = signed_in(admin)
    address = reverse("monitoring:rule", args=[brand.slug, "VOLUME"])
    assert client.get(address).status_code == 200
    client.post(address, {"sensitivity": "MORE", "cooldown_hours": 4, "is_active": "on"})
    row = DetectionRule.objects.get()
    assert (row.sensitivity, row.cooldown_hours, row.name) == ("MORE", 4, "")
    client.post(reverse("monitoring:rule_delete", args=[row.pk]))
    assert not DetectionRule.objects.exists()


def test_a_rule_for_part_of_what_is_said(signed_in: SignIn, admin: User, brand: Brand) -> None:
    client = signed_in(admin)
    address = reverse("monitoring:rule_new", args=[brand.slug, "VOLUME"])
    given = {
        "name": "Danish breaches",
        "sensitivity": "BALANCED",
        "cooldown_hours": 12,
        "is_active": "on",
        "window_minutes": "60",
        "languages": ["da"],
        "crisis_types": ["data_breach"],
    }
    client.post(address, given)
    row = DetectionRule.objects.get()
    assert row.scope == {"languages": ["da"], "crisis_types": ["data_breach"]}
    assert row.window_minutes == 60
    again = client.post(address, given).content.decode()
    assert "There is a rule of this name already." in again
    page = client.get(reverse("monitoring:rules")).content.decode()
    assert "Only: Danish, Data breach, 1 hour" in page


def test_a_rehearsal_answers_at_once_from_the_counts(
    signed_in: SignIn, admin: User, brand: Brand
) -> None:
    _past(brand, 20, loud_at=300)
    client = signed_in(admin)
    address = reverse("monitoring:rehearse", args=[brand.slug, "VOLUME"])
    page = client.post(address, {"sensitivity": "BALANCED"}, follow=True).content.decode()
    assert "it would have called 1 time." in page
    made = Rehearsal.objects.get()
    assert made.result["number"] == 1
    assert client.get(reverse("monitoring:rule", args=[brand.slug, "VOLUME"])).status_code == 200


def test_the_calendar_takes_what_is_expected(
    signed_in: SignIn, admin: User, bob: User, brand: Brand
) -> None:
    given = {
        "title": "Launch of the iced line",
        "occasion": Occasion.LAUNCH,
        "starts_at": "2026-12-01T09:00",
        "ends_at": "2026-12-01T18:00",
        "factor": "5",
    }
    Brand.objects.filter(pk=brand.pk).update(time_zone="Europe/Copenhagen")
    address = reverse("monitoring:calendar")
    assert signed_in(bob).post(address, given).status_code == 404
    signed_in(admin).post(f"{address}?brand={brand.slug}", given)
    peak = ExpectedPeak.objects.get()
    # The brand's own clock: Copenhagen is an hour ahead of UTC in December.
    assert peak.starts_at == datetime(2026, 12, 1, 8, tzinfo=UTC)
    page = signed_in(bob).get(address).content.decode()
    assert "Launch of the iced line" in page
    assert "an alarm for volume needs 5 times as much" in page
    assert signed_in(bob).post(reverse("monitoring:peak_delete", args=[peak.pk])).status_code == 403
    wrong = signed_in(admin).post(address, given | {"ends_at": "2026-11-30T18:00"})
    assert "The end must be after the beginning." in wrong.content.decode()
    signed_in(admin).post(reverse("monitoring:peak_delete", args=[peak.pk]))
    assert not ExpectedPeak.objects.exists()


def test_themes_show_their_questions(
    signed_in: SignIn, bob: User, charlie: User, brand: Brand
) -> None:
    now = database_now()
    asked = mention(brand, text="Is it safe for <i>children</i>?")
    Theme.objects.create(
        brand=brand,
        name="glass, porridge",
        terms=["glass", "porridge"],
        began_at=now - timedelta(hours=1),
        seen_at=now,
        mentions=40,
        sampled=100,
        hourly=40,
        negative_share=0.8,
        course=[[1, 10.0], [2, 40.0]],
        questions=[{"id": asked.pk, "published_at": asked.published_at.isoformat(), "asked": 14}],
        rank=1,
    )
    page = signed_in(bob).get(reverse("monitoring:themes")).content.decode()
    assert "glass, porridge" in page
    assert "Is it safe for &lt;i&gt;children&lt;/i&gt;?" in page
    assert "asked 14 times" in page
    assert "40% of what is said, 80% negative" in page
    assert "glass" not in signed_in(charlie).get(reverse("monitoring:themes")).content.decode()


def test_the_number_of_queries_does_not_grow_with_the_list(
    signed_in: SignIn, bob: User, brand: Brand, django_assert_max_num_queries: Callable
) -> None:
    for _ in range(12):
        detection(brand)
    client = signed_in(bob)
    client.get(reverse("monitoring:signals"))
    with django_assert_max_num_queries(12):
        client.get(reverse("monitoring:signals"))
    assert Detection.objects.count() == 12
