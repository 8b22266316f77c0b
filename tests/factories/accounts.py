"""People and brands for tests."""

from datetime import timedelta

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from accounts import tokens
from accounts.enums import Role
from accounts.models import Brand, Invitation, Membership, User


class UserFactory(DjangoModelFactory):
    """A person with the password "correct horse battery" who belongs to no brand."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    email = factory.Sequence(lambda number: f"person{number}@example.org")
    name = factory.Sequence(lambda number: f"Person {number}")
    time_zone = "UTC"
    password = factory.django.Password("correct horse battery")


class BrandFactory(DjangoModelFactory):
    class Meta:
        model = Brand

    name = factory.Sequence(lambda number: f"Brand {number}")
    slug = factory.Sequence(lambda number: f"brand-{number}")
    time_zone = "UTC"


class MembershipFactory(DjangoModelFactory):
    class Meta:
        model = Membership

    user = factory.SubFactory(UserFactory)
    brand = factory.SubFactory(BrandFactory)
    role = Role.RESPONDER


class InvitationFactory(DjangoModelFactory):
    """An open invitation as a responder; its link's secret is `secret-N`, N counting up."""

    class Meta:
        model = Invitation

    brand = factory.SubFactory(BrandFactory)
    email = factory.Sequence(lambda number: f"invited{number}@example.org")
    role = Role.RESPONDER
    digest = factory.Sequence(lambda number: tokens.digest(f"secret-{number}"))
    expires_at = factory.LazyFunction(lambda: timezone.now() + timedelta(days=7))
