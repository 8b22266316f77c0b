"""In which language and zone someone reads: a person by their settings, a visitor by cookie."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone, translation

from .models import User

ZONE_COOKIE = "zone"


@cache
def zones() -> tuple[str, ...]:
    """Every zone a person may choose: places, not abbreviations and legacy aliases."""
    places = (name for name in available_timezones() if "/" in name)
    return tuple(sorted({"UTC", *(name for name in places if not name.startswith("Etc/"))}))


@cache
def _known() -> frozenset[str]:
    return frozenset(zones())


def zone_or(name: str, default: str) -> str:
    return name if name in _known() else default


def language_or(code: str, default: str) -> str:
    return code if code in dict(settings.LANGUAGES) else default


@contextmanager
def reading_as(user: User) -> Iterator[None]:
    """Put words, dates and numbers as `user` reads them: for mails and notices."""
    with _reading(user.language, user.time_zone):
        yield


@contextmanager
def reading_by_request(request: HttpRequest) -> Iterator[None]:
    """As `reading_as` for the signed-in user; before sign-in by cookie and Accept-Language."""
    user = getattr(request, "user", None)
    if isinstance(user, User) or (user is not None and user.is_authenticated):
        language, zone = user.language, user.time_zone
    else:
        language = translation.get_language_from_request(request)
        zone = request.COOKIES.get(ZONE_COOKIE, "")
    with _reading(language, zone):
        yield


@contextmanager
def _reading(language: str, zone: str) -> Iterator[None]:
    language = language_or(language, settings.LANGUAGE_CODE)
    tz = ZoneInfo(zone_or(zone, settings.TIME_ZONE))
    with translation.override(language), timezone.override(tz):
        yield
