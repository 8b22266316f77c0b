"""The bad-timing scan: marks what a careful editor would look at again, and says where and why."""

import pytest

from marketing.judging import measure
from marketing.timing import Crisis, scan

PLASTIC = Crisis("product_safety", ("plastik", "kaffe", "låget"))


def found(text: str, crisis: Crisis = PLASTIC) -> list[tuple[str, str]]:
    return [(mark.kind, mark.words) for mark in scan(text, [crisis])]


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        ("Vi brænder for god grød", "image", "brænder for"),
        ("Nu går tilbuddene i luften", "image", "går tilbuddene i luften"),
        ("Killer deals this week", "image", "Killer"),
        ("Time to HIT THE HAY", "image", "HIT THE HAY"),
        ("Uden plastikken", "term", "plastikken"),
        ("Trygt for de mindste", "type", "Trygt"),
    ],
)
def test_each_kind_is_marked_where_it_stands(text: str, kind: str, words: str):
    assert (kind, words) in found(text)


def test_a_place_is_exact_among_letters_of_every_kind():
    text = "👩‍👩‍👧 Ægte «brænder for» – é"
    [mark] = scan(text, [PLASTIC])
    assert text[mark.start : mark.end] == mark.words == "brænder for"


def test_without_a_crisis_nothing_is_marked_and_an_ordinary_post_never():
    assert scan("Killer deals: brænder for alt", []) == []
    assert found("Butikken i Kolding holder åbent til klokken 18.") == []


def test_the_words_of_a_crisis_bring_pictures_that_its_kind_does_not():
    fire = Crisis("none", ("brand", "fabrikken"))
    assert found("Our sale is on fire", fire) == [("image", "on fire")]
    assert found("Our sale is on fire", Crisis("none")) == []


def test_short_words_of_a_crisis_are_not_looked_for():
    assert found("Vi er på vej", Crisis("none", ("er", "på", "vi"))) == []


def test_the_judged_posts_are_told_apart():
    """Invented ones; half b was never used to change the lists. See docs/marketing.md."""
    seen, unseen = measure("a"), measure("b")
    assert (seen.precision, seen.recall) >= (0.95, 0.95)
    assert unseen.precision >= 0.9
    assert unseen.recall >= 0.75
