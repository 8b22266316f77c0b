"""Themes: grouped, named, carried on, with their questions."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest

from accounts.models import Brand
from monitoring import theming
from monitoring.models import Baseline, Mention
from monitoring.models_signals import Theme
from monitoring.services import themes
from tests.factories.monitoring import mention

NOW = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
GLASS = ("found glass in my porridge", "glass in the porridge again", "porridge full of glass")
QUEUE = ("queue at the airport counter", "the airport queue is endless", "an airport queue, hours")
TALK = ("nice coffee today", "coffee with a friend", "morning coffee", "love this place", "so good")


def _terms(texts: Iterable[str], name: str = "Fjordkaffe") -> list[set[str]]:
    ignored = theming.ignored_for(name)
    return [theming.terms_of(text, ignored) for text in texts]


def test_what_has_words_in_common_is_one_theme() -> None:
    texts = [*GLASS * 8, *QUEUE * 5, *TALK]
    usual = theming.shares(_terms(TALK * 20))
    found = theming.group(_terms(texts), usual)
    assert [len(each.posts) for each in found[:2]] == [24, 15]
    assert {"glass", "porridge"} <= set(found[0].name.replace(",", "").split())
    assert {"airport", "queue"} <= set(found[1].name.replace(",", "").split())
    assert set(found[0].posts) == set(range(24))


def test_the_brands_own_name_and_its_ordinary_talk_are_no_theme() -> None:
    texts = ["Fjordkaffe coffee is fine", "coffee at fjordkaffe", "#fjordkaffe coffee"] * 20
    assert theming.group(_terms(texts), theming.shares(_terms(texts))) == []


def test_nothing_and_noise_make_no_themes() -> None:
    assert theming.group([], {}) == []
    assert theming.group(_terms(["🔥", "", "!!", "http://x.example"] * 5), {}) == []


def _say(brand: Brand, texts: Iterable[str], at: datetime, **fields: object) -> list[Mention]:
    return [
        mention(brand, text=text, published_at=at - timedelta(seconds=place), **fields)
        for place, text in enumerate(texts)
    ]


@pytest.mark.django_db
def test_a_theme_keeps_its_name_while_its_words_drift(brand: Brand) -> None:
    _say(brand, TALK * 10, NOW - timedelta(hours=5))
    themes.update(brand.pk, NOW - timedelta(hours=5))
    _say(brand, GLASS * 6, NOW, sentiment="negative")
    [first] = [t for t in themes.update(brand.pk, NOW) if "glass" in t.terms]
    later = NOW + timedelta(minutes=5)
    drifted = ("glass in porridge: recall now", "recall the glass porridge", "recall glass")
    _say(brand, drifted * 10, later, sentiment="negative")
    [same] = [t for t in themes.update(brand.pk, later) if "glass" in t.terms]
    assert (same.pk, same.name) == (first.pk, first.name)
    assert same.mentions == 48
    assert same.negative_share == 1
    assert [rate for _at, rate in same.course] == [18, 48]
    assert same.rank == 1


@pytest.mark.django_db
def test_questions_are_counted_by_how_often_they_are_asked(brand: Brand) -> None:
    _say(brand, ["is the glass porridge safe for my baby?"] * 5, NOW, question=True)
    _say(brand, ["which shop sold the glass porridge?"] * 2, NOW, question=True)
    _say(brand, GLASS * 4, NOW)
    _say(brand, TALK * 6, NOW)
    found = themes.update(brand.pk, NOW)
    assert [each["asked"] for each in found[0].questions] == [5, 2]


@pytest.mark.django_db
def test_only_the_newest_are_read_and_a_theme_ends(brand: Brand, monkeypatch: object) -> None:
    _say(brand, GLASS * 6, NOW - timedelta(hours=7))
    _say(brand, TALK * 14, NOW)
    found = themes.update(brand.pk, NOW)
    assert not [theme for theme in found if "glass" in theme.terms]
    themes.update(brand.pk, NOW - timedelta(hours=6, minutes=30))
    assert Theme.objects.filter(rank__isnull=False, terms__contains=["glass"]).exists()
    themes.update(brand.pk, NOW + timedelta(minutes=1))
    assert not Theme.objects.filter(rank__isnull=False, terms__contains=["glass"]).exists()


@pytest.mark.django_db
def test_the_loop_looks_only_where_something_was_said(brand: Brand) -> None:
    baseline = Baseline.objects.create(brand=brand, spoken_at=NOW)
    assert themes.update_due(NOW) == 1
    assert themes.update_due(NOW + timedelta(minutes=2)) == 0
    Baseline.objects.filter(pk=baseline.pk).update(spoken_at=NOW + timedelta(minutes=3))
    assert themes.update_due(NOW + timedelta(minutes=3)) == 1
    assert themes.update_due(NOW + timedelta(minutes=3)) == 0


@pytest.mark.django_db
def test_themes_of_brands_do_not_mix(brand: Brand, other_brand: Brand) -> None:
    _say(brand, GLASS * 6, NOW)
    _say(other_brand, QUEUE * 6, NOW)
    assert not [t for t in themes.update(other_brand.pk, NOW) if "glass" in t.terms]
