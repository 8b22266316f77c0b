from datetime import UTC, datetime

import pytest

from accounts.models import Brand, User
from connectors.base import Post
from monitoring import ingest, marking
from monitoring.models import Mention
from monitoring.scoring.rules import Rule, RuleBook
from monitoring.scoring.suspicion import Window, suspicion
from monitoring.services import rules
from tests.factories.monitoring import SourceFactory

NOW = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)


def test_a_denied_label_goes_with_its_word_and_stays_where_the_rest_says_so() -> None:
    book = RuleBook([Rule("horrible", "sentiment", "negative", True)])
    texts = ["The horrible show at nine", "The horrible show was awful, rude staff, I hate it"]
    plain = marking.scored(texts)["sentiment"]
    assert plain == ["negative", "negative"]
    ruled = marking.scored(texts, book)["sentiment"]
    assert (ruled[0] != "negative", ruled[1]) == (True, "negative")


def test_a_rule_that_sets_a_label_has_the_last_word() -> None:
    book = RuleBook([Rule("recall notice", "crisis_type", "product_safety", False)])
    columns = marking.scored(["Lovely day", "about that Recall  Notice again"], book)
    assert columns["crisis_type"][1] == "product_safety"
    assert columns["crisis_confidence"][1] == 1.0


def test_rules_leave_all_other_texts_alone() -> None:
    book = RuleBook([Rule("sick", "sentiment", "negative", True)])
    texts = ["Terrible coffee", "so sick today", "I love it"]
    plain, ruled = marking.scored(texts), marking.scored(texts, book)
    for name in plain:
        assert [plain[name][n] for n in (0, 2)] == [ruled[name][n] for n in (0, 2)]


def test_many_authors_with_one_wording_are_suspicious_and_people_who_share_are_not() -> None:
    window = Window()
    said = "Everybody must know what this company did to our river"
    campaign = suspicion([said] * 12, [f"a{n}" for n in range(12)], [7] * 12, window)
    shared = suspicion([f"RT @a: {said}"] * 12, [f"b{n}" for n in range(12)], [8] * 12, window)
    alone = suspicion(["A post of my own"], ["c"], [9], window)
    assert campaign.min() > 0.5
    assert shared.max() < 0.5
    assert alone[0] == 0


def test_an_author_who_repeats_itself_is_suspicious_over_several_batches() -> None:
    window = Window()
    found = [float(suspicion(["Buy now"], ["bot"], [5], window)[0]) for _ in range(6)]
    assert found[0] == 0
    assert found == sorted(found)
    assert found[-1] > 0.5


def test_the_window_forgets_the_oldest() -> None:
    window = Window(memory=3)
    window.add([1, 2, 3, 4], ["a"] * 4)
    assert window.add([4, 1], ["b", "b"]) == [{"a": 1, "b": 1}, {"b": 1}]


@pytest.mark.django_db
def test_what_comes_in_is_marked_by_the_brands_own_rules(
    brand: Brand, other_brand: Brand, bob: User
) -> None:
    rules.make(brand, phrase="horrible", field="sentiment", value="negative", by=bob)
    found = {}
    for each in (brand, other_brand):
        source = SourceFactory.create(brand=each)
        ingest.accept(source, [Post(external_id="1", text="The horrible show at nine")], now=NOW)
        found[each.pk] = Mention.objects.get(brand_id=each.pk)
    assert found[brand.pk].sentiment != "negative"
    assert found[other_brand.pk].sentiment == "negative"
    assert found[brand.pk].fingerprint == found[other_brand.pk].fingerprint != 0
