"""Answers to people wait for the order of telling too, one by one and to all who asked."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from connectors.models import ConnectedAccount, SimulatedPost
from incidents.blocking import Looked
from incidents.models import Incident
from responses import blocking
from responses.answers import answer_due
from responses.enums import PublicationState
from responses.enums_engage import RunKind
from responses.models import Version
from responses.models_engage import Answer, Concern, Conversation
from responses.plan import order
from responses.services.engage import answering, concerns, stock
from responses.services.engage.runs import start_run
from responses.services.plan import telling
from tests.factories.incidents import IncidentFactory

from .engaging import asked
from .test_answers import approve, send
from .test_telling import tell_all, write_order

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
NOW = timezone.now
TEXT = "Hi {name}, batch 7 is safe."


@pytest.fixture
def ordered(incident: Incident, alice: User) -> Incident:
    """Staff and the regulator are to be told before the public."""
    write_order(incident.brand, alice)
    incident.detected_at = NOW()
    incident.save(update_fields=["detected_at"])
    return incident


@pytest.fixture
def version(ordered: Incident, account: ConnectedAccount, alice: User, bob: User) -> Version:
    draft = answering.write_answer(ordered.pk, title="Batch 7", text=TEXT, by=bob, now=NOW())
    return approve(draft, alice, bob)


@pytest.fixture
def ida(ordered: Incident) -> Conversation:
    return asked(ordered, now=NOW(), author="ida", text="Is batch 7 safe?")


def go(made: Answer) -> Answer:
    """Let the outbox look once more."""
    Answer.objects.update(publish_at=NOW() - timedelta(seconds=1))
    answer_due()
    made.refresh_from_db()
    return made


def test_an_approved_answer_waits_until_those_who_come_first_are_told(
    ordered: Incident, ida: Conversation, version: Version, bob: User
) -> None:
    made = go(send(ida, version, bob))
    assert (made.state, made.error) == (PublicationState.QUEUED, "untold")
    assert not SimulatedPost.objects.exists()
    telling.mark_told(ordered.pk, "STAFF", means="", by=bob, now=NOW())
    assert go(made).state == PublicationState.QUEUED
    telling.mark_told(ordered.pk, "REGULATOR", means="", by=bob, now=NOW())
    # Noting it wakes what waits: nobody waits for the next minute.
    assert answer_due() == 1
    made.refresh_from_db()
    assert (made.state, made.error) == (PublicationState.SENT, "")


def test_the_same_answer_would_have_gone_without_the_order(
    ordered: Incident, ida: Conversation, version: Version, bob: User
) -> None:
    tell_all(ordered, bob)
    assert go(send(ida, version, bob)).state == PublicationState.SENT


def test_a_reason_lets_answers_go_and_counts_for_that_text_alone(
    ordered: Incident, ida: Conversation, version: Version, alice: User, bob: User
) -> None:
    other = answering.write_answer(ordered.pk, title="Else", text="Else.", by=bob, now=NOW())
    elsewhere = approve(other, alice, bob)
    eve = asked(ordered, now=NOW(), author="eve", text="Is batch 7 safe for me?")
    made = go(send(ida, version, bob))
    assert made.state == PublicationState.QUEUED
    telling.say_early(version.draft_id, reason="Lives are at stake.", by=bob, now=NOW())
    held = send(eve, elsewhere, bob, "eve")
    assert order.holding(elsewhere.draft)
    assert not order.holding(version.draft)
    assert go(made).state == PublicationState.SENT
    # The public has heard from us: what is left waits no longer.
    assert go(held).state == PublicationState.SENT


def test_taken_back_between_queue_and_call_it_holds_again(
    ordered: Incident, ida: Conversation, version: Version, bob: User
) -> None:
    tell_all(ordered, bob)
    made = send(ida, version, bob)
    telling.take_back(ordered.pk, "STAFF", by=bob, now=NOW())
    assert go(made).error == "untold"


def test_an_answer_of_the_library_waits_for_the_order_of_where_it_goes(
    ordered: Incident, version: Version, alice: User, bob: User, signed_in: SignIn
) -> None:
    brand = ordered.brand
    kept = stock.save_canned(brand, title="7", text=TEXT, language="en", by=bob, now=NOW())
    stock.keep_approval(kept.pk, version.pk, by=alice)
    # A second incident of the brand, which has the order too. The reason is given in the first.
    second = IncidentFactory.create(brand=brand, reference="CD-2026-031", detected_at=NOW())
    per = asked(second, now=NOW(), author="per", text="Is batch 7 safe?")
    telling.say_early(version.draft_id, reason="Lives.", by=bob, now=NOW())
    made = go(send(per, version, bob, name="per"))
    assert (made.state, made.error) == (PublicationState.QUEUED, "untold")
    shown = signed_in(bob).get(f"/i/{second.reference}/engage/{per.pk}/").content.decode()
    assert "begin a draft with it here" in shown
    tell_all(second, bob)
    assert go(made).state == PublicationState.SENT


def test_all_who_asked_wait_together_and_the_board_says_for_whom(
    ordered: Incident, account: ConnectedAccount, alice: User, bob: User, signed_in: SignIn
) -> None:
    rows = [asked(ordered, now=NOW(), author=name, text="Safe?") for name in ("ida", "eve", "per")]
    concern = concerns.add_concern(
        ordered.pk, "Is it safe?", owner=None, conversations=[r.pk for r in rows], by=bob, now=NOW()
    )
    draft = concerns.write_for(concern.pk, RunKind.ANSWER, text=TEXT, by=bob, now=NOW())
    approved = approve(draft, alice, bob)
    start_run(concern.pk, RunKind.ANSWER, digest=approved.sha256, by=bob, now=NOW())
    Answer.objects.update(publish_at=NOW() - timedelta(seconds=1))
    answer_due()
    waits = Answer.objects.filter(state=PublicationState.QUEUED, error="untold")
    # Asked once for all of them, not one by one.
    assert waits.count() == 3
    assert not SimulatedPost.objects.exists()
    page = f"/i/{ordered.reference}/concerns/"
    client = signed_in(bob)
    shown = client.get(page).content.decode()
    assert "before these have been told: Staff, Regulator" in shown
    card = client.get(f"/api/v1/incidents/{ordered.reference}/concerns/").json()[0]
    assert card["answer"]["waits_for"] == ["STAFF", "REGULATOR"]
    early = f"/i/{ordered.reference}/drafts/{draft.number}/early/"
    answer = client.post(early, {"reason": "Lives are at stake.", "page": "concerns"})
    assert answer["Location"] == page
    assert "before these have been told" not in client.get(page).content.decode()
    Answer.objects.update(publish_at=NOW() - timedelta(seconds=1))
    answer_due()
    assert SimulatedPost.objects.count() >= 1
    assert Concern.objects.get().answer_id == draft.pk


def test_the_conversation_says_for_whom_it_waits_and_takes_the_reason(
    ordered: Incident, ida: Conversation, version: Version, bob: User, olga: User, signed_in: SignIn
) -> None:
    go(send(ida, version, bob))
    page, client = f"/i/{ordered.reference}/engage/{ida.pk}/", signed_in(bob)
    shown = client.get(page).content.decode()
    assert "before these have been told: Staff, Regulator" in shown
    early = f"/i/{ordered.reference}/drafts/{version.draft.number}/early/"
    assert early in shown
    # Who may neither publish nor approve reads why it waits, and is asked for no reason.
    read = signed_in(olga).get(page).content.decode()
    assert "before these have been told" in read
    assert early not in read
    assert signed_in(olga).post(early, {"reason": "x"}).status_code == 403
    answer = client.post(early, {"reason": "Lives are at stake.", "page": str(ida.pk)})
    assert answer["Location"] == page
    answer_due()
    assert Answer.objects.get().state == PublicationState.SENT


def test_the_api_says_it_and_takes_the_reason(
    ordered: Incident, ida: Conversation, version: Version, bob: User, signed_in: SignIn
) -> None:
    made = go(send(ida, version, bob))
    client, address = signed_in(bob), f"/api/v1/incidents/{ordered.reference}/conversations/"
    found = client.get(f"{address}{ida.pk}/").json()["answers"][0]
    assert found["waits_for"] == ["STAFF", "REGULATOR"]
    assert "have not been told" in found["problem"]
    early = f"/api/v1/drafts/{found['draft_id']}/early/"
    assert client.post(early, {"reason": "Lives."}, "application/json").status_code == 201
    assert client.get(f"{address}{ida.pk}/").json()["answers"][0]["waits_for"] == []
    answer_due()
    made.refresh_from_db()
    assert made.state == PublicationState.SENT


def test_the_war_room_says_that_an_answer_waits(
    ordered: Incident, ida: Conversation, version: Version, bob: User
) -> None:
    looked = Looked([ordered], now=NOW())
    assert blocking.untold_first(ordered, looked) is None
    go(send(ida, version, bob))
    found = blocking.untold_first(ordered, Looked([ordered], now=NOW()))
    assert found
    assert found.detail == "Not told yet: Staff, Regulator"
