"""The log: read by time, filtered, linked, corrected with a trace, pinned."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import AuditEntry, Brand, User
from core.clock import database_now
from core.errors import Conflict, Forbidden, Refused
from incidents import selectors, services
from incidents.enums import EntryKind
from incidents.models import Incident, TimelineEntry
from incidents.selectors import Wanted
from tests.factories.incidents import NOON, IncidentFactory

SignedIn = Callable[[User], Client]
HTMX = {"HTTP_HX_REQUEST": "true"}
SOON = NOON + timedelta(minutes=4)
LATER = NOON + timedelta(minutes=6)


@pytest.fixture
def incident(brand: Brand) -> Incident:
    return IncidentFactory.create(brand=brand)


def numbers(incident: Incident, **wanted: object) -> list[int]:
    return [entry.number for entry in selectors.timeline(incident, Wanted(**wanted)).entries]  # type: ignore[arg-type]


def fill(incident: Incident, count: int, by: User | None = None) -> None:
    """Write a long past in one statement."""
    TimelineEntry.objects.bulk_create(
        TimelineEntry(
            incident=incident,
            number=number,
            at=NOON + timedelta(seconds=number),
            kind=EntryKind.NOTE,
            actor=by,
            text=f"line {number}.",
        )
        for number in range(1, count + 1)
    )
    Incident.objects.filter(pk=incident.pk).update(entries_count=count)


def test_what_is_entered_afterwards_stands_where_it_happened(
    incident: Incident, alice: User
) -> None:
    services.add_note(incident.pk, by=alice, text="first", now=NOON)
    services.add_note(incident.pk, by=alice, text="second", now=SOON)
    at = NOON + timedelta(minutes=2)
    event = services.add_event(incident.pk, by=alice, text="Press called", at=at, now=LATER)
    assert (event.at, event.entered_at) == (at, LATER)
    assert numbers(incident) == [2, 3, 1]
    with pytest.raises(Refused, match="still to come"):
        services.add_event(incident.pk, by=alice, text="Soon", at=LATER, now=SOON)


def test_the_log_is_found_by_kind_person_and_words(
    incident: Incident, alice: User, bob: User
) -> None:
    services.add_note(incident.pk, by=alice, text="The oat porridge", now=NOON)
    services.add_decision(incident.pk, by=bob, text="Withdraw the porridge", now=NOON)
    services.add_task(incident.pk, title="Æblegrød til laboratoriet", by=bob, now=NOON)
    assert numbers(incident, words="PORRIDGE the") == [2, 1]
    assert numbers(incident, words="porridge", person=bob.pk) == [2]
    assert numbers(incident, words="æblegrød") == [3]
    assert numbers(incident, show="tasks") == [3]
    assert numbers(incident, words="100%") == []


def test_pages_of_equal_moments_neither_repeat_nor_lose_a_line(
    incident: Incident, alice: User
) -> None:
    fill(incident, 30, alice)
    incident.entries.update(at=NOON)
    seen: list[int] = []
    before: int | None = None
    while True:
        page = selectors.timeline(incident, Wanted(before=before), size=7)
        seen += [entry.number for entry in page.entries]
        if page.earlier is None:
            break
        before = page.earlier
    assert seen == list(range(30, 0, -1))


def test_a_line_far_back_is_shown_among_its_neighbours_at_the_price_of_the_first_page(
    incident: Incident, alice: User, signed_in: SignedIn
) -> None:
    fill(incident, 2000, alice)
    client = signed_in(alice)
    path = f"/i/{incident.reference}/?part=entries"
    client.get(path)
    with CaptureQueriesContext(connection) as first:
        client.get(path)
    with CaptureQueriesContext(connection) as far:
        page = client.get(f"{path}&entry=12").content.decode()
    assert 'id="entry-12"' in page
    assert 'id="entry-17"' in page
    assert 'id="entry-18"' not in page
    assert "part=entries&amp;entry=12" in page  # a frame fetches this page of the log again
    assert len(far) <= len(first) + 2
    assert 'id="entry-2000"' in client.get(f"{path}&entry=99999").content.decode()
    assert client.get(f"{path}&entry=0x1&person=a&before=-3").status_code == 200


def test_a_page_far_back_walks_an_index_and_sorts_nothing(incident: Incident, alice: User) -> None:
    fill(incident, 3000, alice)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE incidents_timelineentry")
    page = selectors.log._beyond(incident.entries.all(), incident, 100)
    plan = page.order_by("-at", "-number")[:41].explain()
    assert "entry_by_time" in plan
    assert "Sort" not in plan


def test_ones_own_line_is_edited_for_five_minutes_and_what_it_said_stays(
    incident: Incident, alice: User, bob: User, signed_in: SignedIn
) -> None:
    services.add_note(incident.pk, by=alice, text="41 callers", now=NOON)
    services.edit_entry(incident.pk, 1, text="14 callers", by=alice, now=SOON)
    services.edit_entry(incident.pk, 1, text="14 callers", by=alice, now=SOON)
    entry = selectors.with_history(incident, 1)
    assert (entry.text, entry.edited_at) == ("14 callers", SOON)
    assert [(edit.text, edit.by) for edit in entry.edits.all()] == [("41 callers", alice)]
    with pytest.raises(Forbidden):
        services.edit_entry(incident.pk, 1, text="none", by=bob, now=SOON)
    with pytest.raises(Conflict, match="Write a correction"):
        services.edit_entry(incident.pk, 1, text="none", by=alice, now=LATER)
    assert (
        "41 callers" in signed_in(bob).get(f"/i/{incident.reference}/timeline/1/").content.decode()
    )


def test_a_decision_is_never_edited_only_corrected(incident: Incident, alice: User) -> None:
    services.add_decision(incident.pk, by=alice, text="Withdraw", now=NOON)
    with pytest.raises(Conflict):
        services.edit_entry(incident.pk, 1, text="Stay", by=alice, now=NOON)
    right = services.correct_entry(incident.pk, 1, text="Withdraw L24", by=alice, now=LATER)
    assert (right.kind, right.corrects.number) == (EntryKind.DECISION, 1)
    wrong = selectors.with_history(incident, 1)
    assert wrong.text == "Withdraw"
    assert [each.number for each in wrong.corrections.all()] == [right.number]
    assert AuditEntry.objects.filter(action="incident.corrected").count() == 1


def test_what_the_desk_recorded_is_not_corrected(incident: Incident, alice: User) -> None:
    services.add_task(incident.pk, title="Call", by=alice, now=NOON)
    with pytest.raises(Refused, match="cannot be corrected"):
        services.correct_entry(incident.pk, 1, text="Do not call", by=alice, now=LATER)


def test_pinned_lines_stay_in_sight_and_the_correction_takes_the_place(
    incident: Incident, alice: User
) -> None:
    services.add_decision(incident.pk, by=alice, text="Withdraw", now=NOON)
    services.pin_entry(incident.pk, 1, by=alice, now=NOON)
    services.pin_entry(incident.pk, 1, by=alice, now=SOON)
    right = services.correct_entry(incident.pk, 1, text="Withdraw L24", by=alice, now=LATER)
    assert [entry.number for entry in selectors.pinned(incident)] == [right.number]
    services.unpin_entry(incident.pk, right.number, by=alice)
    assert selectors.pinned(incident) == []


def test_more_than_five_are_not_pinned(incident: Incident, alice: User) -> None:
    fill(incident, 6, alice)
    for number in range(1, 6):
        services.pin_entry(incident.pk, number, by=alice, now=LATER)
    with pytest.raises(Refused, match="At most 5"):
        services.pin_entry(incident.pk, 6, by=alice, now=LATER)


@pytest.mark.parametrize("action", ["edit", "correct", "pin"])
def test_mending_is_for_those_who_may_write_here(
    incident: Incident, alice: User, charlie: User, signed_in: SignedIn, action: str
) -> None:
    services.add_note(incident.pk, by=alice, text="Hello", now=database_now())
    path = f"/i/{incident.reference}/timeline/1/"
    assert signed_in(alice).get(path).status_code == 200
    assert signed_in(charlie).get(path).status_code == 404
    assert signed_in(charlie).post(f"{path}{action}/", {"text": "x"}).status_code == 404
    missing = f"/i/{incident.reference}/timeline/9/{action}/"
    assert signed_in(alice).post(missing, {"text": "x"}).status_code == 404
    entry = incident.entries.get()
    assert (entry.text, entry.pinned_at) == ("Hello", None)
    done = signed_in(alice).post(f"{path}{action}/", {"text": "Goodbye"})
    assert done["Location"] == f"/i/{incident.reference}/?entry=1#entry-1"


def test_a_refused_edit_keeps_what_was_written(
    incident: Incident, alice: User, signed_in: SignedIn
) -> None:
    services.add_note(incident.pk, by=alice, text="Hello", now=database_now() - timedelta(hours=1))
    path = f"/i/{incident.reference}/timeline/1/edit/"
    answer = signed_in(alice).post(path, {"text": "A <b>long</b> thought"}, **HTMX)
    assert answer.status_code == 422
    assert "A &lt;b&gt;long&lt;/b&gt; thought" in answer.content.decode()


def test_names_and_facts_stand_out_and_hostile_text_stays_text(
    incident: Incident, alice: User, bob: User, signed_in: SignedIn
) -> None:
    text = '@bob <img src=x> [F1] "@bob"'
    services.write_line(incident, '/fact Out " onclick="x | @bob', by=alice, now=NOON)
    services.add_note(incident.pk, by=alice, text=text, now=NOON)
    page = signed_in(alice).get(f"/i/{incident.reference}/?part=entries").content.decode()
    assert page.count('<b class="named">@bob</b>') == 2
    assert "&lt;img src=x&gt;" in page
    assert "fact-chip" in page
    assert 'onclick="x' not in page


def test_the_api_writes_finds_edits_corrects_and_pins(
    incident: Incident, alice: User, bob: User, charlie: User, signed_in: SignedIn
) -> None:
    path = f"/api/v1/incidents/{incident.reference}/timeline/"
    api, json = signed_in(alice), {"content_type": "application/json"}
    at = (database_now() - timedelta(hours=1)).isoformat()
    event = api.post(path, {"kind": "EVENT", "text": "Press called", "at": at}, **json)
    assert event.status_code == 201
    assert event.json()["entered_at"]
    assert api.post(path, {"kind": "EVENT", "text": "Press"}, **json).status_code == 400
    assert api.post(path, {"kind": "NOTE", "text": "Hi", "at": at}, **json).status_code == 400
    assert api.patch(f"{path}1/", {"text": "Paper called"}, **json).json()["edited_at"]
    assert signed_in(bob).patch(f"{path}1/", {"text": "No"}, **json).status_code == 403
    wrong = api.post(f"{path}1/correct/", {"text": "Radio called"}, **json)
    assert (wrong.status_code, wrong.json()["corrects"]) == (201, 1)
    assert api.post(f"{path}2/pin/", {"pinned": True}, **json).json()["pinned_at"]
    assert api.post(f"{path}2/pin/", {"pinned": False}, **json).json()["pinned_at"] is None
    assert api.post(f"{path}9/pin/", {"pinned": True}, **json).status_code == 404
    found = api.get(path, {"words": "radio", "show": "events", "person": alice.email}).json()
    assert [line["number"] for line in found["results"]] == [2]
    assert api.get(path, {"person": bob.email}).json()["results"] == []
    for action in ("correct/", "pin/"):
        assert signed_in(charlie).post(f"{path}1/{action}", {}, **json).status_code == 404
