"""Joining what two people made of one text."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from responses.merging import Clash, merge, sentences

TEXT = "We are sorry. Do not eat batch 7.\n\nCall us at 70 10 20 30. Next update at 14."
SENTENCE = st.sampled_from(["We are sorry.", "Do not eat it!", "Call 70 10.", "More at 14.", "No"])
BLANK = st.sampled_from([" ", "\n", "\n\n"])
TEXTS = st.lists(st.tuples(SENTENCE, BLANK), max_size=6).map(
    lambda pairs: "".join(word + blank for word, blank in pairs).strip()
)

always = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def test_changes_of_different_sentences_are_joined():
    mine = TEXT.replace("We are sorry.", "We are very sorry.") + " Thank you."
    theirs = TEXT.replace("batch 7", "batch 7 or 8").replace(" at 70 10 20 30", "")

    merged = merge(TEXT, mine, theirs)

    assert merged.clashes == []
    assert merged.text == (
        "We are very sorry. Do not eat batch 7 or 8.\n\nCall us. Next update at 14. Thank you."
    )


def test_neighbouring_sentences_are_two_places():
    merged = merge("One. Two.", "One, truly. Two.", "One. Two, too.")

    assert (merged.text, merged.clashes) == ("One, truly. Two, too.", [])


def test_words_within_one_sentence_are_never_mixed():
    """“At least 12” and “were not hurt” would make a sentence that nobody wrote."""
    merged = merge("12 people were hurt.", "At least 12 people were hurt.", "12 were not hurt.")

    assert merged.text == "At least 12 people were hurt."
    assert merged.clashes == [
        Clash("12 people were hurt.", "At least 12 people were hurt.", "12 were not hurt.")
    ]


def test_two_sentences_added_at_one_place_need_a_person():
    merged = merge("Sorry.", "Sorry. More at 14.", "Sorry. More at 15.")

    assert merged.clashes == [Clash("", "More at 14.", "More at 15.")]


def test_taking_out_what_somebody_else_changed_needs_a_person():
    merged = merge("One. Two. Three.", "One. Three.", "One. Two, truly. Three.")

    assert merged.clashes == [Clash("Two.", "", "Two, truly.")]


def test_the_same_change_by_both_is_one():
    assert merge("One. Two.", "One. 2.", "One. 2.").text == "One. 2."
    assert merge("A. B. C.", "X. B. C. D.", "X. B. Y. D.").text == "X. B. Y. D."


def test_a_new_paragraph_of_one_and_a_sentence_of_the_other():
    assert merge("A. B.", "A.\n\nB.", "A. B. C.").text == "A.\n\nB. C."


@always
@given(TEXTS, TEXTS)
def test_who_writes_alone_gets_what_they_wrote(base: str, mine: str):
    assert merge(base, mine, base).text == mine
    assert merge(base, base, mine).text == mine
    assert merge(base, mine, mine).text == mine


@always
@given(TEXTS, TEXTS, TEXTS)
def test_no_sentence_that_somebody_added_is_lost(base: str, mine: str, theirs: str):
    merged = merge(base, mine, theirs)

    there = sentences(merged.text) + [
        sentence
        for clash in merged.clashes
        for side in (clash.mine, clash.theirs)
        for sentence in sentences(side)
    ]
    for side in (mine, theirs):
        assert {each for each in sentences(side) if each not in sentences(base)} <= set(there)
