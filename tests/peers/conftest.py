"""Tests against the real servers of networks: `make test-peers`. The servers live for the run."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from accounts.enums import Role
from accounts.models import Brand, User
from tests.factories.accounts import MembershipFactory

from . import servers
from .servers import atproto, dovecot, mastodon


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder carries the marker by which `make test` leaves it out."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("peers")


@pytest.fixture(scope="session")
def bluesky_network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[atproto.Network]:
    """Bluesky whole: accounts, firehose, search and notifications."""
    servers.need(atproto.missing())
    with atproto.network(tmp_path_factory.mktemp("bluesky")) as found:
        yield found


@pytest.fixture(scope="session")
def mastodon_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[mastodon.Server]:
    """A server of the Mastodon API, with the accounts fjordkaffe and ann."""
    servers.need(mastodon.missing())
    with mastodon.server(tmp_path_factory.mktemp("mastodon")) as found:
        yield found


@pytest.fixture(scope="session")
def mail_server() -> Iterator[dovecot.Server]:
    """A mail server with a mailbox for the brand."""
    servers.need(dovecot.missing())
    with dovecot.server() as found:
        yield found


@pytest.fixture
def chief(brand: Brand) -> User:
    """May connect accounts."""
    membership = MembershipFactory.create(brand=brand, role=Role.ADMINISTRATOR)
    user: User = membership.user
    return user
