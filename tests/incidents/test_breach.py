"""The 72 hours of a breach of personal data: clock, notice, phases, document, and who sees it."""

import io
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import translation
from pypdf import PdfReader

from accounts.enums import Role
from accounts.models import AuditEntry, Brand, User
from core.errors import Conflict, Refused
from incidents import blocking, entries, services
from incidents.breach_document import document
from incidents.enums import IncidentRole, State
from incidents.enums_record import BreachField, BreachState, BreachStep, FactStatus
from incidents.models import Incident
from incidents.models_breach import Breach, BreachEvent, BreachText
from incidents.models_facts import Fact
from incidents.models_promises import Timer
from incidents.selectors import breach as selectors
from incidents.services import breach as breaches
from incidents.services.duties import fire_next_duty
from incidents.services.facts import Change, Claim, add_fact, change_fact
from incidents.services.situation import Writing, write_situation
from notifications.models import Notice
from tests.factories.accounts import MembershipFactory, UserFactory
from tests.factories.incidents import NOON, IncidentFactory

from .test_races import at_once

SignedIn = Callable[[User], Client]
HTMX = {"HTTP_HX_REQUEST": "true"}
HOUR = timedelta(hours=1)


@pytest.fixture
def incident(brand: Brand, alice: User) -> Incident:
    return IncidentFactory.create(brand=brand, lead=alice, crisis_type="data_breach")


@pytest.fixture
def breach(incident: Incident, bob: User) -> Breach:
    return breaches.start_breach(
        incident.pk, NOON, reason="The host called", by=bob, now=NOON + HOUR
    )


def member(brand: Brand, role: Role) -> User:
    user = UserFactory.create()
    MembershipFactory.create(user=user, brand=brand, role=role)
    return user


def write(breach: Breach, field: str, text: str, by: User, *, seen: int = 0) -> BreachText | None:
    wanted = breaches.Text(field, text, seen)
    return breaches.write_field(breach.incident_id, wanted, by=by, now=NOON)


def notified(breach: Breach, at: datetime, by: User, **what: str) -> BreachEvent:
    sent = breaches.Notified(at, what.get("reference", "2026-431-0001"), what.get("note", ""))
    return breaches.notify_authority(breach.incident_id, sent, by=by, now=max(at, NOON))


# Clock


def test_the_clock_runs_from_the_awareness_and_is_told_as_it_runs_out(
    breach: Breach, brand: Brand, alice: User
) -> None:
    legal = member(brand, Role.OBSERVER)
    services.roles.assign(breach.incident_id, IncidentRole.LEGAL, legal, by=alice, now=NOON)
    services.resolve(breach.incident_id, by=alice, now=NOON + 2 * HOUR)
    now, told = NOON, []
    while now <= NOON + 80 * HOUR:
        while fire_next_duty(now=now):
            pass
        found = Notice.objects.filter(kind__startswith="incidents.breach", user=legal)
        if found.count() > len(told):
            told.append(((now - NOON) / HOUR, found.latest("pk").kind, found.latest("pk").urgency))
        now += HOUR / 2
    assert told == [
        (48, "incidents.breach_hours", "NEWS"),
        (66, "incidents.breach_hours", "PAGE"),
        (72, "incidents.breach_over", "PAGE"),
    ]
    assert Notice.objects.filter(kind__startswith="incidents.breach", user=alice).count() == 3
    assert Timer.objects.get(kind="BREACH").due_at is None


def test_putting_the_awareness_right_moves_the_clock_and_stays_in_the_record(
    breach: Breach, bob: User
) -> None:
    with pytest.raises(Refused, match="reason"):
        breaches.set_aware(breach.incident_id, NOON, reason=" ", by=bob, now=NOON + HOUR)
    with pytest.raises(Refused, match="not come"):
        breaches.set_aware(breach.incident_id, NOON + 2 * HOUR, reason="x", by=bob, now=NOON + HOUR)
    breaches.set_aware(
        breach.incident_id, NOON - 60 * HOUR, reason="A mail in spam", by=bob, now=NOON + HOUR
    )
    assert Timer.objects.get(kind="BREACH").due_at == NOON + 6 * HOUR
    steps = BreachEvent.objects.order_by("pk").values_list("step", "reason")
    assert list(steps) == [("STARTED", "The host called"), ("AWARE", "A mail in spam")]


def test_only_one_clock_runs(breach: Breach, bob: User) -> None:
    with pytest.raises(Conflict):
        breaches.start_breach(breach.incident_id, NOON, reason="x", by=bob, now=NOON)


@pytest.mark.django_db(transaction=True)
def test_of_two_who_start_it_at_once_one_does(incident: Incident, alice: User, bob: User) -> None:
    deeds = [
        lambda by=by: breaches.start_breach(incident.pk, NOON, reason="x", by=by, now=NOON)
        for by in (alice, bob)
    ]
    assert sorted(type(each).__name__ for each in at_once(*deeds)) == ["Breach", "Conflict"]
    assert BreachEvent.objects.count() == 1


def test_the_strip_warns_of_the_end_without_saying_of_what(breach: Breach) -> None:
    Incident.objects.update(state=State.RESPONDING)
    incident = Incident.objects.get()
    assert blocking.blocker(incident, now=NOON + 59 * HOUR) is None
    near = blocking.blocker(incident, now=NOON + 61 * HOUR)
    late = blocking.blocker(incident, now=NOON + 73 * HOUR)
    assert near is not None
    assert late is not None
    assert (near.tone, late.tone) == ("amber", "red")
    assert "data" not in near.title.lower() + near.detail.lower()


# Notice


def test_it_begins_with_what_the_head_and_the_facts_say(
    incident: Incident, brand: Brand, alice: User, bob: User
) -> None:
    services.roles.assign(incident.pk, IncidentRole.LEGAL, alice, by=bob, now=NOON)
    for section, text in (("HAPPENED", "A list leaked"), ("DOING", "The list is offline")):
        write_situation(incident.pk, Writing(section, text, 0), by=bob, now=NOON)
    sure = Claim("310 addresses", status=FactStatus.VERIFIED, source="The log")
    add_fact(incident.pk, sure, by=bob, now=NOON)
    add_fact(incident.pk, Claim("Also cards"), by=bob, now=NOON)
    breach = breaches.start_breach(incident.pk, NOON, reason="x", by=bob, now=NOON)
    notice = selectors.notice(breach, now=NOON)
    said = {field.code: field.text for field in notice.fields}
    assert said[BreachField.NATURE] == "A list leaked [F1]"
    assert said[BreachField.MEASURES] == "The list is offline"
    assert said[BreachField.CONTACT] == "Alice Andersen, alice@example.org"
    assert notice.missing == [
        BreachField.PEOPLE,
        BreachField.RECORDS,
        BreachField.CONSEQUENCES,
    ]


def test_a_cited_fact_that_is_no_longer_verified_is_flagged(breach: Breach, bob: User) -> None:
    sure = Claim("310 addresses", status=FactStatus.VERIFIED, source="The log")
    fact = add_fact(breach.incident_id, sure, by=bob, now=NOON)
    breaches.cite(breach.incident_id, "PEOPLE", fact.number, by=bob, now=NOON)
    people = next(
        each for each in selectors.notice(breach, now=NOON).fields if each.code == "PEOPLE"
    )
    assert (people.text, people.unsure) == ("[F1]", [])
    doubt = Change({"status": FactStatus.DISPUTED}, 1, "The host denies it")
    change_fact(breach.incident_id, 1, doubt, by=bob, now=NOON)
    notice = selectors.notice(breach, now=NOON)
    unsure = [fact.number for field in notice.fields for fact in field.unsure]
    assert unsure == [1]
    with pytest.raises(Fact.DoesNotExist):
        breaches.cite(breach.incident_id, "PEOPLE", 9, by=bob, now=NOON)


def test_of_two_who_write_a_field_the_second_is_told_and_nothing_is_lost(
    breach: Breach, alice: User, bob: User
) -> None:
    write(breach, "PEOPLE", "Customers, about 310", alice)
    with pytest.raises(Conflict, match="Alice Andersen"):
        write(breach, "PEOPLE", "Customers", bob)
    write(breach, "PEOPLE", "Customers, 300 to 320", bob, seen=1)
    assert BreachText.objects.filter(field="PEOPLE").count() == 2
    with pytest.raises(IntegrityError), transaction.atomic():
        BreachText.objects.update(text="None")


def test_a_notice_may_go_out_in_phases_and_what_it_said_is_kept(breach: Breach, bob: User) -> None:
    write(breach, "NATURE", "A list leaked", bob)
    with pytest.raises(Refused, match="reference"):
        notified(breach, NOON + HOUR, bob, reference=" ")
    notified(breach, NOON + HOUR, bob, note="Numbers follow")
    assert Timer.objects.get(kind="BREACH").due_at is None
    write(breach, "PEOPLE", "310 customers", bob)
    notified(breach, NOON + 2 * HOUR, bob, reference="2026-431-0002")
    notice = selectors.notice(breach, now=NOON)
    assert [phase.reference for phase in notice.phases] == ["2026-431-0001", "2026-431-0002"]
    assert [sorted(phase.said) for phase in notice.phases] == [["NATURE"], ["NATURE", "PEOPLE"]]
    with pytest.raises(Conflict):
        breaches.waive_notice(breach.incident_id, reason="x", by=bob, now=NOON)


def test_a_late_notice_needs_its_reasons(breach: Breach, bob: User) -> None:
    late = NOON + 73 * HOUR
    with pytest.raises(Refused, match="delay"):
        notified(breach, late, bob)
    assert BreachField.DELAY in selectors.notice(breach, now=late).missing
    write(breach, "DELAY", "The log was encrypted", bob)
    notified(breach, late, bob)
    breach.refresh_from_db()
    assert breach.state == BreachState.NOTIFIED


def test_no_notice_needs_a_reason_and_can_be_taken_up_again(breach: Breach, bob: User) -> None:
    with pytest.raises(Refused, match="reason"):
        breaches.waive_notice(breach.incident_id, reason="", by=bob, now=NOON)
    breaches.waive_notice(breach.incident_id, reason="Encrypted", by=bob, now=NOON)
    assert Timer.objects.get(kind="BREACH").due_at is None
    breaches.take_up_again(breach.incident_id, reason="Key lost too", by=bob, now=NOON + HOUR)
    assert Timer.objects.get(kind="BREACH").due_at == NOON + 48 * HOUR


def test_telling_those_affected_is_decided_with_a_reason(breach: Breach, bob: User) -> None:
    for telling, reason in (("NEEDED", ""), ("PERHAPS", "x")):
        with pytest.raises(Refused):
            breaches.decide_telling(breach.incident_id, telling, reason=reason, by=bob, now=NOON)
    breaches.decide_telling(breach.incident_id, "DONE", reason="By mail", by=bob, now=NOON)
    event = BreachEvent.objects.get(step=BreachStep.TELLING)
    assert (event.said, event.reason) == ({"telling": "DONE"}, "By mail")


def test_the_timeline_tells_that_not_what(breach: Breach, bob: User) -> None:
    write(breach, "NATURE", "A list of patients", bob)
    breaches.waive_notice(breach.incident_id, reason="Encrypted disk", by=bob, now=NOON)
    words = [
        entries.words(each.kind, each.params, actor="Bob", text=each.text)
        for each in breach.incident.entries.all()
    ]
    assert words == [
        "Bob recorded that the authority need not be notified.",
        "Bob noted that personal data is concerned.",
        "Bob started the 72-hour clock for personal data.",
    ]


# Document


def test_the_document_holds_everything_and_says_what_is_missing(
    breach: Breach, bob: User, signed_in: SignedIn
) -> None:
    fact = Claim("310 addresses", status=FactStatus.VERIFIED, source="The <b>log</b>")
    add_fact(breach.incident_id, fact, by=bob, now=NOON)
    write(breach, "PEOPLE", "Customers <script>[F1]", bob)
    notified(breach, NOON + HOUR, bob)
    client, here = signed_in(bob), f"/i/{breach.incident.reference}/breach/document"
    made = client.get(f"{here}.pdf")
    assert made.content.startswith(b"%PDF")
    assert "attachment" in made["Content-Disposition"]
    text = " ".join(page.extract_text() for page in PdfReader(io.BytesIO(made.content)).pages)
    for words in ("310 addresses", "The <b>log</b>", "2026-431-0001", "Still missing"):
        assert words in " ".join(text.split())
    html = client.get(f"{here}.html").content.decode()
    assert "<script" not in html
    assert "Customers &lt;script&gt;[F1]" in html
    assert client.get(f"{here}.docx").status_code == 404
    assert AuditEntry.objects.filter(action="breach.exported").count() == 2


def test_the_document_is_in_the_readers_language(breach: Breach) -> None:
    with translation.override("da"):
        made = document(selectors.notice(breach, now=NOON), [], now=NOON)
    assert made.language == "da"
    assert "torsdag den 19. november 2026" in made.below


# The page, and who sees it


def test_the_page_starts_writes_and_notifies(
    incident: Incident, bob: User, signed_in: SignedIn
) -> None:
    client, here = signed_in(bob), f"/i/{incident.reference}/breach/"
    assert "The 72 hours run" in client.get(here).content.decode()
    start = {"do": "start", "at": "2026-11-19T12:00", "reason": "The host called"}
    assert client.post(here, start | {"at": "yesterday"}, **HTMX).status_code == 422
    assert client.post(here, start, **HTMX).status_code == 200
    add_fact(incident.pk, Claim("310 addresses"), by=bob, now=NOON)
    text = {"do": "write", "field": "RECORDS", "text": "Mine", "seen": "0"}
    assert client.post(here, text, **HTMX).status_code == 200
    clash = client.post(here, text | {"text": "Other"}, **HTMX)
    assert clash.status_code == 422
    assert "Other</textarea>" in clash.content.decode()
    client.post(here, {"do": "write", "field": "RECORDS", "fact": "1"}, **HTMX)
    assert selectors.texts(incident.breach)["RECORDS"].text == "Mine [F1]"
    sent = {"do": "notify", "at": "2026-11-19T14:00", "reference": "2026-431-0001"}
    assert client.post(here, sent, **HTMX).status_code == 200
    assert "2026-431-0001" in client.get(here).content.decode()
    assert client.post(here, {"do": "dance"}, **HTMX).status_code == 422


def test_only_who_has_to_know_sees_it(
    breach: Breach, brand: Brand, bob: User, charlie: User, signed_in: SignedIn
) -> None:
    write(breach, "NATURE", "A list of patients", bob)
    here = f"/i/{breach.incident.reference}/breach/"
    assert "A list of patients" in signed_in(bob).get(here).content.decode()
    watching = member(brand, Role.OBSERVER)
    client = signed_in(watching)
    assert client.get(here, **HTMX).content == b""
    deed = {"do": "waive", "reason": "x"}
    for answer in (client.get(here), client.post(here, deed), client.get(f"{here}document.pdf")):
        assert answer.status_code == 403
    for answer in (
        signed_in(charlie).get(here),
        signed_in(charlie).post(here, deed),
        signed_in(charlie).get(f"{here}document.pdf"),
    ):
        assert answer.status_code == 404
    approving = signed_in(member(brand, Role.APPROVER))
    assert "A list of patients" in approving.get(here).content.decode()
    assert approving.post(here, deed).status_code == 403
    services.roles.assign(breach.incident_id, IncidentRole.LEGAL, watching, by=bob, now=NOON)
    assert "A list of patients" in client.get(here).content.decode()
    assert client.post(here, deed).status_code == 302
