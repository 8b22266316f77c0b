from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Brand, User
from monitoring.models_labels import Correction, LabelRule
from monitoring.selectors.agreement import Agreement, agreement

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]


def words(brand: Brand, count: int, *, agreed: int) -> None:
    Correction.objects.bulk_create(
        Correction(
            brand=brand,
            mention_id=n,
            published_at=timezone.now(),
            field="sentiment",
            machine="negative",
            value="negative" if n < agreed else "neutral",
            lang="da",
        )
        for n in range(count)
    )


def test_nothing_is_said_before_fifty_were_looked_at(
    brand: Brand, bob: User, signed_in: SignIn
) -> None:
    words(brand, 49, agreed=40)
    page = signed_in(bob).get("/settings/labels/").content.decode()
    assert "correct or confirm 1 more" in page
    assert "82" not in page.split("agreement-title")[-1].split("second-title")[0]


def test_agreement_is_counted_with_its_interval(brand: Brand, bob: User, signed_in: SignIn) -> None:
    words(brand, 100, agreed=80)
    [found] = agreement([brand.pk])
    assert (found.words, found.agreed) == (100, 80)
    low, high = found.interval
    assert (round(low, 3), round(high, 3)) == (0.711, 0.867)
    assert "80 % (71 to 87 %)" in signed_in(bob).get("/settings/labels/").content.decode()


def test_others_words_are_not_counted(brand: Brand, charlie: User, signed_in: SignIn) -> None:
    words(brand, 60, agreed=60)
    assert "100 %" not in signed_in(charlie).get("/settings/labels/").content.decode()


def test_an_interval_of_nothing_is_everything() -> None:
    assert Agreement("sentiment", "da", 0, 0).interval == (0.0, 1.0)


def test_rules_are_made_and_removed_on_the_page_by_those_who_may(
    brand: Brand, bob: User, charlie: User, signed_in: SignIn
) -> None:
    address, form = "/settings/labels/fjordkaffe/rules/", {"phrase": "sick", "is": "not"}
    form["label"] = "sentiment:negative"
    assert signed_in(charlie).post(address, form).status_code == 404
    assert signed_in(bob).post(address, form).status_code == 302
    rule = LabelRule.objects.get()
    assert (rule.phrase, rule.negated) == ("sick", True)
    assert "“sick”" in signed_in(bob).get("/settings/labels/").content.decode()
    remove = f"/settings/labels/rules/{rule.pk}/remove/"
    assert signed_in(charlie).post(remove).status_code == 404
    assert signed_in(bob).post(remove).status_code == 302
    assert not LabelRule.objects.exists()


def test_a_rule_of_nonsense_is_refused_with_words(
    brand: Brand, bob: User, signed_in: SignIn
) -> None:
    form = {"phrase": "sick <b>", "label": "nonsense", "is": "is"}
    answer = signed_in(bob).post("/settings/labels/fjordkaffe/rules/", form)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "That is not a label." in page
    # What was typed is still there, and nobody's markup.
    assert 'value="sick &lt;b&gt;"' in page
    assert '<option value="is" selected>' in page
    assert not LabelRule.objects.exists()
