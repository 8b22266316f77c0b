"""A SEV 1 from draft to published on two networks in under three minutes, by three people.

Against stand-ins of the networks; tests/peers/test_three_minutes.py has real servers.
"""

from collections.abc import Iterator

import pytest
from django.conf import LazySettings
from playwright.sync_api import Browser

from accounts.models import Brand
from tests.browser import answering
from tests.connectors import bluesky_server, mastodon_server
from tests.connectors.bluesky_server import Bluesky
from tests.connectors.mastodon_server import Account

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def networks() -> Iterator[tuple[Bluesky, Account]]:
    with bluesky_server.bluesky() as bluesky, mastodon_server.mastodon() as mastodon:
        yield bluesky, Account(mastodon, keys=True)


@pytest.mark.timeout(180)
def test_a_sev_1_is_published_on_both_networks_within_three_minutes_of_clicks(
    browser: Browser,
    brand: Brand,
    settings: LazySettings,
    networks: tuple[Bluesky, Account],
    capsys: pytest.CaptureFixture[str],
) -> None:
    bluesky, mastodon = networks
    channels = {
        "bluesky": {
            "handle": "brand.example",
            "app_password": bluesky_server.PASSWORD,
            "service": bluesky.peer.url,
        },
        "mastodon": {"server": mastodon.server.url, "token": "t0ken"},
    }

    def posted() -> list[list[str]]:
        return [bluesky.published(), [post["status"] for post in mastodon.sent]]

    with answering.three_people(browser, brand, channels, "en", settings) as team:
        took = answering.from_draft_to_published(team, lambda said: posted() == [[said], [said]])
        with capsys.disabled():
            print(f"\n{took}")
        answering.it_is_told_and_stands_in_the_room(team, *channels)
    assert posted() == [[answering.SAID["en"]]] * 2
