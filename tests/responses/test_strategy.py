"""The strategy advisor's rules: what it proposes, why, and what would change it."""

from dataclasses import replace
from datetime import UTC, datetime
from itertools import product

import pytest
from django.utils import translation

from responses.checks import check
from responses.enums_strategy import Confidence, Posture
from responses.guard import Said
from responses.postures import stood
from responses.strategy import KINDS, QUESTIONS, Answers, openings, propose
from responses.strategy import wording as words
from responses.strategy_page import Told

# Everything answered, with nothing that makes it graver.
PLAIN = Answers("malevolence", "no", "yes", "no", "no", "neutral", "yes", "no")
NOON = datetime(2026, 11, 19, 12, 0, tzinfo=UTC)
BASE, DENY, DIMINISH, REBUILD = Posture


@pytest.mark.parametrize(
    ("given", "posture", "guideline"),
    [
        ({}, BASE, 1),
        ({"history": "yes"}, DIMINISH, 3),
        ({"reputation": "negative"}, DIMINISH, 3),
        ({"kind": "technical_accident"}, DIMINISH, 4),
        ({"kind": "technical_product", "history": "yes"}, REBUILD, 5),
        ({"kind": "challenge", "reputation": "negative"}, REBUILD, 5),
        ({"kind": "human_product"}, REBUILD, 6),
        ({"kind": "misdeed", "history": "yes", "reputation": "negative"}, REBUILD, 6),
        ({"warned": "yes"}, REBUILD, 6),
        ({"kind": "rumour", "true": "no"}, DENY, 7),
        ({"kind": "challenge", "true": "no"}, DENY, 7),
        ({"kind": "challenge", "true": "no", "history": "yes", "reputation": "negative"}, DENY, 7),
        ({"kind": "misdeed", "true": "unknown"}, BASE, 0),
        ({"kind": "unknown"}, BASE, 0),
        ({"kind": "rumour", "true": "yes"}, BASE, 0),
        ({"kind": "misdeed", "true": "no"}, BASE, 0),
    ],
)
def test_each_guideline_of_scct_leads_where_it_says(given, posture, guideline):
    proposal = propose(replace(PLAIN, **given))
    assert (proposal.posture, proposal.guideline) == (posture, guideline)


def test_what_may_be_untrue_is_neither_denied_nor_admitted_whatever_else_is_answered():
    for kind, warned, history, reputation in product(
        KINDS, QUESTIONS["warned"], QUESTIONS["history"], QUESTIONS["reputation"]
    ):
        answers = Answers(kind=kind, warned=warned, history=history, reputation=reputation)
        assert propose(answers).posture == BASE


def test_what_would_change_it_is_true_of_every_answer_and_complete():
    for kind, true, history in product(KINDS, QUESTIONS["true"], QUESTIONS["history"]):
        answers = replace(PLAIN, kind=kind, true=true, history=history)
        proposal = propose(answers)
        told = {(change.question, change.answer) for change in proposal.changes}
        for question, options in QUESTIONS.items():
            for option in options:
                other = propose(replace(answers, **{question: option})).posture
                assert ((question, option) in told) == (other != proposal.posture)


def test_an_open_question_that_could_lead_elsewhere_makes_it_unsure():
    assert propose(PLAIN).confidence == Confidence.MODERATE
    unsure = propose(replace(PLAIN, history="unknown"))
    assert (unsure.confidence, unsure.open) == (Confidence.LOW, ("history",))
    # With a rumour that is not true it is all the same what happened before.
    rumour = replace(PLAIN, kind="rumour", true="no", history="unknown")
    assert propose(rumour).confidence == Confidence.MODERATE
    assert propose(replace(PLAIN, kind="rumour", true="yes")).confidence == Confidence.LOW


def test_it_says_that_the_evidence_is_mixed_and_what_was_not_read():
    proposal = propose(replace(PLAIN, kind="human_product", harm="yes"))
    assert proposal.basis == ("recalled", "mixed_rebuild", "mixed_sympathy", "experiments")
    assert propose(PLAIN).basis == ("checked", "experiments")
    assert "own_rule" in propose(replace(PLAIN, warned="yes")).basis
    assert "mixed_denial" in propose(replace(PLAIN, kind="rumour", true="no")).basis


def test_people_come_first_as_soon_as_they_may_be_harmed():
    for harm in ("yes", "unknown"):
        proposal = propose(replace(PLAIN, harm=harm))
        assert [each.code for each in openings(proposal)] == [
            "instruct",
            "care",
            "happened",
            "next",
        ]
        assert proposal.tone[0] == "care_first"
    assert not propose(PLAIN).cares
    harmed = propose(replace(PLAIN, kind="technical_product", harm="yes"))
    assert harmed.posture == DIMINISH
    assert "no_smaller" in harmed.warnings


def test_bolstering_is_added_to_a_posture_and_not_by_who_was_warned_or_has_a_bad_name():
    assert propose(PLAIN).bolster == ("reminder", "victimage")
    assert propose(replace(PLAIN, reputation="negative", warned="yes")).bolster == ()
    assert propose(replace(PLAIN, kind="misdeed")).bolster == ("reminder",)


def test_bad_news_that_is_not_public_is_to_be_told_first():
    assert "thunder" in propose(replace(PLAIN, public="no")).warnings
    assert "thunder" not in propose(replace(PLAIN, public="no", true="no")).warnings
    assert "paracrisis" in propose(replace(PLAIN, charge="yes")).warnings
    assert "paracrisis" not in propose(replace(PLAIN, charge="yes", harm="yes")).warnings


def test_an_answer_that_is_none_is_refused():
    with pytest.raises(ValueError, match="'maybe' is no answer to harm"):
        Answers(harm="maybe")
    assert Answers.of({}) == Answers()


@pytest.mark.parametrize("language", ["en", "da"])
@pytest.mark.parametrize(
    "given",
    [
        {},
        {"kind": "rumour", "true": "no"},
        {"kind": "technical_accident", "harm": "yes"},
        {"kind": "human_product", "harm": "yes"},
    ],
)
def test_the_first_sentences_take_the_posture_and_pass_the_desks_own_check(given, language):
    proposal = propose(replace(PLAIN, **given))
    text = " ".join(getattr(each, language) for each in openings(proposal))
    taken = {each.stance.value for each in stood(Said(text, NOON))}
    assert taken == ({proposal.posture.value} - {"base"})
    # All that is marked is what has to be filled in.
    assert {finding.code for finding in check(text).findings} == {"placeholder"}


@pytest.mark.parametrize("language", ["en", "da"])
def test_every_code_has_words(language):
    assert set(words.QUESTIONS) == set(QUESTIONS)
    for question, options in QUESTIONS.items():
        assert set(words.answers(question)) == set(options)
    with translation.override(language):
        for answers in product(*(QUESTIONS[name][:3] for name in ("harm", "true", "warned"))):
            for kind in QUESTIONS["kind"]:
                told = Told(propose(Answers(kind, *answers)))
                for part in ("about", "reasons", "tone", "warnings", "bolster", "basis"):
                    assert str(getattr(told, part))
                assert told.openings
                assert all(shift.posture for shift in told.changes)
