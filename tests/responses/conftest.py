"""A draft on its way: written by bob, to be approved by alice, through an account of the brand."""

import pytest
from django.utils import timezone

from accounts.enums import Role
from accounts.models import Brand, User
from connectors.models import ConnectedAccount
from incidents.models import Incident
from responses import services
from responses.models import Draft, Publication, Version
from tests.factories.accounts import MembershipFactory, UserFactory
from tests.factories.connectors import AccountFactory
from tests.factories.incidents import IncidentFactory


@pytest.fixture
def incident(brand: Brand) -> Incident:
    return IncidentFactory.create(brand=brand, reference="CD-2026-014")


@pytest.fixture
def account(brand: Brand) -> ConnectedAccount:
    return AccountFactory.create(brand=brand, name="@fjordkaffe", config={"world": "test"})


@pytest.fixture
def draft(incident: Incident, account: ConnectedAccount, bob: User) -> Draft:
    """Bob's draft, being written."""
    return services.create_draft(
        incident.pk,
        title="Holding statement",
        text="We are sorry. Please do not drink batch 7.",
        by=bob,
        account_ids=[account.pk],
        now=timezone.now(),
    )


@pytest.fixture
def submitted(draft: Draft, alice: User, bob: User) -> Draft:
    return services.submit(draft.pk, by=bob, now=timezone.now())


@pytest.fixture
def approved(submitted: Draft, alice: User) -> Draft:
    """Approved by alice just now: the undo window is open."""
    return services.approve(submitted.pk, by=alice, sha256=sha(submitted), now=timezone.now())


@pytest.fixture
def due(approved: Draft) -> Publication:
    """The approved draft's publication, with the undo window over."""
    publication = Publication.objects.get()
    publication.publish_at = timezone.now()
    publication.save(update_fields=["publish_at"])
    return publication


@pytest.fixture
def olga(brand: Brand) -> User:
    """An observer of the brand: sees everything and changes nothing."""
    user = UserFactory.create(email="olga@example.org", name="Olga Observer")
    MembershipFactory.create(user=user, brand=brand, role=Role.OBSERVER)
    return user


def sha(draft: Draft) -> str:
    """The digest of the draft's latest version."""
    return Version.objects.get(draft=draft, number=draft.version).sha256
