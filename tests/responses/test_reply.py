"""From a mention to the draft that answers it: straight on, by choice, or after an incident."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Brand, User
from incidents import services
from tests.factories.incidents import IncidentFactory
from tests.factories.monitoring import mention

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
REPLY = reverse("responses:reply")


def test_one_incident_leads_straight_to_the_draft(
    signed_in: SignIn, alice: User, brand: Brand
) -> None:
    incident = IncidentFactory.create(brand=brand)
    found = mention(brand)
    answer = signed_in(alice).get(f"{REPLY}?mention={found.pk}")
    new = reverse("responses:new", args=[incident.reference])
    assert answer["Location"] == f"{new}?mention={found.pk}"


def test_of_several_the_linked_one_is_taken_and_else_one_is_chosen(
    signed_in: SignIn, alice: User, brand: Brand
) -> None:
    first, second = IncidentFactory.create_batch(2, brand=brand)
    found = mention(brand)
    client = signed_in(alice)
    html = client.get(f"{REPLY}?mention={found.pk}").content.decode()
    assert first.reference in html
    assert second.reference in html
    what = {"id": found.pk, "published_at": found.published_at, "author": found.author}
    services.link_mention(second.pk, what, by=alice, now=timezone.now())
    assert second.reference in client.get(f"{REPLY}?mention={found.pk}")["Location"]


def test_without_an_incident_it_says_what_to_do(
    signed_in: SignIn, alice: User, charlie: User, brand: Brand
) -> None:
    found = mention(brand)
    html = signed_in(alice).get(f"{REPLY}?mention={found.pk}").content.decode()
    assert reverse("incidents:declare") in html
    assert signed_in(charlie).get(f"{REPLY}?mention={found.pk}").status_code == 404
    assert signed_in(alice).get(f"{REPLY}?mention=x").status_code == 302
