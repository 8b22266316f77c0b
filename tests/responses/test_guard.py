"""The contradiction guard: pairs judged by hand, numbers and times as people write them."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from responses.guard import Index, Said, clashes
from responses.guard.moments import moments
from responses.guard.quantities import quantities

from .judged import guarded, pairs

NOON = datetime(2026, 11, 19, 12, tzinfo=ZoneInfo("Europe/Copenhagen"))
PRECISION, RECALL = 0.9, 0.85


def test_contradictions_are_found_and_different_subjects_left_alone():
    right, wrong, missed, errors = guarded()

    assert len(pairs()) >= 60
    assert right >= PRECISION * (right + wrong), errors
    assert right >= RECALL * (right + missed), errors


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1.200 kunder", 1200),
        ("1,200 customers", 1200),
        ("tolv hundrede kunder", 1200),
        ("twelve hundred customers", 1200),
        ("3,4 mio. kort", 3_400_000),
        ("3.4 million cards", 3_400_000),
        ("en halv million kort", 500_000),
        ("to hundrede mennesker", 200),
        ("twenty-one people", 21),
        ("1.5 kilo", 1.5),
    ],
)
def test_numbers_in_both_languages(text: str, value: float):
    assert [each.value for each in quantities(text)] == [value]


@pytest.mark.parametrize("text", ["Ring på 70 10 20 30", "batch 7", "parti L24", "We go to bed"])
def test_what_counts_nothing_is_no_number(text: str):
    assert list(quantities(text)) == []


@pytest.mark.parametrize(
    ("text", "minute"),
    [("kl. 14", 840), ("2 pm", 840), ("14:00", 840), ("kl. 14.30", 870), ("noon", 720)],
)
def test_times_of_day(text: str, minute: int):
    assert [each.minute for each in moments(text, NOON)] == [minute]


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("i morgen", date(2026, 11, 20)),
        ("yesterday", date(2026, 11, 18)),
        ("3. maj", date(2026, 5, 3)),
        ("May 3", date(2026, 5, 3)),
        ("on Monday", date(2026, 11, 16)),
        ("lørdag", date(2026, 11, 21)),
    ],
)
def test_days_are_meant_from_when_the_text_was_said(text: str, day: date):
    assert [each.day for each in moments(text, NOON)] == [day]


def test_tomorrow_said_yesterday_is_today():
    live = Said("The shop reopens tomorrow.", NOON - timedelta(days=1), "Bluesky")

    assert clashes(Said("The shop reopens today.", NOON), Index([live])) == []
    (clash,) = clashes(Said("The shop reopens tomorrow.", NOON), Index([live]))
    assert (clash.kind, clash.said.label) == ("promise", "Bluesky")


def test_each_text_that_is_contradicted_is_named_with_its_sentence():
    texts = [Said(f"Sorry. {n} people were injured.", NOON, f"Text {n}") for n in (12, 14, 12)]

    found = clashes(Said("We are sorry. 12 people were injured.", NOON), Index(texts))
    assert [(each.said.label, each.other.sentence) for each in found] == [
        ("Text 14", "14 people were injured.")
    ]
    draft = "We are sorry. 12 people were injured."
    assert draft[found[0].claim.start : found[0].claim.end] == "12"
