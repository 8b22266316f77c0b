from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.test import Client

from accounts.models import Brand, User
from core.errors import Refused
from monitoring.models import Mention, MentionCount
from monitoring.models_labels import Correction
from monitoring.services.corrections import correct
from tests.factories.monitoring import mention

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 23, 14, 5, 20, tzinfo=UTC)
SignIn = Callable[[User], Client]


@pytest.fixture
def counted(brand: Brand) -> Mention:
    found = mention(
        brand, sentiment="negative", crisis_type="negative_review", published_at=AT, reach=40
    )
    MentionCount.objects.create(
        brand=brand,
        minute=AT.replace(second=0),
        network="x",
        crisis_type="negative_review",
        total=3,
        negative=2,
        positive=1,
        reach=100,
    )
    return found


def counts() -> dict[str, tuple[int, int, int, int]]:
    rows = MentionCount.objects.values_list("crisis_type", "total", "negative", "positive", "reach")
    return {kind: (total, bad, good, reach) for kind, total, bad, good, reach in rows}


def test_a_corrected_crisis_type_moves_the_mention_to_the_counts_of_that_type(
    counted: Mention, bob: User
) -> None:
    correct(counted, "crisis_type", "product_safety", bob)
    assert counts() == {"negative_review": (2, 1, 1, 60), "product_safety": (1, 1, 0, 40)}
    assert Mention.objects.get(pk=counted.pk).crisis_type == "product_safety"
    word = Correction.objects.get()
    assert (word.machine, word.value, word.by) == ("negative_review", "product_safety", bob)


def test_what_does_not_speak_of_the_brand_is_counted_no_more_and_comes_back(
    counted: Mention, bob: User
) -> None:
    correct(counted, "about", "other", bob)
    assert counts() == {"negative_review": (2, 1, 1, 60)}
    correct(counted, "about", "brand", bob)
    assert counts() == {"negative_review": (3, 2, 1, 100)}


def test_the_machines_first_word_is_kept_through_several_corrections(
    counted: Mention, bob: User, alice: User
) -> None:
    correct(counted, "blame", "us", bob)
    correct(counted, "blame", "partner", alice)
    word = Correction.objects.get()
    assert (word.machine, word.value, word.by) == ("nobody", "partner", alice)


def test_agreeing_with_the_machine_is_a_word_and_changes_no_count(
    counted: Mention, bob: User
) -> None:
    before = counts()
    correct(counted, "sentiment", "negative", bob)
    assert counts() == before
    word = Correction.objects.get()
    assert (word.machine, word.value) == ("negative", "negative")
    assert Mention.objects.get(pk=counted.pk).corrected_sentiment == ""


@pytest.mark.parametrize(
    ("field", "value"), [("text", "x"), ("emotion", "rage"), ("id", "1"), ("blame", "")]
)
def test_what_is_no_label_is_refused(counted: Mention, bob: User, field: str, value: str) -> None:
    with pytest.raises(Refused):
        correct(counted, field, value, bob)
    assert not Correction.objects.exists()


def test_the_api_corrects_for_those_who_may_and_hides_the_mention_from_strangers(
    counted: Mention, bob: User, charlie: User, signed_in: SignIn
) -> None:
    address = f"/api/v1/mentions/{counted.pk}/labels/"
    body = {"field": "emotion", "value": "anger"}
    assert signed_in(charlie).post(address, body, "application/json").status_code == 404
    answer = signed_in(bob).post(address, body, "application/json")
    assert (answer.status_code, answer.json()["emotion"]) == (200, "anger")
    assert Mention.objects.get(pk=counted.pk).emotion == "anger"
    wrong = signed_in(bob).post(address, {"field": "emotion", "value": "rage"}, "application/json")
    assert wrong.status_code == 422
