"""How tests against real servers use the product: as its workers and its people do."""

import time
from collections.abc import Callable
from itertools import count
from typing import Any

from django.utils import timezone

from connectors.models import ConnectedAccount
from monitoring.models import Mention, Source
from monitoring.services import polling, sources
from monitoring.visible import standing

_numbers = count(1)


def source_of(account: ConnectedAccount, config: dict[str, Any]) -> Source:
    """A source of the account, made as its form makes it."""
    made = sources.create_source(
        account.brand,
        kind=account.network,
        name=f"source {next(_numbers)}",
        config=config,
        account=account,
        by=None,
        now=timezone.now(),
    )
    return made.source


def poll(source: Source) -> Source:
    """Poll as a worker does; the source as it stands then."""
    polling.poll(source.pk, now=timezone.now())
    source.refresh_from_db()
    return source


def texts(source: Source) -> list[str]:
    """What people may be shown of the source."""
    shown = standing(Mention.objects.filter(source_id=source.pk))
    return sorted(shown.values_list("text", flat=True))


def eventually(true: Callable[[], bool], seconds: float = 40) -> None:
    """Wait until it is so; fail where it is not in time."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.1)
