"""Roles in an incident: who holds which, hand-overs, and what is told about them."""

from datetime import timedelta

import pytest
from django.utils import translation

from accounts.enums import Role
from accounts.models import AuditEntry, Brand, User
from core.errors import Refused
from incidents import entries, services
from incidents.enums import EntryKind, IncidentRole
from incidents.models import Incident
from incidents.models_roles import RoleHolding
from incidents.selectors import roles
from incidents.services.roles import assign, release
from notifications.models import Notice
from tests.factories.accounts import MembershipFactory, UserFactory
from tests.factories.incidents import NOON, IncidentFactory

LATER = NOON + timedelta(hours=2)


@pytest.fixture
def incident(brand: Brand, alice: User) -> Incident:
    return IncidentFactory.create(brand=brand, lead=alice)


def told(incident: Incident) -> list[str]:
    found = incident.entries.order_by("number")
    return [
        entries.words(each.kind, each.params, actor=str(each.actor or ""), text=each.text)
        for each in found
    ]


def test_a_role_is_given_and_told(incident: Incident, alice: User, bob: User) -> None:
    assign(incident.pk, IncidentRole.SCRIBE, bob, by=alice, now=NOON)
    assert roles.holder(incident, IncidentRole.SCRIBE) == bob
    assert roles.holders(incident) == {IncidentRole.LEAD: alice, IncidentRole.SCRIBE: bob}
    assert told(incident) == ["Alice Andersen gave Bob Berg the role: Scribe."]
    notice = Notice.objects.get(user=bob)
    assert (notice.kind, notice.params["role"]) == ("incidents.role_given", "SCRIBE")
    assert AuditEntry.objects.filter(action="incident.role", actor_id=alice.pk).exists()


def test_a_hand_over_keeps_the_history_and_the_note(
    incident: Incident, alice: User, bob: User
) -> None:
    assign(incident.pk, IncidentRole.LEAD, alice, by=alice, now=NOON)
    assign(incident.pk, IncidentRole.LEAD, bob, by=alice, note="The factory calls at 4", now=LATER)
    incident.refresh_from_db()
    assert incident.lead == bob
    rows = list(roles.history(incident).values_list("user__name", "since", "until", "note"))
    assert rows == [
        ("Bob Berg", LATER, None, "The factory calls at 4"),
        ("Alice Andersen", NOON, LATER, ""),
    ]
    assert told(incident)[-1] == (
        "Incident lead: Alice Andersen handed over from Alice Andersen to Bob Berg."
        " Note: The factory calls at 4"
    )
    with translation.override("da"):
        assert "The factory calls at 4" in told(incident)[-1]


def test_who_is_relieved_by_a_third_person_is_told(
    incident: Incident, alice: User, bob: User, brand: Brand
) -> None:
    dora = UserFactory.create(name="Dora Dahl")
    MembershipFactory.create(user=dora, brand=brand, role=Role.LEAD)
    assign(incident.pk, IncidentRole.COMMS, bob, by=alice, now=NOON)
    assign(incident.pk, IncidentRole.COMMS, dora, by=alice, now=LATER)
    kinds = set(Notice.objects.filter(user=bob).values_list("kind", flat=True))
    assert kinds == {"incidents.role_given", "incidents.role_passed"}


def test_the_same_person_again_changes_nothing(incident: Incident, alice: User, bob: User) -> None:
    first = assign(incident.pk, IncidentRole.CARE, bob, by=alice, now=NOON)
    again = assign(incident.pk, IncidentRole.CARE, bob, by=alice, now=LATER)
    assert again == first
    assert incident.entries.count() == 1


def test_a_deputy_stands_beside_the_holder(incident: Incident, alice: User, bob: User) -> None:
    assign(incident.pk, IncidentRole.LEAD, bob, by=alice, is_deputy=True, now=NOON)
    incident.refresh_from_db()
    assert incident.lead == alice
    assert roles.deputies(incident) == {IncidentRole.LEAD: bob}
    assert told(incident) == ["Alice Andersen made Bob Berg the deputy for: Incident lead."]


def test_who_acknowledges_first_holds_the_lead(brand: Brand, alice: User, bob: User) -> None:
    incident = IncidentFactory.create(brand=brand, escalate_at=NOON)
    services.acknowledge(incident.pk, by=bob, now=NOON)
    assert roles.holder(Incident.objects.get(pk=incident.pk), IncidentRole.LEAD) == bob
    services.take_lead(incident.pk, by=alice, now=LATER)
    held = RoleHolding.objects.filter(incident=incident, role="LEAD").order_by("since")
    assert [(row.user, row.until) for row in held] == [(bob, LATER), (alice, None)]


def test_a_stranger_gets_no_role_and_an_observer_not_the_lead(
    incident: Incident, brand: Brand, alice: User, charlie: User
) -> None:
    ole = UserFactory.create(name="Ole Olsen")
    MembershipFactory.create(user=ole, brand=brand, role=Role.OBSERVER)
    with pytest.raises(Refused, match="cannot see"):
        assign(incident.pk, IncidentRole.LEGAL, charlie, by=alice, now=NOON)
    with pytest.raises(Refused, match="may not run"):
        assign(incident.pk, IncidentRole.LEAD, ole, by=alice, now=NOON)
    with pytest.raises(Refused, match="no such role"):
        assign(incident.pk, "KING", ole, by=alice, now=NOON)
    assert not incident.entries.exists()
    assign(incident.pk, IncidentRole.SPONSOR, ole, by=alice, now=NOON)
    assert roles.holder(incident, IncidentRole.SPONSOR) == ole


def test_a_role_is_given_up_but_never_the_lead(incident: Incident, alice: User, bob: User) -> None:
    assign(incident.pk, IncidentRole.SCRIBE, bob, by=alice, now=NOON)
    release(incident.pk, IncidentRole.SCRIBE, by=alice, now=LATER)
    assert roles.holder(incident, IncidentRole.SCRIBE) is None
    assert "Nobody holds the role now" in told(incident)[-1]
    count = incident.entries.count()
    release(incident.pk, IncidentRole.SCRIBE, by=alice, now=LATER)
    assert incident.entries.count() == count
    with pytest.raises(Refused, match="needs a lead"):
        release(incident.pk, IncidentRole.LEAD, by=alice, now=LATER)
    assert incident.entries.filter(kind=EntryKind.ROLE).count() == 2
