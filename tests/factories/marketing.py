"""Posts of the marketing calendar for tests: rows as the services leave them."""

from datetime import timedelta

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from marketing.models import ScheduledPost
from tests.factories.connectors import AccountFactory


class PostFactory(DjangoModelFactory):
    """A post of our own that is due now, through an account of its own."""

    class Meta:
        model = ScheduledPost

    account = factory.SubFactory(AccountFactory)
    brand = factory.LazyAttribute(lambda each: each.account.brand)
    text = factory.Sequence("Fresh from the roastery, number {}.".format)
    at = factory.LazyFunction(timezone.now)
    send_at = factory.LazyAttribute(lambda each: each.at)
    idempotency_key = factory.Sequence("scheduled-{}".format)
    created_at = factory.LazyFunction(lambda: timezone.now() - timedelta(days=1))
