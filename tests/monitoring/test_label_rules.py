from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import Brand, User
from core.errors import Conflict, Refused
from monitoring import rulebook
from monitoring.models_labels import LabelRule
from monitoring.scoring.rules import Rule, RuleBook
from monitoring.services import rules
from monitoring.services.corrections import correct
from tests.factories.monitoring import mention

SignIn = Callable[[User], Client]


def rule(phrase: str, *, negated: bool = True) -> Rule:
    return Rule(phrase, "sentiment", "negative", negated)


def test_a_phrase_is_found_as_whole_words_in_any_case_and_blanked() -> None:
    book = RuleBook([rule("sick"), rule("død rar")])
    texts = ["That board is SICK!", "seasick again", "Hun er DØD  rar, altså", "nothing here"]
    found = {each.number: each.blanked for each in book.touched(texts)}
    assert set(found) == {0, 2}
    assert "sick" not in found[0].lower()
    assert "død" not in found[2].lower()


def test_a_rule_that_sets_a_label_blanks_nothing() -> None:
    [touched] = RuleBook([rule("sick", negated=False)]).touched(["That board is sick"])
    assert touched.blanked == "That board is sick"


@pytest.mark.parametrize("phrase", ["(", ".*", "a|b", "[x", "\\", "æ'ø", "💀"])
def test_no_phrase_breaks_the_search(phrase: str) -> None:
    assert RuleBook([rule(phrase)]).touched(["plain text"]) == []


@pytest.mark.django_db
def test_a_rule_is_made_once_and_compiled_for_its_brand_only(
    brand: Brand, other_brand: Brand, bob: User
) -> None:
    made = rules.make(brand, phrase="  Sick ", field="sentiment", value="negative", by=bob)
    assert made.phrase == "sick"
    with pytest.raises(Conflict):
        rules.make(brand, phrase="sick", field="sentiment", value="negative", by=bob)
    assert rulebook.of_brand(brand.pk) is not None
    assert rulebook.of_brand(other_brand.pk) is None


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("phrase", "value"), [("", "negative"), ("  ", "negative"), ("!!", "negative"), ("ok", "bad")]
)
def test_a_rule_without_words_or_label_is_refused(
    brand: Brand, bob: User, phrase: str, value: str
) -> None:
    with pytest.raises(Refused):
        rules.make(brand, phrase=phrase, field="sentiment", value=value, by=bob)


@pytest.mark.django_db
def test_words_that_people_kept_setting_right_are_proposed_until_there_is_a_rule(
    brand: Brand, bob: User
) -> None:
    for text in ("that sick board", "sick colours mate", "so sick wow"):
        correct(mention(brand, text=text, sentiment="negative"), "sentiment", "positive", bob)
    correct(mention(brand, text="cold coffee", sentiment="negative"), "sentiment", "neutral", bob)
    [proposal] = rules.proposals(brand)
    assert (proposal.phrase, proposal.value, proposal.times) == ("sick", "negative", 3)
    rules.make(brand, phrase="sick", field="sentiment", value="negative", by=bob)
    assert rules.proposals(brand) == []


@pytest.mark.django_db
def test_rules_over_the_api_belong_to_the_brands_people(
    brand: Brand, bob: User, charlie: User, signed_in: SignIn
) -> None:
    body = {"brand": "fjordkaffe", "phrase": "sick", "field": "sentiment", "value": "negative"}
    assert (
        signed_in(charlie).post("/api/v1/label-rules/", body, "application/json").status_code == 404
    )
    made = signed_in(bob).post("/api/v1/label-rules/", body, "application/json")
    assert made.status_code == 201
    address = f"/api/v1/label-rules/{made.json()['id']}/"
    assert signed_in(charlie).delete(address).status_code == 404
    assert LabelRule.objects.exists()
    assert signed_in(bob).delete(address).status_code == 204
    assert not LabelRule.objects.exists()
