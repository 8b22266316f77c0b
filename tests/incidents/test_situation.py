"""The head of an incident: kept current, two at once lose nothing, old ones are told once."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client

from accounts.enums import Role
from accounts.models import Brand, User
from core.errors import Conflict, Refused
from incidents import entries, services
from incidents.enums import IncidentRole, Origin, Severity
from incidents.enums_record import FactStatus, TimerKind
from incidents.models import Incident
from incidents.models_facts import SituationVersion
from incidents.models_promises import Timer
from incidents.selectors.head import situation
from incidents.services.duties import fire_next_duty
from incidents.services.facts import Claim, add_fact
from incidents.services.situation import Writing, confirm_situation, write_situation
from notifications.models import Notice
from tests.factories.accounts import MembershipFactory, UserFactory
from tests.factories.incidents import NOON

from .test_races import at_once

SignedIn = Callable[[User], Client]
HTMX = {"HTTP_HX_REQUEST": "true"}
HOUR = timedelta(hours=1)


@pytest.fixture
def incident(brand: Brand, alice: User) -> Incident:
    """SEV2: its head is old after an hour. Alice leads."""
    opened = services.open_incident(
        brand, title="Plastic", crisis_type="none", severity=2, severity_reasons=[],
        origin=Origin.PERSON, by=alice, began_at=NOON, now=NOON,
    )  # fmt: skip
    return services.acknowledge(opened.pk, by=alice, now=NOON)


def write(incident: Incident, text: str, by: User, *, seen: int = 0, section: str = "HAPPENED"):
    return write_situation(incident.pk, Writing(section, text, seen), by=by, now=NOON)


def timer(incident: Incident) -> Timer:
    return Timer.objects.get(incident=incident, kind=TimerKind.SITUATION)


def run(incident: Incident, until: object) -> int:
    """Let the engine run to a time; return how often the head was told to be old."""
    now = NOON
    while now <= until:
        while fire_next_duty(now=now):
            pass
        now += timedelta(minutes=5)
    return Notice.objects.filter(kind="incidents.head_old").count()


def test_each_part_has_versions_and_the_last_one_stands(
    incident: Incident, alice: User, bob: User
) -> None:
    write(incident, "Plastic in the oats", bob)
    write(incident, "Plastic in batch 7", alice, seen=1)
    write(incident, "Shops call", bob, section="EFFECT")
    shown = situation(incident)
    assert [part.text for part in shown.parts] == ["Plastic in batch 7", "Shops call", ""]
    assert [part.number for part in shown.parts] == [2, 1, 0]
    assert SituationVersion.objects.count() == 3
    entry = incident.entries.filter(kind="SITUATION").first()
    words = entries.words(entry.kind, entry.params, actor="Bob", text=entry.text)
    assert words == "Bob rewrote the head, Effect: Shops call"


def test_what_we_know_is_what_is_verified(incident: Incident, bob: User) -> None:
    sure = Claim("The lid breaks", status=FactStatus.VERIFIED, source="The lab")
    add_fact(incident.pk, sure, by=bob, now=NOON)
    for status in (FactStatus.UNCONFIRMED, FactStatus.DISPUTED, FactStatus.WITHDRAWN):
        add_fact(incident.pk, Claim(status, status=status), by=bob, now=NOON)
    shown = situation(incident)
    assert [fact.number for fact in shown.known] == [1]
    assert [fact.number for fact in shown.unknown] == [2, 3]


def test_who_edited_an_older_version_is_told_and_nothing_is_lost(
    incident: Incident, alice: User, bob: User
) -> None:
    write(incident, "Alice's words", alice)
    with pytest.raises(Conflict, match="Alice Andersen wrote this"):
        write(incident, "Bob's words", bob)
    assert write(incident, "Alice's words", bob) is None
    write(incident, "Both our words", bob, seen=1)
    texts = SituationVersion.objects.order_by("number").values_list("text", flat=True)
    assert list(texts) == ["Alice's words", "Both our words"]


@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_one_stands_and_one_is_told(
    incident: Incident, alice: User, bob: User
) -> None:
    for seen in range(10):
        results = at_once(
            lambda seen=seen: write(incident, f"Alice {seen}", alice, seen=seen),
            lambda seen=seen: write(incident, f"Bob {seen}", bob, seen=seen),
        )
        assert sorted(type(each).__name__ for each in results) == ["Conflict", "SituationVersion"]
    assert SituationVersion.objects.count() == 10


@pytest.mark.parametrize(("section", "text"), [("NOWHERE", "x"), ("EFFECT", "x" * 2001)])
def test_what_is_no_head_is_refused(incident: Incident, bob: User, section: str, text: str) -> None:
    with pytest.raises(Refused):
        write(incident, text, bob, section=section)


def test_an_old_head_is_told_once_a_period_to_lead_and_scribe(
    incident: Incident, alice: User, bob: User
) -> None:
    services.roles.assign(incident.pk, IncidentRole.SCRIBE, bob, by=alice, now=NOON)
    assert run(incident, NOON + HOUR - timedelta(minutes=5)) == 0
    assert run(incident, NOON + HOUR) == 2
    assert run(incident, NOON + 2 * HOUR) == 4
    assert situation(incident).is_old
    confirm_situation(incident.pk, by=bob, now=NOON + 2 * HOUR)
    assert not situation(incident).is_old
    assert timer(incident).due_at == NOON + 3 * HOUR


def test_severity_moves_the_reminder_without_repeating_it(incident: Incident, alice: User) -> None:
    services.change_severity(incident.pk, Severity.SEV3, by=alice, reason="Calm", now=NOON)
    assert timer(incident).due_at == NOON + 4 * HOUR
    assert run(incident, NOON + 4 * HOUR) == 1
    later = NOON + 4 * HOUR
    services.change_severity(incident.pk, Severity.SEV1, by=alice, reason="Worse", now=later)
    assert timer(incident).due_at == later + timedelta(minutes=30)
    assert run(incident, later) == 1
    services.resolve(incident.pk, by=alice, now=later)
    assert timer(incident).due_at is None


def test_the_panel_shows_the_others_words_and_keeps_mine(
    incident: Incident, alice: User, bob: User, signed_in: SignedIn
) -> None:
    client, here = signed_in(bob), f"/i/{incident.reference}/situation/"
    write(incident, "Alice's words", alice)
    mine = {"section": "HAPPENED", "text": "<i>Bob's words", "seen": "0"}
    clash = client.post(here, mine, **HTMX)
    assert clash.status_code == 422
    page = clash.content.decode()
    assert "Alice&#x27;s words" in page
    assert "&lt;i&gt;Bob&#x27;s words</textarea>" in page
    assert 'name="seen" value="1"' in page
    assert client.post(here, mine | {"seen": "1"}, **HTMX).status_code == 200
    assert client.post(here, {"confirm": "1"}, **HTMX).status_code == 200
    assert "v2" in client.get(here).content.decode()


def test_a_stranger_sees_no_head_and_an_observer_writes_none(
    incident: Incident, brand: Brand, alice: User, charlie: User, signed_in: SignedIn
) -> None:
    here = f"/i/{incident.reference}/situation/"
    write(incident, "Secret", alice)
    wanted = {"section": "HAPPENED", "text": "x", "seen": "1"}
    assert "Secret" in signed_in(alice).get(here).content.decode()
    assert signed_in(charlie).get(here).status_code == 404
    assert signed_in(charlie).post(here, wanted).status_code == 404
    watching = UserFactory.create()
    MembershipFactory.create(user=watching, brand=brand, role=Role.OBSERVER)
    assert "Secret" in signed_in(watching).get(here).content.decode()
    assert signed_in(watching).post(here, wanted).status_code == 403
    assert signed_in(watching).post(here, {"confirm": "1"}).status_code == 403
    assert SituationVersion.objects.count() == 1
