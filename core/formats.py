"""Numbers, dates and durations in the reader's language. Locale data comes from Babel, once.

These are called for every row of long lists, so that patterns are looked up once a language and
the rest is string formatting. The clock has 24 hours in both languages; Danish `t.` means hours
only, so thousands are `tus.`.
"""

from datetime import date, datetime, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from django.utils import timezone
from django.utils.translation import get_language

_LOCALES = {"en": "en_GB", "da": "da"}
_SCALES = {
    "en": ((1_000_000_000, "B"), (1_000_000, "M"), (1_000, "K")),
    "da": ((1_000_000_000, " mia."), (1_000_000, " mio."), (1_000, " tus.")),
}
_UNITS = {"en": ("d", "h", "min", "s"), "da": ("d.", "t.", "min", "s")}
_DAY_MONTH = {"en": "d MMM", "da": "d. MMM"}
_FULL_DATE = {"en": "EEEE d MMMM y", "da": "EEEE 'den' d. MMMM y"}
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def language() -> str:
    """Return the active language as one that there are formats for: "en" or "da"."""
    return "da" if (get_language() or "en").startswith("da") else "en"


@lru_cache(maxsize=8)
def _symbols(lang: str) -> tuple[str, str]:
    """Return the decimal mark and the mark between thousands."""
    symbols = Locale.parse(_LOCALES[lang]).number_symbols["latn"]
    return symbols["decimal"], symbols["group"]


def number(value: float, digits: int = 0) -> str:
    """Return 1204 as "1,204" or "1.204"; `digits` is the number of decimals."""
    return _number(value, digits, language())


def _number(value: float, digits: int, lang: str) -> str:
    decimal, group = _symbols(lang)
    text = f"{value:,.{digits}f}"
    if decimal == ".":
        return text
    return text.replace(",", "\0").replace(".", decimal).replace("\0", group)


def compact(value: float) -> str:
    """Return 4_800_000 as "4.8M" or "4,8 mio.", 310_000 as "310K", 8_200 as "8.2K"."""
    lang = language()
    for unit, suffix in _SCALES[lang]:
        # From 999.5 of a unit on it would be rounded to 1000: it belongs to the next one.
        if abs(value) >= unit * 0.9995:
            scaled = value / unit
            fine = unit > 1000 or abs(scaled) < 9.95
            return _number(scaled, int(fine and round(scaled, 1) % 1 != 0), lang) + suffix
    return _number(value, 0, lang)


@lru_cache(maxsize=256)
def _language_name(code: str, lang: str) -> str:
    try:
        name = Locale.parse(code).get_language_name(_LOCALES[lang])
    except (ValueError, UnknownLocaleError):
        return code
    return name[:1].upper() + name[1:] if name else code


def language_name(code: str) -> str:
    """Return the name of a language in the reader's: "da" is "Danish"; the code when unknown."""
    return _language_name(code, language())


def percent(share: float) -> str:
    """Return a share of 0 to 1 as "71%", in both languages without a space."""
    return f"{number(share * 100)}%"


def duration(seconds: float) -> str:
    """Return the two largest parts of a span: "1 d 3 h", "1 h 5 min", "26 min", "3 s"."""
    day, hour, minute, second = _UNITS[language()]
    left = max(0, int(seconds))
    if left >= _DAY:
        return _two(left, _DAY, day, _HOUR, hour)
    if left >= _HOUR:
        return _two(left, _HOUR, hour, _MINUTE, minute)
    if left >= _MINUTE:
        return f"{left // _MINUTE} {minute}"
    return f"{left} {second}"


def _two(left: int, large: int, large_name: str, small: int, small_name: str) -> str:
    whole, rest = divmod(left, large)
    part = rest // small
    return f"{whole} {large_name} {part} {small_name}" if part else f"{whole} {large_name}"


def elapsed(seconds: float) -> str:
    """Return "00:47:12"; from a day on "1 d 3 h": seconds matter on the first day only."""
    return duration(seconds) if seconds >= _DAY else countdown(seconds, hours=True)


def countdown(seconds: float, *, hours: bool = False) -> str:
    """Return "12:48", "00:47:12" (with `hours`, or when there are any), "+02:31" when negative."""
    total = int(abs(seconds))
    sign = "+" if seconds < 0 else ""
    whole, minutes, rest = total // _HOUR, total % _HOUR // _MINUTE, total % _MINUTE
    head = f"{whole:02}:" if whole or hours else ""
    return f"{sign}{head}{minutes:02}:{rest:02}"


def local(moment: datetime, zone: str | None = None) -> datetime:
    """Return the moment in the named time zone, or in the reader's."""
    return moment.astimezone(_zone(zone) if zone else timezone.get_current_timezone())


@lru_cache(maxsize=64)
def _zone(name: str) -> tzinfo:
    return ZoneInfo(name)


def clock(moment: datetime, zone: str | None = None) -> str:
    """Return "08:31"."""
    here = local(moment, zone)
    return f"{here.hour:02}:{here.minute:02}"


def when(moment: datetime, *, now: datetime, zone: str | None = None) -> str:
    """Return "08:31" for today, "18 Nov 08:31" this year, "18 Nov 2025 08:31" before that."""
    here, today = local(moment, zone), local(now, zone)
    return f"{day_before_clock(here, today)}{here.hour:02}:{here.minute:02}"


def day_before_clock(here: datetime, today: datetime) -> str:
    """Return what stands before the time of day: "", "18 Nov " or "18 Nov 2025 "."""
    if here.date() == today.date():
        return ""
    day = day_month(here.date())
    return f"{day} " if here.year == today.year else f"{day} {here.year} "


def day_month(day: date) -> str:
    """Return "18 Nov" or "18. nov."."""
    return _dated(day, language(), False)


def full_date(day: date) -> str:
    """Return "Thursday 19 November 2026"."""
    return _dated(day, language(), True)


@lru_cache(maxsize=2048)
def _dated(day: date, lang: str, full: bool) -> str:
    pattern = (_FULL_DATE if full else _DAY_MONTH)[lang]
    return format_date(day, pattern, locale=_LOCALES[lang])
