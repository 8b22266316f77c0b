"""What every test may ask for: the three people, their brand, and a browser session for each."""

import os
import sys
from collections.abc import Callable, Iterator

import pytest
from django.db import connection
from django.test import Client
from pytest_django import DjangoDbBlocker

from accounts.enums import Role
from accounts.models import Brand, User
from crisisdesk.catalogues import compile_changed
from tests import services
from tests.factories.accounts import BrandFactory, MembershipFactory, UserFactory

LOOPBACK = {"::1", "localhost"}


def only_this_machine(event: str, arguments: tuple) -> None:
    """Refuse any connection beyond the loopback: a test that calls outside proves nothing.

    Only who names a server elsewhere (marker "external") wants to call it.
    """
    if "MASTO_URL" in os.environ:
        return
    if event == "socket.connect" and isinstance(arguments[1], tuple):
        host = arguments[1][0]
        if host not in LOOPBACK and not host.startswith("127."):
            raise RuntimeError(f"A test wanted to call {host}.")


def pytest_configure(config: pytest.Config) -> None:
    """Start the servers once, in the process that the run began with."""
    sys.addaudithook(only_this_machine)
    if not hasattr(config, "workerinput"):
        compile_changed()
        running = services.Running()
        config.add_cleanup(running.stop)
        running.start()


@pytest.fixture(autouse=True)
def mentions_leave_too(
    request: pytest.FixtureRequest, django_db_blocker: DjangoDbBlocker
) -> Iterator[None]:
    """After a test that commits Django empties what it manages; mentions it does not manage."""
    yield
    mark = request.node.get_closest_marker("django_db")
    commits = mark is not None and mark.kwargs.get("transaction", False)
    if commits or "transactional_db" in request.fixturenames:
        with django_db_blocker.unblock(), connection.cursor() as cursor:
            cursor.execute("TRUNCATE monitoring_mention")


@pytest.fixture
def brand(db: None) -> Brand:
    """The brand that the test is about."""
    return BrandFactory.create(name="Fjordkaffe", slug="fjordkaffe")


@pytest.fixture
def other_brand(db: None) -> Brand:
    """A brand that neither alice nor bob may know of: charlie's."""
    return BrandFactory.create(name="Nordlys", slug="nordlys")


@pytest.fixture
def alice(brand: Brand) -> User:
    """The owner: leads the brand's team."""
    user = UserFactory.create(email="alice@example.org", name="Alice Andersen")
    MembershipFactory.create(user=user, brand=brand, role=Role.LEAD)
    return user


@pytest.fixture
def bob(brand: Brand) -> User:
    """A member: a responder of the brand."""
    user = UserFactory.create(email="bob@example.org", name="Bob Berg")
    MembershipFactory.create(user=user, brand=brand, role=Role.RESPONDER)
    return user


@pytest.fixture
def charlie(other_brand: Brand) -> User:
    """A stranger to the brand, with every right in a brand of his own."""
    user = UserFactory.create(email="charlie@example.org", name="Charlie Colm")
    MembershipFactory.create(user=user, brand=other_brand, role=Role.ADMINISTRATOR)
    return user


@pytest.fixture
def signed_in() -> Callable[[User], Client]:
    """`signed_in(user)` is a browser session of that person's own."""

    def sign_in(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return sign_in
