"""Slots: places on a lower room's page that the rooms above fill.

The lower room declares `SLOT = Slot("incidents.war_room")` in its `panels.py`; a room above calls
`SLOT.add(...)` in its own `panels.py`, imported by its AppConfig. The page renders each panel as a
region that loads itself by `hx-get` from the named URL, so that the lower room needs to know
neither its data nor its template.
"""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Panel:
    """`url_name` is reversed with the page's object id; the frame `live` refreshes it."""

    name: str
    title: Any
    url_name: str
    order: int = 100
    live: str = ""


@dataclass
class Slot:
    name: str
    panels: list[Panel] = field(default_factory=list)

    def add(self, panel: Panel) -> None:
        if any(other.name == panel.name for other in self.panels):
            raise ValueError(f"{self.name} already has a panel {panel.name}.")
        self.panels.append(panel)
        self.panels.sort(key=lambda each: each.order)


# Strips above every page, for everybody who is signed in; their URLs take no argument.
STRIPS = Slot("core.strips")
