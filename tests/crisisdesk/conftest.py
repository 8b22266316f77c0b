"""An installation that several tests break in turn: making one costs more than breaking it."""

import signal
from collections.abc import Iterator

import pytest

from .installation import Installation


@pytest.fixture(scope="session")
def made() -> Iterator[Installation]:
    """An installation that has been started once, so that the tests need not."""
    installation = Installation()
    installation.start()
    assert installation.end() == 0
    yield installation
    installation.remove()


@pytest.fixture
def desk(made: Installation) -> Iterator[Installation]:
    """The installation, stopped after the test."""
    yield made
    if made.process and made.process.poll() is None:
        made.end(signal.SIGTERM)
