"""Pages are sent compressed to those who take them so."""

import gzip

import pytest
from django.test import Client

from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _somebody() -> None:
    """Without anybody every page leads to the first run."""
    UserFactory()


def test_a_page_is_compressed_for_whoever_asks(client: Client) -> None:
    plain = client.get("/sign-in/")
    small = client.get("/sign-in/", headers={"accept-encoding": "gzip"})
    assert "Content-Encoding" not in plain.headers
    assert small.headers["Content-Encoding"] == "gzip"
    assert b"<h1" in gzip.decompress(small.content)
    assert len(small.content) < len(plain.content) / 2


def test_a_cache_is_told_that_the_answer_depends_on_it(client: Client) -> None:
    assert "Accept-Encoding" in client.get("/sign-in/").headers["Vary"]
