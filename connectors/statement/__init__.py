"""The brand's own statement page: a network of ours, whose pages the desk itself writes."""

from django.utils.translation import gettext_lazy as _

from connectors.base import Can, Connection
from connectors.network import Group, Network

from .publisher import MAX_LENGTH, StatementPublisher


def _publisher(_connection: Connection) -> StatementPublisher:
    return StatementPublisher()


NETWORK = Network(
    label=_("Statement page"),
    icon="news",
    can=Can.POST | Can.DELETE | Can.FIND | Can.IMAGES,
    max_length=MAX_LENGTH,
    group=Group.TOOLS,
    publisher=_publisher,
    retractor=_publisher,
)
