"""A SEV 1 from draft to published on Bluesky's own servers and one of the Mastodon API, in under
three minutes of clicks by three people at real browsers, one of them on a phone.

Both servers are asked by whoever is not signed in, and Mastodon.py agrees.
"""

import json
import time
import urllib.request
from dataclasses import dataclass
from typing import Any

import pytest
from django.conf import LazySettings
from playwright.sync_api import Browser

from accounts.models import Brand
from tests.browser import answering
from tests.browser.conftest import browser  # noqa: F401 - fixtures are found by their module
from tests.peers.servers import atproto, mastodon

pytestmark = pytest.mark.django_db(transaction=True)


@dataclass
class Networks:
    """Both networks, with the brand's account on each."""

    bluesky: atproto.Network
    mastodon: mastodon.Server

    @property
    def person(self) -> atproto.Person:
        return self.bluesky.person("fjordkaffe")

    def channels(self) -> answering.Channels:
        """How a desk is connected: by credentials of its own."""
        return {
            "bluesky": {
                "handle": self.person.handle,
                "app_password": self.person.app_password(f"desk {time.time_ns()}"),
                "service": self.bluesky.pds,
            },
            "mastodon": {
                "server": self.mastodon.url,
                "token": self.mastodon.new_token("fjordkaffe"),
            },
        }

    def counts(self, said: str) -> list[int]:
        """How often the very text stands on each."""
        return [texts.count(said) for texts in (self.on_bluesky(), self.on_mastodon())]

    def on_bluesky(self) -> list[str]:
        """What the account's server tells everybody of its posts."""
        asked = {"repo": self.person.did, "collection": "app.bsky.feed.post"}
        found = atproto.call(self.bluesky.pds, "com.atproto.repo.listRecords", **asked)
        return [record["value"]["text"] for record in found["records"]]

    def seen_on_bluesky(self) -> list[str]:
        """What an app shows to another account."""
        self.bluesky.settle()
        reader = self.bluesky.person("ann")
        found = reader.call("app.bsky.feed.getAuthorFeed", actor=self.person.did)
        return [each["post"]["record"]["text"] for each in found["feed"]]

    def on_mastodon(self) -> list[str]:
        """What the server tells everybody of the account's posts, as plain text."""
        found = public(f"{self.mastodon.url}/api/v1/accounts/lookup?acct=fjordkaffe")
        posts = public(f"{self.mastodon.url}/api/v1/accounts/{found['id']}/statuses")
        ids = {post["id"] for post in posts}
        return [post["text"] for post in self.mastodon.judged() if post["id"] in ids]


def public(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=20) as answer:
        return json.loads(answer.read())


@pytest.fixture
def networks(bluesky_network: atproto.Network, mastodon_server: mastodon.Server) -> Networks:
    return Networks(bluesky_network, mastodon_server)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("language", ["en", "da"])
def test_a_sev_1_is_published_on_real_servers_within_three_minutes_of_clicks(
    browser: Browser,  # noqa: F811
    brand: Brand,
    settings: LazySettings,
    networks: Networks,
    capsys: pytest.CaptureFixture[str],
    language: str,
) -> None:
    channels = networks.channels()
    with answering.three_people(browser, brand, channels, language, settings) as team:
        took = answering.from_draft_to_published(team, lambda said: networks.counts(said) == [1, 1])
        with capsys.disabled():
            print(f"\n{took}")
        answering.it_is_told_and_stands_in_the_room(team, *channels)
        said = answering.SAID[language]
        assert networks.counts(said) == [1, 1]
        assert networks.seen_on_bluesky().count(said) == 1
