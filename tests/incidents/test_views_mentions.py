"""The panel on a mention's page: where it belongs, linking it, opening an incident from it."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from accounts.enums import Role
from accounts.models import Brand, User
from incidents.models import Incident, LinkedMention
from monitoring.models import Mention
from tests.factories.accounts import MembershipFactory, UserFactory
from tests.factories.incidents import IncidentFactory
from tests.factories.monitoring import mention

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
HTMX = {"HX-Request": "true"}


@pytest.fixture
def said(brand: Brand) -> Mention:
    return mention(brand)


@pytest.fixture
def incident(brand: Brand) -> Incident:
    return IncidentFactory.create(brand=brand, given_title="Glass in the beans")


def panel(said: Mention) -> str:
    return reverse("incidents:mention", args=[said.pk])


def test_the_mentions_page_loads_the_panel(signed_in: SignIn, bob: User, said: Mention) -> None:
    html = signed_in(bob).get(reverse("monitoring:mention", args=[said.pk])).content.decode()
    assert f'hx-get="{panel(said)}"' in html


def test_it_can_be_linked_to_an_open_incident_once(
    signed_in: SignIn, bob: User, said: Mention, incident: Incident
) -> None:
    client = signed_in(bob)
    before = client.get(panel(said), headers=HTMX).content.decode()
    assert "It belongs to no incident" in before
    assert f'<option value="{incident.reference}">' in before
    for _twice in range(2):
        answer = client.post(panel(said), {"reference": incident.reference}, headers=HTMX)
    after = answer.content.decode()
    assert "Glass in the beans" in after
    assert "<option" not in after
    assert LinkedMention.objects.filter(incident=incident, mention_id=said.pk).count() == 1


def test_opening_an_incident_from_it_carries_it_along(
    signed_in: SignIn, bob: User, said: Mention
) -> None:
    html = signed_in(bob).get(panel(said), headers=HTMX).content.decode()
    assert f"{reverse('incidents:declare')}?mention={said.pk}" in html


def test_without_script_the_way_leads_back_to_the_mention(
    signed_in: SignIn, bob: User, said: Mention, incident: Incident
) -> None:
    answer = signed_in(bob).post(panel(said), {"reference": incident.reference})
    assert answer["Location"] == reverse("monitoring:mention", args=[said.pk])


def test_an_incident_of_another_brand_is_not_offered_and_not_accepted(
    signed_in: SignIn, bob: User, said: Mention, other_brand: Brand
) -> None:
    other = IncidentFactory.create(brand=other_brand)
    client = signed_in(bob)
    assert client.post(panel(said), {"reference": other.reference}).status_code == 404
    MembershipFactory.create(user=bob, brand=other_brand, role=Role.LEAD)
    assert other.reference not in client.get(panel(said), headers=HTMX).content.decode()
    answer = client.post(panel(said), {"reference": other.reference}, headers=HTMX)
    assert "belongs to another brand" in answer.content.decode()
    assert not LinkedMention.objects.exists()


def test_strangers_get_404_and_observers_may_look_only(
    signed_in: SignIn, charlie: User, said: Mention, incident: Incident, brand: Brand
) -> None:
    observer = UserFactory.create()
    MembershipFactory.create(user=observer, brand=brand, role=Role.OBSERVER)
    for verb in ("get", "post"):
        send = getattr(signed_in(charlie), verb)
        assert send(panel(said), {"reference": incident.reference}).status_code == 404
    html = signed_in(observer).get(panel(said), headers=HTMX).content.decode()
    assert "<form" not in html
    answer = signed_in(observer).post(panel(said), {"reference": incident.reference})
    assert answer.status_code == 403
    assert not LinkedMention.objects.exists()
