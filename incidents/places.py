"""Where each panel of the war room stands: so that the room stays calm, most stand behind tabs.

Three groups of tabs: what is said of us (left, under the chart), what we say (right, above) and who
does what (right, below). The first of each group is what most people need to see.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from core.panels import Panel

from .panels import WAR_ROOM

WORLD, SAY, WORK = "world", "say", "work"
# This page's own parts among the tabs: name, title, group, order.
OWN: tuple[tuple[str, Any, str, int], ...] = (
    ("posts", _("Posts"), WORLD, 10),
    ("said", _("Sentiment"), WORLD, 20),
    ("why", _("Alarm"), WORLD, 30),
    ("tasks", _("Tasks"), WORK, 10),
    ("ladder", _("Calls"), WORK, 20),
)
# Group and order of the panels that are registered by name; what is not listed comes last in WORK.
PLACES: dict[str, tuple[str, int]] = {
    "themes": (WORLD, 40),
    "precedents": (WORLD, 50),
    "files": (WORLD, 60),
    "evidence": (WORLD, 60),
    "drafts": (SAY, 10),
    "facts": (SAY, 20),
    "decisions": (SAY, 25),
    "promises": (SAY, 30),
    "clocks": (SAY, 40),
    "breach": (SAY, 60),
    "roles": (WORK, 15),
    "related": (WORLD, 55),
    "plan": (WORK, 30),
    "crew": (WORK, 40),
    "members": (WORK, 50),
    "subscribers": (WORK, 55),
    "updates": (WORK, 55),
    "recipients": (WORK, 56),
    "situation": (SAY, 5),
}


@dataclass(frozen=True)
class Tab:
    """One tab: a `panel` that loads itself, or a part of the page by its name."""

    name: str
    title: Any
    order: int
    panel: Panel | None = None

    @property
    def template(self) -> str:
        return f"incidents/room/{self.name}.html"


def tabs() -> dict[str, list[Tab]]:
    """Return the tabs of each group in their order."""
    found: dict[str, list[Tab]] = {WORLD: [], SAY: [], WORK: []}
    for name, title, group, order in OWN:
        found[group].append(Tab(name, title, order))
    for panel in WAR_ROOM.panels:
        group, order = PLACES.get(panel.name, (WORK, 100 + panel.order))
        found[group].append(Tab(panel.name, panel.title, order, panel))
    return {group: _sorted(each) for group, each in found.items()}


def _sorted(found: Iterable[Tab]) -> list[Tab]:
    return sorted(found, key=lambda tab: tab.order)
