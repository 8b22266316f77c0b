"""What every page's shell needs. Lazy: a fragment that shows no shell costs no query."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from . import navigation

_THEMES = {"LIGHT": "light", "DARK": "dark"}


def shell(request: HttpRequest) -> dict[str, Any]:
    """Return navigation, theme and language of the reader.

    `theme` is "" as long as the reader follows the device: theme.js decides before first paint.
    """
    user = getattr(request, "user", None)
    return {
        "navigation": SimpleLazyObject(lambda: navigation.shown(request)),
        "theme": _THEMES.get(getattr(user, "theme", ""), ""),
    }
