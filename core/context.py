"""What every page's shell needs. Lazy: a fragment that shows no shell costs no query."""

from functools import cache
from typing import Any

from django.http import HttpRequest
from django.middleware.csrf import get_token
from django.utils.functional import SimpleLazyObject

from . import navigation
from .panels import STRIPS

_THEMES = {"LIGHT": "light", "DARK": "dark"}


def shell(request: HttpRequest) -> dict[str, Any]:
    """Return navigation, theme and language of the reader.

    `theme` is "" as long as the reader follows the device: theme.js decides before first paint.
    `csrf_token` takes the place of Django's, which makes another one for each form of a page.
    """
    user = getattr(request, "user", None)
    return {
        "navigation": cache(lambda: navigation.shown(request)),
        "strips": STRIPS.panels,
        "theme": _THEMES.get(getattr(user, "theme", ""), ""),
        "csrf_token": SimpleLazyObject(lambda: get_token(request)),
    }
