"""Updates to subscribers, with their versions and receipts; and handing an incident over."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client

from accounts.enums import Role
from accounts.models import AuditEntry, Brand, User
from core.errors import Conflict, Forbidden, Refused
from incidents import briefing, handing, services
from incidents.enums import EntryKind, Receipt
from incidents.models import Incident
from incidents.models_updates import BriefReceipt, IncidentHandOver, Subscriber
from incidents.selectors import briefs as reading
from incidents.services import briefs, handover
from notifications.models import Notice
from tests.factories.accounts import MembershipFactory, UserFactory
from tests.factories.incidents import NOON, IncidentFactory, TaskFactory

SignedIn = Callable[[User], Client]
LATER = NOON + timedelta(minutes=30)
CHAIR = "formand@example.org"


@pytest.fixture(autouse=True)
def server(settings) -> None:
    """A mail server that keeps what it is given."""
    settings.EMAIL_HOST = "localhost"
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


@pytest.fixture
def incident(brand: Brand, alice: User, bob: User) -> Incident:
    """bob and the chair, who has no account, are kept informed."""
    made = IncidentFactory.create(brand=brand, lead=alice)
    briefs.subscribe(made.pk, user=bob, by=alice, now=NOON)
    briefs.subscribe(made.pk, email=CHAIR, name="Formanden", language="da", by=alice, now=NOON)
    return made


def send(incident: Incident, by: User, text: str = "Kæden er løs.") -> list[BriefReceipt]:
    brief = briefs.send_brief(incident.pk, text, by=by, now=NOON)
    rows = BriefReceipt.objects.filter(version__brief=brief, version__number=brief.version)
    return list(rows.select_related("subscriber").order_by("pk"))


def test_an_update_reaches_everybody_by_mail_and_those_with_an_account_by_notice_too(
    incident: Incident, alice: User, bob: User
) -> None:
    send(incident, alice)
    assert briefing.send_due(NOON) == 2
    assert [letter.to for letter in mail.outbox] == [[bob.email], [CHAIR]]
    assert "Kæden er løs." in mail.outbox[1].body
    assert "opdatering 1" in mail.outbox[1].subject or "update 1" in mail.outbox[1].subject
    assert Notice.objects.get(kind="incidents.brief").user == bob
    assert set(BriefReceipt.objects.values_list("state", flat=True)) == {Receipt.SENT}
    assert briefing.send_due(NOON) == 0
    entry = incident.entries.get(kind=EntryKind.BRIEF)
    assert (entry.params["count"], entry.text) == (2, "Kæden er løs.")


def test_opening_the_page_proves_nothing_and_the_button_does(
    incident: Incident, alice: User, client: Client
) -> None:
    _bob, chair = send(incident, alice)
    page = client.get(f"/updates/{chair.token}/")
    assert "Kæden er løs." in page.content.decode()
    chair.refresh_from_db()
    assert chair.read_at is None
    client.post(f"/updates/{chair.token}/")
    chair.refresh_from_db()
    assert chair.read_at is not None
    (told,) = reading.updates(incident)
    assert (told.read, len(told.receipts)) == (1, 2)


def test_a_guessed_address_leads_nowhere(incident: Incident, alice: User, client: Client) -> None:
    send(incident, alice)
    assert client.get("/updates/guessed/").status_code == 404
    assert client.post("/updates/guessed/").status_code == 404


def test_a_correction_is_a_version_of_its_own_that_has_to_be_read_anew(
    incident: Incident, alice: User, client: Client
) -> None:
    _bob, chair = send(incident, alice)
    briefs.confirm_read(chair.pk, now=NOON)
    brief = incident.briefs.get()
    briefs.correct_brief(brief.pk, "Kæden holder.", version=1, by=alice, now=LATER)
    (told,) = reading.updates(incident)
    assert (told.latest.text, told.read) == ("Kæden holder.", 0)
    assert [version.text for version in told.before] == ["Kæden er løs."]
    old = client.get(f"/updates/{chair.token}/").content.decode()
    assert "Kæden holder." in old
    assert "Kæden er løs." in old
    with pytest.raises(Conflict):
        briefs.correct_brief(brief.pk, "Igen", version=1, by=alice, now=LATER)


def test_what_was_corrected_before_it_was_mailed_is_mailed_once_and_corrected(
    incident: Incident, alice: User
) -> None:
    send(incident, alice)
    brief = incident.briefs.get()
    briefs.correct_brief(brief.pk, "Kæden holder.", version=1, by=alice, now=NOON)
    briefing.send_due(NOON)
    assert len(mail.outbox) == 2
    assert all("Kæden holder." in letter.body for letter in mail.outbox)


def test_a_reader_ends_it_and_gets_no_more(
    incident: Incident, alice: User, bob: User, client: Client
) -> None:
    _bob, chair = send(incident, alice)
    client.post(f"/updates/{chair.token}/", {"do": "unsubscribe"})
    assert briefing.send_due(NOON) == 1
    assert [letter.to for letter in mail.outbox] == [[bob.email]]
    assert len(send(incident, alice, "Mere")) == 1


def test_a_mail_program_ends_it_by_one_call(incident: Incident, alice: User, bob: User) -> None:
    _bob, chair = send(incident, alice)
    briefing.send_due(NOON)
    [_his, letter] = mail.outbox
    address = f"/updates/{chair.token}/leave/"
    assert letter.extra_headers["List-Unsubscribe"].endswith(f"{address}>")
    assert letter.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    program = Client(enforce_csrf_checks=True)
    opened = program.get(address)
    assert (opened.status_code, opened["Location"]) == (302, f"/updates/{chair.token}/")
    assert len(send(incident, alice, "Mere")) == 2
    for _again in range(2):
        called = program.post(address, {"List-Unsubscribe": "One-Click"})
        assert called.status_code == 204
    assert [each.subscriber.user for each in send(incident, alice, "Endnu mere")] == [bob]
    assert program.post("/updates/unknown/leave/").status_code == 404
    assert AuditEntry.objects.filter(action="incident.unsubscribed").count() == 1


def test_without_a_server_it_is_kept_and_without_readers_refused(
    incident: Incident, alice: User, settings
) -> None:
    settings.EMAIL_HOST = ""
    send(incident, alice)
    assert briefing.send_due(NOON) == 2
    assert set(BriefReceipt.objects.values_list("state", flat=True)) == {Receipt.KEPT}
    Subscriber.objects.update(ended_at=NOON)
    with pytest.raises(Refused, match="subscribed"):
        send(incident, alice)


def test_a_server_that_is_away_is_tried_again_and_given_up_in_the_end(
    incident: Incident, alice: User, settings
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    send(incident, alice)
    moment = NOON
    for _turn in range(len(briefing.PAUSES) + 1):
        briefing.send_due(moment)
        moment += timedelta(hours=1)
    assert set(BriefReceipt.objects.values_list("state", flat=True)) == {Receipt.FAILED}
    assert BriefReceipt.objects.first().error


def test_a_private_incidents_updates_go_to_members_and_say_nothing_in_the_mail(
    incident: Incident, alice: User, bob: User, client: Client
) -> None:
    receipts = send(incident, alice)
    services.make_private(incident.pk, people=[bob], by=alice, reason="Jura", now=NOON)
    briefing.send_due(NOON)
    assert [letter.to for letter in mail.outbox] == [[bob.email]]
    assert "Kæden" not in mail.outbox[0].body
    assert incident.given_title not in mail.outbox[0].subject
    # The page without a sign-in leads to the one behind it.
    for receipt in receipts:
        answer = client.get(f"/updates/{receipt.token}/")
        assert answer["Location"] == f"/i/{incident.reference}/updates/"
    with pytest.raises(Refused, match="members only"):
        briefs.subscribe(incident.pk, email="ny@example.org", by=alice, now=NOON)
    services.remove_member(incident.pk, bob, by=alice, reason="Ude", now=NOON)
    with pytest.raises(Refused, match="subscribed"):
        send(incident, alice)


@pytest.mark.parametrize("email", ["", "ikke en adresse", "a@b\nBcc: c@d.dk"])
def test_what_is_no_address_is_refused(incident: Incident, alice: User, email: str) -> None:
    with pytest.raises(Refused):
        briefs.subscribe(incident.pk, email=email, by=alice, now=NOON)


def test_it_is_previewed_sent_and_confirmed_on_the_page(
    incident: Incident, alice: User, bob: User, charlie: User, signed_in: SignedIn
) -> None:
    address, client = f"/i/{incident.reference}/updates/", signed_in(alice)
    shown = client.post(address, {"do": "preview", "text": "<b>Kæden</b>"}).content.decode()
    assert "&lt;b&gt;Kæden&lt;/b&gt;" in shown
    assert "Formanden" in shown
    assert not incident.briefs.exists()
    client.post(address, {"do": "send", "text": "Kæden"})
    assert incident.briefs.count() == 1
    assert "There is an update for you" in signed_in(bob).get(address).content.decode()
    signed_in(bob).post(address, {"do": "confirm"})
    assert "1 of 2 have read it" in client.get(address).content.decode()
    assert signed_in(charlie).get(address).status_code == 404


def test_it_is_sent_and_corrected_over_the_api(
    incident: Incident, alice: User, signed_in: SignedIn
) -> None:
    client, path = signed_in(alice), f"/api/v1/incidents/{incident.reference}/"
    body = {"email": "jura@example.org"}
    assert client.post(f"{path}subscribers/", body, "application/json").status_code == 201
    assert len(client.get(f"{path}subscribers/").json()) == 3
    sent = client.post(f"{path}updates/", {"text": "Hej"}, "application/json").json()
    assert (sent[0]["number"], len(sent[0]["receipts"])) == (1, 3)
    again = {"text": "Hej igen", "version": 1}
    assert client.put(f"{path}updates/1/", again, "application/json").json()[0]["version"] == 2
    assert client.put(f"{path}updates/1/", again, "application/json").status_code == 409
    reader = client.get(f"{path}subscribers/").json()[0]["id"]
    assert client.delete(f"{path}subscribers/{reader}/").status_code == 204


# Handing over


@pytest.fixture
def note(incident: Incident, alice: User, bob: User) -> IncidentHandOver:
    TaskFactory.create(incident=incident, title="Ring til fabrikken", owner=alice)
    services.add_decision(incident.pk, by=alice, text="Vi trækker varen tilbage", now=NOON)
    incident.refresh_from_db()
    text = handing.draw_up(incident, now=NOON)
    return handover.hand_over(incident.pk, taker=bob, text=text, by=alice, now=NOON)


def test_the_note_says_what_is_open_who_has_it_and_what_was_decided(
    note: IncidentHandOver, bob: User
) -> None:
    assert "Ring til fabrikken: Alice Andersen" in note.text
    assert "Vi trækker varen tilbage" in note.text
    assert "SEV2" in note.text
    assert Notice.objects.get(kind="incidents.handover").user == bob


def test_the_taker_edits_and_signs_it_and_leads(
    note: IncidentHandOver, incident: Incident, alice: User, bob: User
) -> None:
    handover.edit_note(note.pk, "Alt er roligt", by=bob, now=LATER)
    with pytest.raises(Forbidden):
        handover.sign(note.pk, by=alice, now=LATER)
    signed = handover.sign(note.pk, by=bob, now=LATER)
    incident.refresh_from_db()
    assert (signed.text, signed.signed_at, incident.lead) == ("Alt er roligt", LATER, bob)
    assert Notice.objects.get(kind="incidents.handover_signed").user == alice
    with pytest.raises(Conflict):
        handover.edit_note(note.pk, "Bagefter", by=bob, now=LATER)


def test_only_who_could_take_over_is_handed_over_to(
    incident: Incident, alice: User, charlie: User, brand: Brand
) -> None:
    watcher = UserFactory.create()
    MembershipFactory.create(user=watcher, brand=brand, role=Role.OBSERVER)
    for person in (alice, charlie, watcher):
        with pytest.raises(Refused):
            handover.hand_over(incident.pk, taker=person, text="x", by=alice, now=NOON)


def test_it_is_handed_over_on_the_page_and_over_the_api(
    incident: Incident, alice: User, bob: User, signed_in: SignedIn
) -> None:
    address = f"/i/{incident.reference}/handover/"
    assert "SEV2" in signed_in(alice).get(address).content.decode()
    wanted = {"do": "write", "taker": bob.pk, "text": "Pas på kæden"}
    signed_in(alice).post(address, wanted)
    signed_in(bob).post(address, {"do": "sign"})
    assert "Pas på kæden" in signed_in(alice).get(address).content.decode()
    incident.refresh_from_db()
    assert incident.lead == alice
    path = f"/api/v1/incidents/{incident.reference}/handovers/"
    body = {"taker": bob.email}
    made = signed_in(alice).post(path, body, "application/json").json()
    assert "SEV2" in made["text"]
    assert signed_in(alice).post(f"{path}{made['id']}/sign/").status_code == 403
    assert signed_in(bob).post(f"{path}{made['id']}/sign/").json()["signed_at"]
    assert Incident.objects.get().lead == bob
