"""An incident that has ended is worked out by the engine, once for each end."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.utils import translation

from accounts.models import Brand, User
from core.clock import database_now
from core.engine import AUDITS, LOOPS
from incidents import services as incidents
from incidents.enums import IncidentRole, State
from incidents.models import Incident
from incidents.models_promises import Promise
from incidents.models_roles import RoleHolding
from monitoring.models import MentionCount
from responses.enums import DraftState, PublicationState
from responses.models import Publication
from responses.publishing import publish_due
from reviews import telling
from reviews.models import Reckoning
from reviews.services import enrol_ended, reckon_next, reckoning
from tests.factories.connectors import AccountFactory
from tests.factories.incidents import IncidentFactory
from tests.factories.responses import ApprovalFactory, DraftFactory, PublicationFactory

SignedIn = Callable[[User], Client]
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def now() -> datetime:
    return database_now()


@pytest.fixture
def incident(brand: Brand, alice: User, now: datetime) -> Incident:
    made: Incident = IncidentFactory.create(
        brand=brand, reference="CD-2026-007", began_at=now - 8 * HOUR, detected_at=now - 8 * HOUR
    )
    return made


def publish(incident: Incident, at: datetime, name: str = "Word") -> Publication:
    """What went out at that time."""
    draft = DraftFactory.create(incident=incident, title=name, state=DraftState.APPROVED)
    version = draft.versions.get()
    ApprovalFactory.create(version=version, approver=incident.brand.memberships.first().user)
    account = AccountFactory.create(
        brand=incident.brand, name=name, network="simulator", config={"world": "w"}
    )
    made: Publication = PublicationFactory.create(version=version, account=account)
    publish_due()
    made.refresh_from_db()
    assert made.state == PublicationState.SENT
    Publication.objects.filter(pk=made.pk).update(sent_at=at)
    return made


def talk(brand: Brand, now: datetime, *, calmed_at: datetime | None = None) -> None:
    """Two days at three in five minutes, and sixty since nine hours ago; six once it has calmed."""
    begin = now.replace(minute=now.minute // 5 * 5, second=0, microsecond=0)
    rows = []
    for step in range(48 * 12):
        minute = begin - step * 5 * MINUTE
        total = 60 if minute > now - 9 * HOUR else 3
        if calmed_at and minute > calmed_at:
            total = 6
        rows.append(
            MentionCount(
                brand=brand, minute=minute, network="x", crisis_type="none", total=total,
                negative=total // 2, positive=0, reach=total,
            )
        )  # fmt: skip
    MentionCount.objects.bulk_create(rows)


def end(incident: Incident, by: User, now: datetime) -> None:
    incidents.resolve(incident.pk, by=by, now=now)


def worked_out(now: datetime) -> Reckoning:
    enrol_ended(now)
    assert reckon_next(now)
    return Reckoning.objects.get()


def words(row: Reckoning) -> list[str]:
    return [each.words for moment in telling.moments(row.figures) for each in moment.effects]


def test_a_word_after_which_it_calmed_and_one_after_which_it_did_not(
    incident: Incident, brand: Brand, alice: User, now: datetime
) -> None:
    publish(incident, now - 3 * HOUR)
    talk(brand, now, calmed_at=now - 2.9 * HOUR)
    end(incident, alice, now)
    said = words(worked_out(now))
    assert "120 minutes later 72 were said an hour" in said[0]
    assert said[0].endswith("fewer than expected, and more than chance explains.")
    MentionCount.objects.all().delete()
    talk(brand, now)
    Reckoning.objects.update(due_at=now)
    said = words(worked_out(now))
    assert "120 minutes later 720 were said an hour" in said[0]
    assert said[0].endswith("That is no more than chance explains.")


def test_what_goes_out_together_is_one_moment_and_the_next_one_ends_it(
    incident: Incident, brand: Brand, alice: User, now: datetime
) -> None:
    publish(incident, now - 3 * HOUR, "One")
    publish(incident, now - 3 * HOUR + 2 * MINUTE, "Two")
    publish(incident, now - 3 * HOUR + 40 * MINUTE, "Three")
    publish(incident, now - 10 * MINUTE, "Four")
    talk(brand, now)
    end(incident, alice, now)
    row = worked_out(now)
    told = telling.moments(row.figures)
    assert [[text["title"] for text in each.texts] for each in told] == [
        ["One", "Two"], ["Three"], ["Four"],
    ]  # fmt: skip
    assert [each["total"]["minutes"] for each in row.figures["moments"]] == [30, 120, 0]
    # The last one is looked at again, once what comes after it is known.
    assert row.due_at == now - 10 * MINUTE + 130 * MINUTE
    assert worked_out(row.due_at).due_at is None


def test_approvals_promises_and_roles_are_told_without_names(
    incident: Incident, alice: User, bob: User, now: datetime
) -> None:
    for state, number in (("KEPT", 1), ("KEPT", 2), ("BROKEN", 3), ("WITHDRAWN", 4)):
        Promise.objects.create(
            incident=incident, number=number, text="x", due_at=now, made_at=now, state=state
        )
    for user, since, until in ((alice, 8, 5), (bob, 5, None)):
        RoleHolding.objects.create(
            incident=incident, role=IncidentRole.LEAD, user=user, since=now - since * HOUR,
            until=until and now - until * HOUR,
        )  # fmt: skip
    end(incident, alice, now)
    figures = worked_out(now).figures
    assert telling.promises(figures) == "2 of 3 promises were kept, 1 broken; 0 still open."
    (lead,) = telling.roles(figures)
    assert (lead.hands, lead.took) == (2, "8 h")
    assert "Bob" not in str(figures)


def test_each_end_is_worked_out_once_by_however_many(
    incident: Incident, alice: User, now: datetime
) -> None:
    assert enrol_ended(now) == 0
    end(incident, alice, now)
    assert (enrol_ended(now), enrol_ended(now)) == (1, 0)
    assert reckon_next(now)
    assert not reckon_next(now)
    incidents.reopen(incident.pk, by=alice, reason="It goes on", now=now + HOUR)
    assert enrol_ended(now + HOUR) == 0
    incidents.resolve(incident.pk, by=alice, now=now + 2 * HOUR)
    assert enrol_ended(now + 2 * HOUR) == 1
    assert reckon_next(now + 2 * HOUR)
    assert Reckoning.objects.get().resolved_at == now + 2 * HOUR


def test_what_is_no_crisis_of_its_own_is_left_out(brand: Brand, now: datetime) -> None:
    for closed in ("MERGED", "DISMISSED"):
        IncidentFactory.create(brand=brand, state=State.RESOLVED, closed_as=closed, resolved_at=now)
    assert enrol_ended(now) == 0


def test_one_that_breaks_stops_no_other_and_is_said_aloud(
    incident: Incident, brand: Brand, alice: User, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = IncidentFactory.create(brand=brand, detected_at=now - HOUR)
    end(incident, alice, now)
    end(other, alice, now + MINUTE)
    real = reckoning.moments

    def breaks(found: Incident, *, now: datetime) -> object:
        if found == incident:
            raise ValueError
        return real(found, now=now)

    monkeypatch.setattr(reckoning, "moments", breaks)
    enrol_ended(now + MINUTE)
    while reckon_next(now + 2 * MINUTE):
        pass
    assert Reckoning.objects.get(incident=other).made_at
    for _try in range(reckoning.MOST_FAILURES - 1):
        due = Reckoning.objects.get(incident=incident).due_at
        assert due is not None
        assert reckon_next(due)
    assert Reckoning.objects.get(incident=incident).due_at is None
    assert AUDITS["reviews"]() == ["1 reviews cannot be worked out"]


def test_the_loop_does_it_and_the_panels_tell_it_in_the_readers_language(
    incident: Incident, brand: Brand, alice: User, now: datetime, signed_in: SignedIn
) -> None:
    client = signed_in(alice)
    path = f"/i/{incident.reference}/review/"
    open_one = client.get(f"{path}effects/").content.decode()
    assert "Worked out once the incident has ended." in open_one
    publish(incident, now - 3 * HOUR, "<b>Word</b>")
    talk(brand, now)
    end(incident, alice, now)
    assert "some seconds" in client.get(f"{path}handling/").content.decode()
    assert LOOPS["reviews"].run() == 1
    shown = client.get(f"{path}effects/").content.decode()
    assert "&lt;b&gt;Word&lt;/b&gt;" in shown
    assert "no more than chance explains" in shown
    assert "How long approvals took" not in client.get(f"{path}handling/").content.decode()
    with translation.override("da"):
        assert "forvente" in words(Reckoning.objects.get())[0]
