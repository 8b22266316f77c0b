"""How many answers an hour an account may give at most: below what its network bears.

Each is at most half of the limit that the network publishes (docs/engage.md says which), so that
answers of people, and whatever else the account does, find room beside them.
"""

from datetime import timedelta
from typing import Any

from connectors.base import Can
from connectors.models import ConnectedAccount
from connectors.registry import NETWORKS

from .models_engage import EngageSettings

USUAL = 30
MOST = {
    # 1,666 posts an hour.
    "bluesky": 300,
    # 300 calls in five minutes, two of them for each answer.
    "mastodon": 300,
    # 100 posts in 15 minutes.
    "x": 200,
    # 1,000 replies a day.
    "threads": 20,
    # 10,000 units a day, 50 for each answer.
    "youtube": 4,
    # 2,000 a day.
    "googleplay": 40,
    "imap": 100,
    "simulator": 3600,
}


def most(network: str) -> int:
    return MOST.get(network, USUAL)


def networks() -> list[tuple[str, Any]]:
    """The networks on which people can be answered, with their names."""
    found = [(name, each.label) for name, each in NETWORKS.items() if Can.REPLY in each.can]
    return sorted(found, key=lambda each: str(each[1]))


def pace(account: ConnectedAccount) -> int:
    """Answers an hour of this account: its brand's wish, and never more than its network bears."""
    kept = EngageSettings.objects.filter(brand=account.brand_id).first()
    wanted = kept.paces.get(account.network, 0) if kept else 0
    return min(int(wanted) or most(account.network), most(account.network))


def gap(account: ConnectedAccount) -> timedelta:
    """The least time between two answers of a run."""
    return timedelta(hours=1) / pace(account)
