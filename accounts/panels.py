"""The pages of the settings; rooms above add theirs."""

from dataclasses import dataclass
from typing import Any

from core.panels import Panel, Slot

SETTINGS = Slot("accounts.settings")


@dataclass(frozen=True)
class SettingsPage(Panel):
    """One page of the settings: `url_name` takes no arguments.

    `about` is one sentence for the index, `owns` are beginnings of the view names it is current on.
    """

    icon: str = "settings"
    about: Any = ""
    owns: tuple[str, ...] = ()


def settings_page(
    url_name: str, title: Any, about: Any, *, order: int, icon: str, owns: tuple[str, ...]
) -> None:
    """Add a page to the settings. Its name is that of its URL within the room."""
    name = url_name.partition(":")[2]
    SETTINGS.add(SettingsPage(name, title, url_name, order, icon=icon, about=about, owns=owns))


def owned() -> tuple[str, ...]:
    """Return the beginnings of the view names of all pages of the settings."""
    pages = (page for page in SETTINGS.panels if isinstance(page, SettingsPage))
    return tuple(start for page in pages for start in page.owns)
