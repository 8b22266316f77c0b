"""People and brands for tests."""

import factory
from factory.django import DjangoModelFactory

from accounts.enums import Role
from accounts.models import Brand, Membership, User


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
