"""Hacker News: stories and comments, by the search that Algolia keeps of it. Open to everybody."""

from django.utils.translation import gettext_lazy as _

from connectors.base import Can, Setting
from connectors.network import Network, made_by

_READER = made_by("connectors.hackernews.reader:HackerNewsReader")

NETWORK = Network(
    label="Hacker News",
    icon="brand-ycombinator",
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
    reader=_READER,
    prober=_READER,
    looker=_READER,
)
