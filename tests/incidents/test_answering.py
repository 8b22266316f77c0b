"""A call is answered from a signed link: acknowledged, passed on, or "I'm awake"."""

from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.test import Client

from accounts.models import Brand, User
from core.clock import database_now
from incidents import services
from incidents.models import Incident
from notifications import links
from notifications.models import Delivery
from tests.factories.incidents import IncidentFactory, on_the_ladder
from tests.outsiders import forget_calls


@pytest.fixture
def called(brand: Brand, alice: User, bob: User) -> Incident:
    """Bob was called a moment ago, and alice is next."""
    forget_calls()
    now = database_now()
    incident = IncidentFactory.create(
        brand=brand, ladder=services.opening.copied(on_the_ladder(brand, bob, alice)),
        ladder_rounds=1, escalate_at=now, detected_at=now,
    )  # fmt: skip
    assert services.fire_next(now=now)
    incident.refresh_from_db()
    return incident


def press(user: User, action: str, subject: str) -> str:
    """Look at the link, then press its button, signed out."""
    url = links.signed_action(user, action, subject, database_now() + timedelta(hours=1))
    client, path = Client(), urlsplit(url).path
    assert client.get(path).status_code == 200
    return client.post(path).content.decode()


def test_a_link_acknowledges_without_signing_in(called: Incident, bob: User) -> None:
    press(bob, "acknowledge", f"incident.{called.pk}")
    called.refresh_from_db()
    assert (called.acknowledged_by, called.escalate_at) == (bob, None)
    assert not Delivery.objects.filter(state="QUEUED", notice__kind="incidents.paged").exists()


def test_a_link_passes_the_call_on(called: Incident, alice: User, bob: User) -> None:
    press(bob, "escalate", f"incident.{called.pk}")
    assert services.fire_next(now=database_now())
    assert [call.user for call in called.calls.order_by("rung")] == [bob, alice]


def test_awake_stops_the_persons_own_ringing_and_nobody_elses(called: Incident, bob: User) -> None:
    due = called.escalate_at
    press(bob, "awake", f"incident.{called.pk}")
    called.refresh_from_db()
    assert (called.acknowledged_by, called.escalate_at) == (None, due)
    waiting = Delivery.objects.filter(state="QUEUED", notice__user=bob, notice__urgency="PAGE")
    assert not waiting.exists()


@pytest.mark.parametrize("action", ["acknowledge", "escalate", "awake"])
def test_whose_role_has_ended_is_refused(
    called: Incident, brand: Brand, bob: User, charlie: User, action: str
) -> None:
    brand.memberships.filter(user=bob).update(role="OBSERVER")
    before = called.entries.count()
    press(bob, action, f"incident.{called.pk}")
    press(charlie, action, f"incident.{called.pk}")
    press(bob, action, "rota.1")
    called.refresh_from_db()
    assert (called.acknowledged_by, called.entries.count()) == (None, before)
