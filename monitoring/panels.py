"""Places on this room's pages that the rooms above fill. Each URL takes the mention's id.

And this room's own page among the settings.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.panels import settings_page
from core.panels import Slot

MENTION = Slot("monitoring.mention")


@dataclass(frozen=True)
class Tag:
    """What a row of the stream says that a mention belongs to."""

    text: str
    url: str


@dataclass(frozen=True, eq=False)
class RowAction:
    """What can be done with mentions from the stream. `url_name` names a page without arguments
    that takes `?mention=7&mention=9`; `key` is the key that opens it. `many`: for several at once.

    Equal only to itself: pages are remembered by it, and labels are costly to compare.
    """

    name: str
    label: Any
    icon: str
    key: str
    url_name: str
    many: bool = False


# By the rooms above: the tags of mentions, {id: [tag, …]}, in one query.
TAGS: list[Callable[[Sequence[int]], Mapping[int, list[Tag]]]] = []
ACTIONS: list[RowAction] = []

settings_page(
    "monitoring:sources",
    _("Sources"),
    _("Where mentions come from, how each source is doing, and the words to listen for."),
    order=30,
    icon="plug-connected",
    owns=("monitoring:source", "monitoring:import"),
)
settings_page(
    "monitoring:queries",
    _("Queries"),
    _("What is listened for: your brand, watch lists, industry topics and competitors."),
    order=32,
    icon="search",
    owns=("monitoring:quer",),
)
settings_page(
    "monitoring:labels",
    _("Labels"),
    _("How often people agree with the labels, and what words mean to a brand."),
    order=35,
    icon="tag",
    owns=("monitoring:label",),
)
