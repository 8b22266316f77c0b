"""Hacker News: stories and comments, by the search that Algolia keeps of it. Open to everybody."""

from django.utils.translation import gettext_lazy as _

from connectors.base import Can, Connection, LookUp, Prober, Reader, Setting
from connectors.network import Network, Wanted


def _reader(_connection: Connection, wanted: Wanted) -> Reader:
    from .reader import HackerNewsReader  # noqa: PLC0415

    return HackerNewsReader(wanted)


def _prober(_connection: Connection, wanted: Wanted) -> Prober:
    from .reader import HackerNewsReader  # noqa: PLC0415

    return HackerNewsReader(wanted)


def _looker(_connection: Connection, wanted: Wanted) -> LookUp:
    from .reader import HackerNewsReader  # noqa: PLC0415

    return HackerNewsReader(wanted)


NETWORK = Network(
    label="Hacker News",
    icon="news",
    can=Can.SEARCH | Can.BACKFILL | Can.LOOK_UP | Can.SEES_DELETIONS,
    source=(
        Setting(
            "words",
            _("Words to search for"),
            kind="lines",
            help=_("One search a line; all words of a line must be there."),
        ),
    ),
    poll_every=300,
    shortest_poll=60,
    reader=_reader,
    prober=_prober,
    looker=_looker,
)
