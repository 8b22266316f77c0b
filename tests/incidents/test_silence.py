"""The public's clock: words by publication and by hand, and what happens when it runs out."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client

from accounts.enums import Role
from accounts.models import Brand, User
from core.clock import database_now
from core.errors import Refused
from incidents import blocking, entries, services
from incidents.enums import IncidentRole, Origin, Severity, State
from incidents.enums_record import TimerKind
from incidents.models import Incident
from incidents.models_promises import PublicWord, Timer
from incidents.selectors.silence import silence
from incidents.services.duties import fire_next_duty
from incidents.services.silence import Word, note_word
from notifications.models import Notice
from tests.factories.accounts import MembershipFactory, UserFactory
from tests.factories.incidents import NOON

SignedIn = Callable[[User], Client]
HTMX = {"HTTP_HX_REQUEST": "true"}
HOUR = timedelta(hours=1)


@pytest.fixture
def incident(brand: Brand, alice: User) -> Incident:
    """SEV2: a first word within the hour, then one every two hours. Alice leads."""
    opened = services.open_incident(
        brand, title="Plastic", crisis_type="none", severity=2, severity_reasons=[],
        origin=Origin.PERSON, by=alice, began_at=NOON, now=NOON,
    )  # fmt: skip
    return services.acknowledge(opened.pk, by=alice, now=NOON)


def due(incident: Incident) -> object:
    return Timer.objects.get(incident=incident, kind=TimerKind.SILENCE).due_at


def said(incident: Incident, at: object, channel: str = "bluesky", key: str = "") -> None:
    services.mark_responded(incident.pk, at=at, channel=channel, key=key)


def test_the_clock_begins_with_the_incident_and_follows_every_word(incident: Incident) -> None:
    assert due(incident) == NOON + HOUR
    said(incident, NOON + HOUR / 2, key="publication.1")
    assert due(incident) == NOON + HOUR / 2 + 2 * HOUR
    said(incident, NOON + HOUR, channel="x", key="publication.2")
    assert due(incident) == NOON + 3 * HOUR
    said(incident, NOON + 2 * HOUR, key="publication.2")
    assert due(incident) == NOON + 3 * HOUR
    incident.refresh_from_db()
    assert incident.responded_at == NOON + HOUR / 2


def test_a_word_noted_late_does_not_wind_the_clock_back(incident: Incident, bob: User) -> None:
    said(incident, NOON + HOUR)
    note_word(incident.pk, Word("press", NOON + HOUR / 4), by=bob, now=NOON + 2 * HOUR)
    assert due(incident) == NOON + 3 * HOUR
    incident.refresh_from_db()
    assert incident.responded_at == NOON + HOUR / 4


def test_the_clock_follows_severity_and_state(incident: Incident, alice: User) -> None:
    said(incident, NOON)
    services.change_severity(incident.pk, Severity.SEV1, by=alice, reason="Worse", now=NOON)
    assert due(incident) == NOON + HOUR
    services.change_severity(incident.pk, Severity.SEV4, by=alice, reason="Calm", now=NOON)
    assert due(incident) is None
    services.change_severity(incident.pk, Severity.SEV3, by=alice, reason="Hm", now=NOON)
    services.resolve(incident.pk, by=alice, now=NOON)
    assert due(incident) is None
    services.reopen(incident.pk, by=alice, reason="Again", now=NOON)
    assert due(incident) == NOON + 4 * HOUR


def test_silence_is_told_once_a_period_to_who_must_speak(
    incident: Incident, alice: User, bob: User
) -> None:
    services.roles.assign(incident.pk, IncidentRole.COMMS, bob, by=alice, now=NOON)
    now = NOON
    while now <= NOON + 4 * HOUR:
        while fire_next_duty(now=now):
            pass
        now += timedelta(minutes=5)
    notices = Notice.objects.filter(kind="incidents.silent")
    # At one o'clock the first word was due; from then on every two hours.
    assert notices.filter(user=alice).count() == notices.filter(user=bob).count() == 2
    assert set(notices.values_list("urgency", flat=True)) == {"PAGE"}
    words = [entries.words(each.kind, each.params) for each in incident.entries.filter(kind="WORD")]
    assert words == [
        "The public has heard nothing from us for 3 h.",
        "The public has heard nothing from us for 1 h.",
    ]


def test_without_a_lead_whoever_can_is_told(incident: Incident, alice: User, bob: User) -> None:
    Incident.objects.update(lead=None)
    incident.holdings.all().delete()
    assert fire_next_duty(now=NOON + HOUR)
    told = Notice.objects.filter(kind="incidents.silent").values_list("user", flat=True)
    assert set(told) == {alice.pk, bob.pk}


def test_the_strip_tells_of_silence_after_the_first_word(incident: Incident) -> None:
    Incident.objects.update(state=State.RESPONDING, update_by=None)
    incident.refresh_from_db()
    said(incident, NOON)
    incident.refresh_from_db()
    assert blocking.blocker(incident, now=NOON + HOUR) is None
    silent = blocking.blocker(incident, now=NOON + 2 * HOUR + timedelta(seconds=1))
    assert silent is not None
    assert silent.title == "The public hears nothing from us."


def test_each_channel_has_its_own_clock(incident: Incident, bob: User) -> None:
    said(incident, NOON)
    said(incident, NOON + HOUR)
    note_word(incident.pk, Word("press", NOON + HOUR / 2), by=bob, now=NOON + HOUR)
    incident.refresh_from_db()
    now = NOON + 2.75 * HOUR
    shown = silence(incident, now=now, talked=["x", "bluesky"])
    assert [(each.code, each.is_late) for each in shown.channels] == [
        ("bluesky", False),
        ("press", True),
        ("x", True),
    ]
    assert (shown.since, shown.is_late) == (NOON + HOUR, False)
    assert str(shown.channels[1].name) == "Press call"


def test_only_what_has_been_said_is_noted(incident: Incident, bob: User) -> None:
    with pytest.raises(Refused, match="not happened"):
        note_word(incident.pk, Word("press", NOON + HOUR), by=bob, now=NOON)
    with pytest.raises(Refused, match="channel"):
        note_word(incident.pk, Word("bluesky", NOON), by=bob, now=NOON)
    assert not PublicWord.objects.exists()


def test_the_panel_notes_a_word_and_lists_it(
    incident: Incident, bob: User, signed_in: SignedIn
) -> None:
    client, here = signed_in(bob), f"/i/{incident.reference}/clocks/"
    noted = client.post(here, {"channel": "shop", "text": "<b>Sorry</b>"}, **HTMX)
    assert noted.status_code == 200
    assert PublicWord.objects.get().at <= database_now()
    page = client.get(here).content.decode()
    assert "&lt;b&gt;Sorry&lt;/b&gt;" in page
    assert "Statement in a shop" in page
    assert client.post(here, {"channel": "moon"}, **HTMX).status_code == 422


def test_a_stranger_hears_nothing_and_an_observer_notes_nothing(
    incident: Incident, brand: Brand, bob: User, charlie: User, signed_in: SignedIn
) -> None:
    here = f"/i/{incident.reference}/clocks/"
    note_word(incident.pk, Word("press", NOON, text="Sorry"), by=bob, now=NOON)
    assert "Sorry" in signed_in(bob).get(here).content.decode()
    assert signed_in(charlie).get(here).status_code == 404
    assert signed_in(charlie).post(here, {"channel": "press"}).status_code == 404
    watching = UserFactory.create()
    MembershipFactory.create(user=watching, brand=brand, role=Role.OBSERVER)
    assert signed_in(watching).post(here, {"channel": "press"}).status_code == 403
    assert PublicWord.objects.count() == 1
