from datetime import UTC, datetime, time, timedelta

import pytest

from accounts.enums import Role
from accounts.models import Brand, User
from core.errors import Forbidden, Refused
from incidents import commands, composer, services
from incidents.composer import Line
from incidents.enums import EntryKind, IncidentRole
from incidents.selectors import roles
from notifications.models import Notice
from tests.factories.accounts import MembershipFactory, UserFactory
from tests.factories.incidents import NOON, IncidentFactory

HERE = "Europe/Copenhagen"


@pytest.mark.parametrize(
    ("written", "word", "rest"),
    [
        ("Queue is at 41", "", "Queue is at 41"),
        ("  /decision  We withdraw it ", "decision", "We withdraw it"),
        ("/beslutning Vi kalder tilbage", "beslutning", "Vi kalder tilbage"),
        ("/UPDATE two\nlines", "update", "two\nlines"),
        ("and/or", "", "and/or"),
    ],
)
def test_a_line_begins_with_a_command_or_is_a_note(written: str, word: str, rest: str) -> None:
    assert commands.split(written) == (word, rest)


@pytest.mark.parametrize(
    ("rest", "line"),
    [
        ("Call the lab", Line("Call the lab")),
        ("@bob 09:30 Call", Line("Call", "bob", time(9, 30))),
        ("9.30 @bob Call", Line("Call", "bob", time(9, 30))),
        ("23:59", Line("", "", time(23, 59))),
        ("24:10 Call", Line("24:10 Call")),
        ("10 calls to make", Line("10 calls to make")),
    ],
)
def test_person_and_time_stand_before_the_text_in_either_order(rest: str, line: Line) -> None:
    assert composer.addressed(rest) == line


def test_a_time_is_the_next_one_in_the_writers_zone() -> None:
    now = datetime(2026, 11, 19, 12, 0, tzinfo=UTC)  # 13:00 in Copenhagen
    soon = composer.next_time(time(13, 30), zone=HERE, now=now)
    tomorrow = composer.next_time(time(12, 30), zone=HERE, now=now)
    assert (soon - now, tomorrow - now) == (timedelta(minutes=30), timedelta(hours=23, minutes=30))


@pytest.mark.parametrize(
    ("written", "ago"),
    [
        ("12:40 Press called", timedelta(minutes=20)),
        ("13:30 Press called", timedelta(hours=23, minutes=30)),
        ("2026-11-18 08:00 Press called", timedelta(hours=29)),
    ],
)
def test_what_is_entered_afterwards_is_at_the_last_such_moment(
    written: str, ago: timedelta
) -> None:
    now = datetime(2026, 11, 19, 12, 0, tzinfo=UTC)  # 13:00 in Copenhagen
    assert composer.past(written, zone=HERE, now=now) == ("Press called", now - ago)


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("Press called", "Begin with the time"),
        ("2026-11-19 13:01 Press called", "still to come"),
        ("2026-02-30 08:00 Press called", "no day 2026-02-30"),
    ],
)
def test_an_event_without_a_moment_that_was_is_refused(written: str, why: str) -> None:
    now = datetime(2026, 11, 19, 12, 0, tzinfo=UTC)
    with pytest.raises(Refused, match=why):
        composer.past(written, zone=HERE, now=now)


@pytest.mark.parametrize("who", ["bob", "BOB", "BobBerg", "bb", "bob@example.org"])
def test_a_person_is_found_by_any_of_their_names(
    brand: Brand, alice: User, bob: User, who: str
) -> None:
    incident = IncidentFactory.create(brand=brand)
    services.write_line(incident, f"/task @{who} 14:00 Call", by=alice, now=NOON)
    task = incident.tasks.get()
    assert (task.title, task.owner, task.due_at) == ("Call", bob, NOON + timedelta(hours=2))


@pytest.fixture
def other_bob(brand: Brand) -> User:
    user = UserFactory.create(name="Bob Hansen")
    MembershipFactory.create(user=user, brand=brand)
    return user


def test_a_name_that_fits_nobody_or_several_is_refused(
    brand: Brand, alice: User, bob: User, other_bob: User, charlie: User
) -> None:
    incident = IncidentFactory.create(brand=brand)
    with pytest.raises(Refused, match=r"Bob Berg \(@bob@example.org\), Bob Hansen"):
        services.write_line(incident, "/task @bob Call", by=alice, now=NOON)
    with pytest.raises(Refused, match="Nobody here is called @charlie"):
        services.write_line(incident, "/task @charlie Call", by=alice, now=NOON)
    assert not incident.tasks.exists()


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("/dance all night", "There is no /dance. There are: /decision, /task, /update, /note,"),
        ("/", "Write a command after the stroke: /decision, /task"),
        ("/decision  ", "Something is missing. Write it like this: /decision what we do"),
        ("/severity high fire", "Write the severity from 1 to 4, then the reason."),
        ("/severity 1", "Give a reason."),
        ("/role king @bob", "Which role\\? There are: Incident lead, Communications lead"),
        ("/role legal", "Write who takes it"),
        ("/event Press called", "Begin with the time"),
    ],
)
def test_a_line_that_cannot_be_carried_out_says_what_to_write_instead(
    brand: Brand, alice: User, bob: User, written: str, why: str
) -> None:
    incident = IncidentFactory.create(brand=brand)
    with pytest.raises(Refused, match=why):
        services.write_line(incident, written, by=alice, now=NOON)
    assert not incident.entries.exists()


def test_severity_role_and_fact_are_one_line_each(brand: Brand, alice: User, bob: User) -> None:
    incident = IncidentFactory.create(brand=brand, severity=3)
    services.write_line(incident, "/severity SEV1 Children", by=alice, now=NOON)
    services.write_line(incident, "/role spokesperson @bob press at ten", by=alice, now=NOON)
    services.write_line(incident, "/fact Batch L24 is out | the lab", by=alice, now=NOON)
    incident.refresh_from_db()
    assert incident.severity == 1
    assert roles.holder(incident, IncidentRole.SPOKESPERSON) == bob
    assert incident.holdings.get(role="SPOKESPERSON").note == "press at ten"
    assert incident.facts.get().source == "the lab"


def test_a_command_beyond_ones_rights_is_forbidden_and_not_offered(
    brand: Brand, alice: User
) -> None:
    approver = UserFactory.create()
    MembershipFactory.create(user=approver, brand=brand, role=Role.APPROVER)
    incident = IncidentFactory.create(brand=brand, severity=3)
    assert "severity" in {one.name for one in commands.offered(alice, incident)}
    offered = {one.name for one in commands.offered(approver, incident)}
    assert "decision" in offered
    assert "severity" not in offered
    with pytest.raises(Forbidden):
        services.write_line(incident, "/severity 1 Children", by=approver, now=NOON)
    incident.refresh_from_db()
    assert incident.severity == 3


def test_a_command_is_registered_once_under_each_of_its_words() -> None:
    taken = commands.COMMANDS["decision"]
    with pytest.raises(ValueError, match="registered twice"):
        commands.register(taken)


def test_people_who_are_named_are_told_once_and_accounts_are_only_text(
    brand: Brand, alice: User, bob: User, charlie: User
) -> None:
    incident = IncidentFactory.create(brand=brand)
    text = "@bob, ask @babymadogkaos or press@paper.dk; @bob @alice @charlie"
    entry = services.add_note(incident.pk, by=alice, text=text, now=NOON)
    assert entry.params["named"] == [["bob", bob.pk], ["alice", alice.pk]]
    told = Notice.objects.get(kind="incidents.named")
    assert told.user == bob
    # A second line is a second notice.
    services.add_decision(incident.pk, by=alice, text="Go, @BobBerg", now=NOON)
    assert Notice.objects.filter(kind="incidents.named", user=bob).count() == 2
    assert not Notice.objects.filter(user=charlie).exists()


def test_a_name_that_fits_several_is_not_silently_told_to_nobody(
    brand: Brand, alice: User, bob: User, other_bob: User
) -> None:
    incident = IncidentFactory.create(brand=brand)
    with pytest.raises(Refused, match="fits several"):
        services.add_note(incident.pk, by=alice, text="Ask @bob", now=NOON)
    assert not incident.entries.filter(kind=EntryKind.NOTE).exists()
    services.add_note(incident.pk, by=alice, text="Ask @bob@example.org", now=NOON)
    assert Notice.objects.get(kind="incidents.named").user == bob
