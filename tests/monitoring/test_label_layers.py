"""What a brand's corrections teach: measured by words that did not teach it, and undone at will."""

import dataclasses
from collections.abc import Callable
from datetime import UTC, datetime

import numpy as np
import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEntry, Brand, User
from core.errors import Refused
from monitoring import rulebook
from monitoring.marking import scored
from monitoring.models import Mention
from monitoring.models_labels import Correction, LabelLayer, LabelRule
from monitoring.scoring import classes, probabilities, score_batch
from monitoring.scoring.layer import Layer, Layers, learn
from monitoring.services import layers
from tests.factories.monitoring import mention

NOW = datetime(2026, 11, 23, 14, 5, 20, tzinfo=UTC)
SignIn = Callable[[User], Client]
TRICKS = ("kickflip", "grind", "wheelie", "landing", "ollie", "drop", "jump", "slide")


def said(number: int) -> str:
    return f"That {TRICKS[number % 8]} number {number} at {TRICKS[number % 5]} was horribly sick"


def corrected(brand: Brand, by: User, count: int, *, value: str = "positive") -> list[Mention]:
    """Mentions of a skate shop, where praise sounds like blame."""
    found = [mention(brand, text=said(n), published_at=NOW) for n in range(count)]
    Correction.objects.bulk_create(
        Correction(
            brand=brand,
            mention_id=each.pk,
            published_at=NOW,
            field="sentiment",
            machine="negative",
            value=value,
            lang="en",
            by=by,
        )
        for each in found
    )
    return found


@pytest.mark.django_db
def test_what_people_kept_setting_right_is_learned_and_undone(
    brand: Brand, other_brand: Brand, bob: User
) -> None:
    fresh = ["A horribly sick drop by the new team"]
    assert score_batch(fresh).sentiment == ["negative"]
    corrected(brand, bob, 60)
    layer = layers.learn(brand, "sentiment", by=bob, now=NOW)
    assert (layer.learned_from, layer.agreed_after) == (60, 60)
    assert layer.agreed_before < 10
    assert scored(fresh, rulebook.of_brand(brand.pk))["sentiment"] == ["positive"]
    assert rulebook.of_brand(other_brand.pk) is None
    layers.forget(layer, by=bob)
    assert rulebook.of_brand(brand.pk) is None
    assert scored(fresh, rulebook.of_brand(brand.pk))["sentiment"] == ["negative"]
    actions = set(AuditEntry.objects.values_list("action", flat=True))
    assert {"label_layer.learned", "label_layer.forgotten"} <= actions


@pytest.mark.django_db
def test_what_people_say_of_other_talk_is_left_alone(brand: Brand, bob: User) -> None:
    corrected(brand, bob, 60)
    plain = [
        mention(brand, text=f"Awful rude staff at desk {n}", published_at=NOW) for n in range(60)
    ]
    Correction.objects.bulk_create(
        Correction(
            brand=brand, mention_id=each.pk, published_at=NOW, field="sentiment",
            machine="negative", value="negative", lang="en", by=bob,
        )
        for each in plain
    )  # fmt: skip
    layers.learn(brand, "sentiment", by=bob, now=NOW)
    found = scored(["Awful rude staff again", "horribly sick jump"], rulebook.of_brand(brand.pk))
    assert found["sentiment"] == ["negative", "positive"]


@pytest.mark.django_db
def test_too_few_words_and_words_that_agree_teach_nothing(brand: Brand, bob: User) -> None:
    corrected(brand, bob, 49)
    with pytest.raises(Refused, match="1 more"):
        layers.learn(brand, "sentiment", by=bob, now=NOW)
    Correction.objects.all().delete()
    Mention.objects.all().delete()
    corrected(brand, bob, 60, value="negative")
    with pytest.raises(Refused, match="would not agree"):
        layers.learn(brand, "sentiment", by=bob, now=NOW)
    with pytest.raises(Refused):
        layers.learn(brand, "about", by=bob, now=NOW)
    assert not LabelLayer.objects.exists()


def test_words_without_a_pattern_are_not_believed() -> None:
    """The measure is of texts that the layer was not taught by: chance gains nothing."""
    source = np.random.default_rng(3)
    texts = [f"word{n} speaks of thing{n}" for n in range(200)]
    known = classes("sentiment")
    shares = np.full((200, 3), 1 / 3)
    shares[:, 0] += 0.01
    answers = [known[n] for n in source.integers(0, 3, 200)]
    found = learn("sentiment", texts, shares, answers)
    assert abs(found.after - found.before) < 30


def test_a_layer_survives_its_json_and_refuses_other_classes() -> None:
    layer = Layer("sentiment", (0.0, 0.5, -0.5), {"sick": (0.0, -2.0, 2.0)})
    assert Layer.from_json("sentiment", layer.as_json()) == layer
    with pytest.raises(ValueError, match="other classes"):
        Layer.from_json("emotion", layer.as_json())


def test_a_layer_moves_its_question_only_and_by_its_words() -> None:
    layer = Layer("sentiment", (0.0, 0.0, 0.0), {"sick": (0.0, -9.0, 9.0)})
    texts = ["a sick board", "a board", "", "\ud83d sick \x00"]
    before, _prints = probabilities(texts)
    after = Layers((layer,))(texts, before)
    assert after["sentiment"].argmax(axis=1).tolist()[::3] == [2, 2]
    assert np.allclose(after["sentiment"][1:3], before["sentiment"][1:3], atol=1e-4)
    assert after["emotion"] is before["emotion"]
    assert np.allclose(after["sentiment"].sum(axis=1), 1)


@pytest.mark.django_db
def test_rules_have_the_last_word_over_what_was_learned(brand: Brand, bob: User) -> None:
    corrected(brand, bob, 60)
    layers.learn(brand, "sentiment", by=bob, now=NOW)
    LabelRule.objects.create(
        brand=brand, phrase="sick", field="sentiment", value="neutral", negated=False, by=bob
    )
    found = scored(["a horribly sick jump"], rulebook.of_brand(brand.pk))
    assert found["sentiment"] == ["neutral"]


@pytest.mark.django_db
def test_a_layer_of_other_classes_is_passed_over(
    brand: Brand, caplog: pytest.LogCaptureFixture
) -> None:
    row = LabelLayer(brand=brand, field="sentiment", weights={"all": [1], "words": {}}, at=NOW)
    row.learned_from = row.agreed_before = row.agreed_after = 1
    row.save()
    found = rulebook.of_brand(brand.pk)
    assert scored(["fine"], found) == {
        each.name: _list(getattr(score_batch(["fine"]), each.name))
        for each in dataclasses.fields(score_batch(["fine"]))
    }
    assert "passed over" in caplog.text


def _list(column: object) -> object:
    return column if isinstance(column, list) else column.tolist()  # type: ignore[attr-defined]


@pytest.mark.django_db
def test_the_page_offers_learns_and_undoes(
    brand: Brand, alice: User, bob: User, charlie: User, signed_in: SignIn
) -> None:
    corrected(brand, bob, 60)
    page, learn_it = (
        reverse("monitoring:labels"),
        reverse("monitoring:label_layer_learn", args=[brand.slug]),
    )
    client = signed_in(bob)
    assert "60 labels set or confirmed" in client.get(page).content.decode()
    assert signed_in(charlie).post(learn_it, {"field": "sentiment"}).status_code == 404
    assert not LabelLayer.objects.exists()
    client.post(learn_it, {"field": "sentiment"})
    layer = LabelLayer.objects.get()
    assert "60 labels before, on 60 with it" in client.get(page).content.decode()
    forget = reverse("monitoring:label_layer_forget", args=[layer.pk])
    assert signed_in(charlie).post(forget).status_code == 404
    assert LabelLayer.objects.exists()
    client.post(forget)
    assert not LabelLayer.objects.exists()


@pytest.mark.django_db
def test_the_api_learns_and_undoes_for_those_who_may(
    brand: Brand, bob: User, charlie: User, signed_in: SignIn
) -> None:
    corrected(brand, bob, 60)
    body = {"brand": brand.slug, "field": "sentiment"}
    refused = signed_in(charlie).post("/api/v1/label-layers/", body, "application/json")
    assert refused.status_code == 404
    made = signed_in(bob).post("/api/v1/label-layers/", body, "application/json")
    assert made.status_code == 201
    assert made.json()["agreed_after"] == 60
    address = f"/api/v1/label-layers/{made.json()['id']}/"
    assert signed_in(charlie).get(address).status_code == 404
    assert signed_in(charlie).delete(address).status_code == 404
    assert signed_in(bob).get(address).status_code == 200
    assert signed_in(bob).delete(address).status_code == 204
    assert not LabelLayer.objects.exists()
