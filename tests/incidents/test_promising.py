"""Promises read in texts of both languages, in the incident's zone."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from incidents.promising import found

ZONE = "Europe/Copenhagen"
# A Thursday, 13:00 in Copenhagen.
NOW = datetime(2026, 11, 19, 12, 0, tzinfo=UTC)


def due(text: str, now: datetime = NOW, zone: str = ZONE) -> list[str]:
    return [f"{each.due_at:%d %H:%M}" for each in found(text, zone=zone, now=now)]


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("Næste opdatering kl. 16.", "19 16:00"),
        ("Vi opdaterer igen kl. 16.30", "19 16:30"),
        ("Vi opdaterer igen klokken 15:45 her på siden.", "19 15:45"),
        ("Næste besked senest kl. 9", "20 09:00"),
        ("Vi vender tilbage i morgen kl. 10.", "20 10:00"),
        ("I hører fra os inden for en time.", "19 14:00"),
        ("Vi melder ud igen om to timer", "19 15:00"),
        ("Ny status om 30 minutter", "19 13:30"),
        ("Mere information i eftermiddag kl. 4", "19 16:00"),
        ("Vi giver besked på fredag kl. 8.", "20 08:00"),
        ("Vi svarer alle senest på mandag.", "23 17:00"),
        ("Vi opdaterer i løbet af dagen", "19 17:00"),
        ("Redegørelsen bliver opdateret den 30. november kl. 12", "30 12:00"),
        ("We will update at 4 pm.", "19 16:00"),
        ("Next update: 16:00", "19 16:00"),
        ("Next update at 4", "19 16:00"),
        ("We'll be back by 3.30pm with more.", "19 15:30"),
        ("We will report back within the hour", "19 14:00"),
        ("We will answer in half an hour", "19 13:30"),
        ("You will hear more tomorrow morning", "20 09:00"),
        ("Next statement tomorrow at 9 a.m.", "20 09:00"),
        ("We will tell you more on Friday", "20 17:00"),
        ("The review will be done by 27 November", "27 17:00"),
        ("Updates at noon tomorrow", "20 12:00"),
        ("The shops will open at 10", "20 10:00"),
    ],
)
def test_a_promise_is_read_with_its_time(text: str, when: str) -> None:
    assert due(text) == [when]


@pytest.mark.parametrize(
    "text",
    [
        "Vi undersøger sagen.",
        "Opdatering følger.",
        "The lid broke at 4 pm.",
        "Queue at 41",
        "We will update you when we know more.",
        "Kl. 16 gik alarmen.",
        "We will give 5,000 packs back.",
        "Version 2.10 of the statement",
        "",
    ],
)
def test_what_is_no_promise_is_left_alone(text: str) -> None:
    assert due(text) == []


def test_each_sentence_is_read_by_itself_and_kept_as_it_stands() -> None:
    text = (
        "Vi beklager. Varen er trukket tilbage kl. 12. Næste opdatering kl. 16.\n"
        "We will update  at 6 pm!"
    )
    read = found(text, zone=ZONE, now=NOW)
    assert [each.text for each in read] == ["Næste opdatering kl. 16", "We will update at 6 pm!"]
    assert [each.due_at.hour for each in read] == [16, 18]


def test_a_time_is_meant_in_the_zone_of_the_incident() -> None:
    (read,) = found("Next update 16:00", zone="America/New_York", now=NOW)
    assert read.due_at == datetime(2026, 11, 19, 16, tzinfo=ZoneInfo("America/New_York"))


def test_the_night_the_clocks_change_is_an_hour_longer() -> None:
    before = datetime(2026, 10, 24, 20, 0, tzinfo=UTC)
    (read,) = found("Vi opdaterer i morgen kl. 8", zone=ZONE, now=before)
    assert read.due_at.astimezone(UTC) == datetime(2026, 10, 25, 7, 0, tzinfo=UTC)


def test_hostile_text_costs_little() -> None:
    assert found("update at " * 20_000, zone=ZONE, now=NOW) == []
    assert len(found("Næste opdatering kl. 16.\n" * 2000, zone=ZONE, now=NOW)) == 5
