"""The menu of the settings, for the pages of every room that has one there."""

from dataclasses import dataclass
from typing import Any

from django import template
from django.urls import NoReverseMatch, reverse

from accounts.panels import SETTINGS, SettingsPage
from core.panels import Panel

register = template.Library()


@dataclass(frozen=True)
class Item:
    panel: Panel
    url: str
    icon: str
    about: Any
    current: bool


@register.simple_tag(takes_context=True)
def settings_pages(context: template.Context) -> list[Item]:
    """`{% settings_pages as pages %}`: the pages there are, the one shown marked as current."""
    match = context["request"].resolver_match
    here = match.view_name if match else ""
    return [item for panel in SETTINGS.panels if (item := _item(panel, here))]


def _item(panel: Panel, here: str) -> Item | None:
    try:
        url = reverse(panel.url_name)
    except NoReverseMatch:
        return None
    page = panel if isinstance(panel, SettingsPage) else SettingsPage(panel.name, "", "")
    owns = page.owns or (panel.url_name,)
    return Item(panel, url, page.icon, page.about, here.startswith(owns))
