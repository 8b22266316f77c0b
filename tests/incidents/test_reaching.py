"""What becomes of a call: answered, called off, or reaching nobody."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from email.message import Message

import pytest
from django.db import transaction
from django.test import Client

from accounts.enums import Role
from accounts.models import Brand, User
from accounts.services import remove_member
from core.clock import database_now
from core.engine import LOOPS
from core.models import LiveSequence
from incidents import services
from incidents.models import Incident
from notifications.models import Delivery, Notice
from notifications.services import send_due
from tests.factories.accounts import MembershipFactory, UserFactory
from tests.factories.incidents import IncidentFactory, on_the_ladder
from tests.factories.notifications import reach
from tests.notifications.conftest import Postbox, postbox  # noqa: F401 - a fixture


def called(brand: Brand, *people: User) -> Incident:
    policy = on_the_ladder(brand, *people)
    now = database_now()
    ladder = services.opening.copied(policy)
    incident = IncidentFactory.create(
        brand=brand, escalate_at=now, ladder=ladder, ladder_rounds=policy.rounds
    )
    assert services.fire_next(now=now)
    incident.refresh_from_db()
    return incident


def send_all(now: datetime | None = None) -> None:
    while send_due(now or database_now()):
        pass


@pytest.mark.django_db
def test_acknowledging_calls_off_what_has_not_gone_out_in_the_same_transaction(
    brand: Brand, alice: User, bob: User
) -> None:
    reach(bob, "sms", {"to": "+4512345678"}, "sms")
    incident = called(brand, bob)
    assert set(Delivery.objects.values_list("channel", "state")) == {
        ("email", "QUEUED"),
        ("sms", "QUEUED"),
    }
    services.acknowledge(incident.pk, by=alice, now=database_now())
    assert set(Delivery.objects.values_list("state", flat=True)) == {"CANCELLED"}


@pytest.mark.django_db
def test_an_acknowledgement_that_rolls_back_calls_nothing_off(
    brand: Brand, alice: User, bob: User
) -> None:
    incident = called(brand, bob)
    with transaction.atomic():
        services.acknowledge(incident.pk, by=alice, now=database_now())
        assert Delivery.objects.get(notice__kind="incidents.paged").state == "CANCELLED"
        transaction.set_rollback(True)
    assert Delivery.objects.get().state == "QUEUED"


@pytest.mark.django_db
def test_who_cannot_be_reached_is_passed_at_once_and_everybody_knows(
    brand: Brand,
    alice: User,
    bob: User,
    postbox: Postbox,  # noqa: F811
) -> None:
    karen = UserFactory.create(name="Karen Krogh")
    MembershipFactory.create(user=karen, brand=brand, role=Role.ADMINISTRATOR)
    postbox.refused_recipient = bob.email
    incident = called(brand, bob, alice)
    due = incident.escalate_at
    assert due > database_now() + timedelta(minutes=1)
    send_all()
    assert LOOPS["unreached"].run() == 1
    assert LOOPS["unreached"].run() == 0
    incident.refresh_from_db()
    assert incident.escalate_at <= database_now()
    assert incident.entries.filter(params__code="unreached", params__person="Bob Berg").exists()
    told = Notice.objects.get(user=karen)
    assert (told.kind, told.params["person"]) == ("incidents.unreached", "Bob Berg")
    assert services.fire_next(now=database_now())
    assert Notice.objects.filter(user=alice, kind="incidents.paged").exists()


@pytest.mark.django_db
def test_the_rung_waits_while_one_of_its_people_can_be_reached(
    brand: Brand,
    alice: User,
    bob: User,
    postbox: Postbox,  # noqa: F811
) -> None:
    postbox.refused_recipient = bob.email
    incident = IncidentFactory.create(brand=brand, escalate_at=database_now(), ladder=[])
    assert services.fire_next(now=database_now())
    incident.refresh_from_db()
    due = incident.escalate_at
    send_all()
    LOOPS["unreached"].run()
    incident.refresh_from_db()
    assert incident.escalate_at == due
    assert incident.entries.filter(params__code="unreached").count() == 1


@pytest.mark.django_db
def test_after_an_answer_nobody_is_called_because_somebody_was_not_reached(
    brand: Brand,
    alice: User,
    bob: User,
    postbox: Postbox,  # noqa: F811
) -> None:
    postbox.refused_recipient = bob.email
    incident = called(brand, bob, alice)
    send_all()
    services.acknowledge(incident.pk, by=alice, now=database_now())
    LOOPS["unreached"].run()
    incident.refresh_from_db()
    assert incident.escalate_at is None


@pytest.mark.django_db(transaction=True)
def test_the_ladder_shows_what_became_of_each_call_and_follows_it(
    brand: Brand,
    alice: User,
    bob: User,
    postbox: Postbox,  # noqa: F811
    signed_in: Callable[[User], Client],
) -> None:
    reach(bob, "sms", {"to": "+4512345678"}, "sms")
    incident = called(brand, bob, alice)
    page = f"/i/{incident.reference}/?part=ladder"
    client = signed_in(alice)
    assert "E-mail: Waiting to be sent" in client.get(page).content.decode()
    before = LiveSequence.objects.filter(group=f"incident.{incident.pk}").get().number
    send_all()
    shown = client.get(page).content.decode()
    assert "E-mail: Sent" in shown
    assert "Text message: Waiting to be sent" in shown
    assert LiveSequence.objects.filter(group=f"incident.{incident.pk}").get().number > before
    Notice.objects.filter(user=bob).update(unreached_at=database_now())
    assert "Cannot be reached" in client.get(page).content.decode()


def links(mail: Message) -> dict[str, str]:
    """The answers that a mail offers: their paths by action."""
    found = re.findall(r"https://desk\.example\.org(/answer/\S+)", mail.get_content())
    return {re.search(r"-([a-z]+)-incident", path)[1]: path for path in found}


@pytest.mark.django_db
def test_a_call_is_acknowledged_from_the_mail_without_signing_in(
    brand: Brand,
    alice: User,
    bob: User,
    postbox: Postbox,  # noqa: F811
) -> None:
    reach(bob, "sms", {"to": "+4512345678"}, "sms")
    incident = IncidentFactory.create(brand=brand, escalate_at=database_now(), ladder=[])
    assert services.fire_next(now=database_now())
    send_all()
    mails = {str(mail["To"]): mail for mail in postbox.mails}
    bobs, alices = links(mails[bob.email]), links(mails[alice.email])
    assert set(bobs) == {"acknowledge", "escalate", "awake"}
    assert "https://desk.example.org/i/" in mails[bob.email].get_content()
    visitor = Client()
    assert visitor.get(bobs["acknowledge"]).status_code == 200
    incident.refresh_from_db()
    assert incident.acknowledged_at is None
    assert visitor.post(bobs["acknowledge"]).status_code == 200
    incident.refresh_from_db()
    assert (incident.acknowledged_by, incident.escalate_at) == (bob, None)
    assert set(Delivery.objects.filter(channel="sms").values_list("state", flat=True)) == {
        "CANCELLED"
    }
    late = visitor.post(alices["acknowledge"])
    assert late.status_code == 409
    assert "Bob Berg has already acknowledged." in late.content.decode()


@pytest.mark.django_db
def test_who_is_awake_is_not_rung_again_and_the_others_are(
    brand: Brand,
    alice: User,
    bob: User,
    postbox: Postbox,  # noqa: F811
) -> None:
    for person in (alice, bob):
        reach(person, "sms", {"to": f"+451234567{person.pk}"}, "sms")
    incident = IncidentFactory.create(brand=brand, escalate_at=database_now(), ladder=[])
    assert services.fire_next(now=database_now())
    send_all()
    mails = {str(mail["To"]): mail for mail in postbox.mails}
    assert Client().post(links(mails[bob.email])["awake"]).status_code == 200
    incident.refresh_from_db()
    assert incident.acknowledged_at is None
    assert incident.entries.filter(params__code="awake", actor=bob).count() == 1
    texts = Delivery.objects.filter(channel="sms").values_list("notice__user", "state")
    assert dict(texts) == {bob.pk: "CANCELLED", alice.pk: "QUEUED"}


@pytest.mark.django_db
def test_a_link_of_somebody_who_left_the_brand_does_nothing(
    brand: Brand,
    alice: User,
    bob: User,
    postbox: Postbox,  # noqa: F811
) -> None:
    incident = called(brand, bob)
    send_all()
    path = links(postbox.mails[0])["acknowledge"]
    remove_member(brand, user=bob, by=alice)
    assert Client().post(path).status_code == 409
    incident.refresh_from_db()
    assert incident.acknowledged_at is None
