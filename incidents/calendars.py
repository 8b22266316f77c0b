"""Public holidays by country or part of one ("DK", "DE-BY"), from the `holidays` library.

The library is imported when a calendar is first asked for: most processes never do.
"""

import logging
from collections.abc import Mapping
from datetime import date
from functools import lru_cache

logger = logging.getLogger(__name__)

# What the library calls our languages; others are told in English.
_LANGUAGES = {"da": "da", "en": "en_US"}


@lru_cache(maxsize=256)
def _year(calendar: str, year: int, language: str) -> Mapping[date, str]:
    import holidays  # noqa: PLC0415 - see above

    country, _dash, part = calendar.partition("-")
    try:
        found = holidays.country_holidays(
            country, subdiv=part or None, years=year, language=_language(country, language)
        )
    except NotImplementedError:
        # A calendar that an earlier version of the library had: nobody is called less for it.
        logger.warning("There is no calendar of holidays called %s", calendar)
        return {}
    return dict(found)


def _language(country: str, language: str) -> str | None:
    import holidays  # noqa: PLC0415

    spoken = holidays.list_localized_countries().get(country, [])
    wanted = _LANGUAGES.get(language, "en_US")
    return wanted if wanted in spoken else None


def holiday(calendar: str, day: date, *, language: str = "en") -> str:
    """Return the name of a public holiday, or ""; without a calendar no day is one."""
    return _year(calendar, day.year, language).get(day, "") if calendar else ""


@lru_cache(maxsize=1)
def known() -> tuple[str, ...]:
    """Return the calendars there are: countries, each followed by its parts."""
    import holidays  # noqa: PLC0415

    parts = holidays.list_supported_countries(include_aliases=False)
    return tuple(
        each
        for country in sorted(parts)
        for each in (country, *(f"{country}-{part}" for part in parts[country]))
    )
