"""Which networks there are, and the one place that makes readers and publishers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.crypto import Unsealable

from . import credentials
from .base import PermanentError, Publisher, Reader, ReadError
from .feed.reader import FeedReader
from .models import ConnectedAccount
from .outbound_webhook.publisher import WebhookPublisher
from .simulator.publisher import SimulatorPublisher
from .simulator.reader import SimulatorReader


@dataclass(frozen=True)
class Network:
    """What a network can do. `icon` names a picture of the design's sprite; 0 = no maximum."""

    label: str | Promise
    icon: str
    can_read: bool = False
    can_publish: bool = False
    max_length: int = 0


NETWORKS: dict[str, Network] = {
    "simulator": Network(
        gettext_lazy("Simulated network"), "robot", True, True, SimulatorPublisher.max_length
    ),
    "feed": Network(gettext_lazy("RSS or Atom feed"), "rss", can_read=True),
    "outbound_webhook": Network(
        gettext_lazy("Outbound webhook"),
        "webhook",
        can_publish=True,
        max_length=WebhookPublisher.max_length,
    ),
}

_READERS: dict[str, Callable[[Mapping[str, Any]], Reader]] = {
    "feed": FeedReader,
    "simulator": SimulatorReader,
}


def reader(kind: str, config: Mapping[str, Any]) -> Reader:
    """Return the reader of a source. Raises ReadError where its settings do not make one."""
    try:
        return _READERS[kind](config)
    except KeyError as error:
        raise ReadError(_("This source lacks the setting %(name)s.") % {"name": error}) from error


def publisher(account: ConnectedAccount) -> Publisher:
    """Return the publisher of an account. Raises PermanentError where it cannot publish."""
    try:
        if account.network == "simulator":
            return SimulatorPublisher(account.name, account.config)
        if account.network == "outbound_webhook":
            return WebhookPublisher(account.config, credentials.load(account))
    except KeyError as error:
        raise PermanentError(
            _("The account lacks the setting %(name)s.") % {"name": error}
        ) from error
    except Unsealable as error:
        raise PermanentError(
            _("The account's credentials cannot be opened. Enter them again.")
        ) from error
    raise PermanentError(_("This network cannot be published to."))
