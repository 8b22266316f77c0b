"""The war room and its parts."""

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.enums import Role
from accounts.models import Brand, User
from incidents.models import Incident
from incidents.views.room import PARTS
from tests.factories.accounts import MembershipFactory, UserFactory
from tests.factories.incidents import (
    IncidentFactory,
)

SignedIn = Callable[[User], Client]
HTMX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture
def incident(brand: Brand) -> Incident:
    return IncidentFactory.create(brand=brand)


@pytest.fixture
def observer(brand: Brand) -> User:
    user = UserFactory.create()
    MembershipFactory.create(user=user, brand=brand, role=Role.OBSERVER)
    return user


def test_the_room_opens(incident: Incident, alice: User, signed_in: SignedIn) -> None:
    response = signed_in(alice).get(f"/i/{incident.reference}/")
    assert response.status_code == 200
    page = response.content.decode()
    assert "Plastic in the oats" in page
    assert f'data-live="incident.{incident.pk} brand.{incident.brand_id} user.{alice.pk}"' in page


@pytest.mark.parametrize("name", PARTS)
def test_each_part_is_fetched_by_itself(
    incident: Incident, alice: User, signed_in: SignedIn, name: str
) -> None:
    response = signed_in(alice).get(f"/i/{incident.reference}/?part={name}", **HTMX)
    assert response.status_code == 200
    assert "<html" not in response.content.decode()
