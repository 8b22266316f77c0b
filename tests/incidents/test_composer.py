from datetime import UTC, datetime, time, timedelta

import pytest

from accounts.models import Brand, User
from core.errors import Refused
from incidents import composer, services
from incidents.composer import Line
from incidents.enums import EntryKind
from tests.factories.accounts import MembershipFactory, UserFactory
from tests.factories.incidents import NOON, IncidentFactory


@pytest.mark.parametrize(
    ("written", "line"),
    [
        ("Queue is at 41", Line(EntryKind.NOTE, "Queue is at 41")),
        ("  /decision  We withdraw it ", Line(EntryKind.DECISION, "We withdraw it")),
        ("/beslutning Vi kalder tilbage", Line(EntryKind.DECISION, "Vi kalder tilbage")),
        ("/UPDATE two\nlines", Line(EntryKind.UPDATE, "two\nlines")),
        ("/task Call the lab", Line(EntryKind.TASK, "Call the lab")),
        ("/task @bob 09:30 Call", Line(EntryKind.TASK, "Call", "bob", time(9, 30))),
        ("/task 9.30 @bob Call", Line(EntryKind.TASK, "Call", "bob", time(9, 30))),
        ("/task 23:59", Line(EntryKind.TASK, "", "", time(23, 59))),
        ("/task 24:10 Call", Line(EntryKind.TASK, "24:10 Call")),
        ("/task 10 calls to make", Line(EntryKind.TASK, "10 calls to make")),
        ("12:30 is lunch", Line(EntryKind.NOTE, "12:30 is lunch")),
        ("and/or", Line(EntryKind.NOTE, "and/or")),
    ],
)
def test_a_line_says_what_it_is(written: str, line: Line) -> None:
    assert composer.parse(written) == line


def test_a_command_that_does_not_exist_is_refused() -> None:
    with pytest.raises(Refused, match="There is no /dance"):
        composer.parse("/dance all night")


def test_a_time_is_the_next_one_in_the_writers_zone() -> None:
    now = datetime(2026, 11, 19, 12, 0, tzinfo=UTC)  # 13:00 in Copenhagen
    soon = composer.next_time(time(13, 30), zone="Europe/Copenhagen", now=now)
    tomorrow = composer.next_time(time(12, 30), zone="Europe/Copenhagen", now=now)
    assert (soon - now, tomorrow - now) == (timedelta(minutes=30), timedelta(hours=23, minutes=30))


@pytest.mark.parametrize("who", ["bob", "BOB", "BobBerg", "bb", "bob@example.org"])
def test_a_person_is_found_by_any_of_their_names(
    brand: Brand, alice: User, bob: User, who: str
) -> None:
    incident = IncidentFactory.create(brand=brand)
    services.write_line(incident, f"/task @{who} 14:00 Call", by=alice, now=NOON)
    task = incident.tasks.get()
    assert (task.title, task.owner, task.due_at) == ("Call", bob, NOON + timedelta(hours=2))


def test_a_name_that_fits_nobody_or_several_is_refused(
    brand: Brand, alice: User, bob: User, charlie: User
) -> None:
    other_bob = UserFactory.create(name="Bob Hansen")
    MembershipFactory.create(user=other_bob, brand=brand)
    incident = IncidentFactory.create(brand=brand)
    with pytest.raises(Refused, match="Bob Berg, Bob Hansen"):
        services.write_line(incident, "/task @bob Call", by=alice, now=NOON)
    with pytest.raises(Refused, match="Nobody here is called @charlie"):
        services.write_line(incident, "/task @charlie Call", by=alice, now=NOON)
    assert not incident.tasks.exists()
