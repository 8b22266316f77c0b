"""The draft check: how often it is right, places that stay places, and what it leaves alone."""

import random
import time

import pytest

from responses.advising import pieces, units
from responses.checks import Guideline, check
from responses.checks.readability import grade, lix, syllables

from .judged import counted, judged

# A check that is wrong more often than once in ten cries wolf: nobody reads it any more.
PRECISION, RECALL = 0.9, 0.8
LANGUAGES = ["da", "en"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_check_is_right_when_it_speaks_and_seldom_misses(language: str):
    right, wrong, missed, errors = counted(language)

    assert sum(right.values()) >= 40
    for code in {*right, *wrong, *missed}:
        assert right[code] >= PRECISION * (right[code] + wrong[code]), (code, errors)
        assert right[code] >= RECALL * (right[code] + missed[code]), (code, errors)


@pytest.mark.parametrize("language", LANGUAGES)
def test_there_are_forty_flawed_and_forty_clean_texts(language: str):
    texts = judged(language)
    assert sum(bool(expected) for _text, expected in texts) >= 40
    assert sum(not expected for _text, expected in texts) >= 40
    assert {check(text).language for text, _expected in texts} == {language}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_same_text_gives_the_same_report_wherever_it_stands(language: str):
    for text, _expected in judged(language):
        report = check(text)
        assert check(text) == report
        moved = check(f"\n\n{text}\n")
        codes = [(each.code, each.quote) for each in report.findings if each.quote]
        assert [(each.code, each.quote) for each in moved.findings if each.quote] == codes
        assert all(
            text[each.start : each.end] == each.quote for each in report.findings if each.quote
        )


HOLDING = (
    "We are sorry. At 14:10 a pipe broke in our shop in Vejle. We do not know yet why."
    " Please leave the shop. Next update at 4 pm."
)


def found(text: str) -> set[str]:
    return {element.code for element in check(text).elements if element.found}


def test_a_good_holding_statement_has_everything_it_needs():
    assert found(HOLDING) >= {
        *("known", "unknown", "next"),
        *("first", "right", "credible", "empathy", "action", "respect"),
    }


@pytest.mark.parametrize(
    ("taken", "missing"),
    [
        ("We are sorry. ", "empathy"),
        ("At 14:10 a pipe broke in our shop in Vejle. ", "known"),
        (" We do not know yet why.", "unknown"),
        (" Please leave the shop.", "action"),
        (" Next update at 4 pm.", "next"),
    ],
)
def test_what_is_taken_out_is_missed(taken: str, missing: str):
    assert missing in found(HOLDING)
    assert missing not in found(HOLDING.replace(taken, ""))


def test_a_next_update_without_a_time_is_none():
    text = HOLDING.replace("Next update at 4 pm.", "The next update comes soon.")
    assert "next" not in found(text)


APOLOGY = {
    "en": "We are sorry. It was our mistake. It happened because we did not test the lid. You get"
    " your money back. From now on we test every lid. Please forgive us.",
    "da": "Vi er kede af det. Det var vores fejl. Det skete, fordi vi ikke testede låget. I får"
    " pengene tilbage. Fra i dag tester vi hvert låg. Vi håber på jeres tilgivelse.",
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_parts_of_an_apology_are_found(language: str):
    elements = [each for each in check(APOLOGY[language]).elements if each.group == "apology"]
    assert [each.code for each in elements if not each.found] == []
    assert len(elements) == 6


def test_nobody_is_asked_to_apologise_who_does_not():
    groups = {each.group for each in check("The shop in Vejle is closed today.").elements}
    assert groups == {"status", "cerc"}


def test_what_others_are_quoted_with_is_not_held_against_the_writer():
    assert check("You wrote: “It was user error.” It was not.").findings == []
    assert [each.code for each in check("You wrote that it was user error.").findings] == ["blame"]


def test_another_language_gets_only_what_needs_none_and_says_so():
    report = check("Wir nehmen das sehr ernst und bitten um Entschuldigung. [NAME] meldet sich!!")

    assert (report.language, report.is_full) == ("de", False)
    assert [each.code for each in report.findings] == ["placeholder", "shouting"]
    assert report.elements == []


def test_the_brands_words_are_found_in_their_forms_and_their_language():
    rules = [
        Guideline("kunde*", "gæster", "Vi har gæster", "da"),
        Guideline("cheap", "", "", "en"),
    ]
    text = "Kunderne får pengene tilbage i dag. Vi siger ikke cheap til nogen."

    marked = check(text, rules).findings
    assert [(each.quote, each.instead, each.reason) for each in marked] == [
        ("Kunderne", "gæster", "Vi har gæster")
    ]


def test_a_citation_is_no_placeholder():
    assert check("The lid breaks in the cold [F3]. Please stop using it.").findings == []


def test_readability_by_its_formulas():
    assert lix(["a"] * 8 + ["automobile"] * 2, 2) == 25
    assert round(grade(["cat"] * 10, 1), 2) == round(0.39 * 10 + 11.8 - 15.59, 2)
    counts = {"cat": 1, "water": 2, "apologise": 4, "safe": 1, "table": 2, "closed": 1}
    told = {word: syllables(word) for word in counts}
    assert {word for word in counts if abs(told[word] - counts[word]) > 1} == set()


def test_an_officials_letter_is_hard_to_read_and_a_note_is_not():
    hard = (
        "Virksomheden beklager dybt de omfattende konsekvenser, som driftsafbrydelserne har medført"
        " for forbrugerne, og ledelsen har derfor igangsat omfattende undersøgelser af forsynings-"
        "sikkerheden, hvorefter samtlige kommunikationskanaler gennemgås. Undersøgelserne omfatter"
        " underleverandørernes kvalitetssikring, transportvirksomhedernes temperaturovervågning og"
        " forretningernes håndteringsprocedurer. Afrapporteringen offentliggøres efter"
        " ledelsesgodkendelse, hvorefter forbrugerorganisationerne inddrages i arbejdet."
    )
    easy = " ".join(["Vi har lukket for vandet.", "Du kan hente vand ved skolen."] * 5)
    assert "hard_to_read" in {each.code for each in check(hard).findings}
    assert check(easy).readability
    assert not check(easy).readability.is_hard


def test_the_pieces_of_a_marked_text_make_the_text_again():
    chance = random.Random(5)
    for text, _expected in judged("en")[:20]:
        broken = "".join(
            chance.choice([word, word.upper(), f"{word} soon"]) + " " for word in text.split()
        )
        report = check(broken)
        assert "".join(piece.text for piece in pieces(broken, report.findings)) == broken


def test_places_are_counted_as_browsers_do():
    assert units("😀 ab", 3) == 4


def test_a_long_hostile_text_is_checked_in_bounded_time():
    began = time.process_time()
    for text in (
        "we will " * 1250,
        "a. " * 3300,
        "(" * 10_000,
        "x" * 10_000,
        "if any sorry " * 760,
    ):
        check(text)
    assert time.process_time() - began < 10
