"""How much weight a mention carries: by what the desk has seen, and said with its reasons."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from accounts.models import Brand, User
from monitoring.influence import Influence, Resonance, Weight
from monitoring.models import HiddenAuthor, Mention
from monitoring.selectors.around import influence
from tests.factories.monitoring import SourceFactory, mention

SignIn = Callable[[User], Client]
NOW = timezone.now()


@pytest.mark.parametrize(
    ("reach", "answers", "repeaters", "repeated", "points"),
    [
        (0, 0, 0, 0, 0),
        (9_999_999, 0, 0, 0, 60),
        (10**12, 10**6, 10**6, 0, 100),
        (999, 0, 0, 0, 26),
        (999, 9, 99, 0, 46),
        (0, 0, 1, 9_999_999, 62),
    ],
)
def test_points_follow_the_formula(
    reach: int, answers: int, repeaters: int, repeated: int, points: int
) -> None:
    assert Influence(reach, Resonance(answers, repeaters, repeated)).points == points


def test_more_of_anything_never_weighs_less() -> None:
    low = Influence(500, Resonance(3, 2, 100))
    for higher in (Resonance(4, 2, 100), Resonance(3, 3, 100), Resonance(3, 2, 5_000)):
        assert Influence(500, higher).points >= low.points
    assert Influence(50_000, low.resonance).points > low.points
    weights = [Influence(10**n - 1, Resonance()).weight for n in range(8)]
    assert weights == sorted(weights, key=list(Weight).index)


def test_reasons_say_what_was_counted_and_no_more() -> None:
    with translation.override("en"):
        assert Influence(0, Resonance()).reasons() == ["Its own reach is not known."]
        said = Influence(1200, Resonance(1, 2, 45_000)).reasons()
    assert said == [
        "Its own reach is 1,200.",
        "1 answer to it.",
        "2 other authors repeated it, with a reach of 45,000 together.",
    ]


@pytest.fixture
def own(brand: Brand) -> Mention:
    source = SourceFactory.create(brand=brand)

    def said(after: int, **fields: object) -> Mention:
        at = NOW + timedelta(minutes=after)
        return mention(brand, source_id=source.pk, published_at=at, **fields)

    found = said(0, external_id="own", author_id="a", fingerprint=5, reach=700)
    said(1, parent_id="own", author_id="b")
    said(2, parent_id="own", author_id="a")
    # Said twice by one, once by another, by the author again, and by somebody before it.
    said(3, fingerprint=5, author_id="c", reach=10)
    said(4, fingerprint=5, author_id="c", reach=30)
    said(5, fingerprint=5, author="Dora", reach=5)
    said(6, fingerprint=5, author_id="a", reach=9_000)
    said(-1, fingerprint=5, author_id="early", reach=9_000)
    # One who left, and posts of others.
    said(7, fingerprint=5, author_id="gone", reach=9_000)
    HiddenAuthor.objects.create(source=source, author_id="gone", gone=True, at=NOW)
    said(8, parent_id="another", fingerprint=6, author_id="z", reach=9_000)
    return found


@pytest.mark.django_db
def test_it_counts_answers_and_each_other_author_once(own: Mention) -> None:
    assert influence(own) == Influence(700, Resonance(2, 2, 35))


@pytest.mark.django_db
def test_texts_too_short_to_tell_and_posts_without_ids_have_no_kin(brand: Brand) -> None:
    first = mention(brand, published_at=NOW, external_id="", author="", fingerprint=0)
    mention(brand, published_at=NOW, external_id="", author="", fingerprint=0)
    assert influence(first).resonance == Resonance()


@pytest.mark.django_db
def test_page_and_api_tell_it_to_those_who_see_the_mention(
    own: Mention, bob: User, charlie: User, signed_in: SignIn
) -> None:
    around = reverse("monitoring:around", args=[own.pk])
    body = signed_in(bob).get(around).content.decode()
    assert "Its own reach is 700." in body
    assert "2 other authors repeated it, with a reach of 35 together." in body
    address = f"/api/v1/mentions/{own.pk}/influence/"
    said = signed_in(bob).get(address).json()
    assert (said["points"], said["answers"], said["repeaters"]) == (influence(own).points, 2, 2)
    assert said["repeated_reach"] == 35
    assert signed_in(charlie).get(address).status_code == 404
    assert signed_in(charlie).get(around).status_code == 404
