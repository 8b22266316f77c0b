"""RSS and Atom feeds, Google Alerts among them."""

from django.utils.translation import gettext_lazy as _

from connectors.base import Can, Connection, Setting
from connectors.network import Group, Network, Wanted

from .reader import FeedReader


def _reader(_connection: Connection, wanted: Wanted) -> FeedReader:
    return FeedReader(wanted)


NETWORK = Network(
    label=_("RSS or Atom feed"),
    icon="rss",
    can=Can.SEES_EDITS,
    group=Group.NEWS,
    counted_as="news",
    source=(Setting("url", _("Address"), kind="url"),),
    poll_every=300,
    shortest_poll=60,
    reader=_reader,
)
