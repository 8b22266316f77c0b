"""Accounts and simulated posts for tests."""

from datetime import UTC, datetime

import factory
from factory.django import DjangoModelFactory

from connectors.models import ConnectedAccount, SimulatedPost
from tests.factories.accounts import BrandFactory


class AccountFactory(DjangoModelFactory):
    class Meta:
        model = ConnectedAccount

    brand = factory.SubFactory(BrandFactory)
    network = "simulator"
    name = factory.Sequence("Account {}".format)
    config = factory.LazyFunction(lambda: {"world": "test"})


class SimulatedPostFactory(DjangoModelFactory):
    class Meta:
        model = SimulatedPost

    world = "test"
    author = "@ida"
    text = factory.Sequence("Simulated {}".format)
    appears_at = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
