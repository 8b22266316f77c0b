"""What a case is made of, checked: the same for the files that come with the product, the editor
and the API.

A text is a mapping from languages ("en", "da") to words. A point is {"text", "verified"}; an event
has "at" too ("2017", "2017-04", "2017-04-09" or "2017-04-09 17:40"); a time is {"what", "minutes",
"verified"}. `verified` tells whether somebody has seen it in a source.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext as _

from core.errors import Refused
from core.text import clean

LANGUAGES = ("en", "da")
LONGEST = 4000
MOST = 40
MOST_MINUTES = 20 * 366 * 24 * 60
_AT = re.compile(r"(\d{4})(-\d{2})?(-\d{2})?( \d{2}:\d{2})?")
_TEXTS = ("title", "summary", "cluster_why", "lesson")
_POINTS = ("worked", "failed")
_FORMS = {4: "%Y", 7: "%Y-%m", 10: "%Y-%m-%d", 16: "%Y-%m-%d %H:%M"}


def checked(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the content as it is stored. Refused, with the place, for what is missing or odd."""
    made: dict[str, Any] = {name: text(given.get(name), name) for name in _TEXTS}
    if not made["title"] or not made["summary"]:
        raise Refused(_("A case has a title and a summary."))
    made["organisation"] = clean(str(given.get("organisation") or "")).strip()[:120]
    for name in _POINTS:
        made[name] = [_point(row, name) for row in _rows(given, name)]
    made["events"] = sorted((_event(row) for row in _rows(given, "events")), key=_by_time)
    made["times"] = [_time(row) for row in _rows(given, "times")]
    made["sources"] = [_source(row) for row in _rows(given, "sources")]
    made["turning_point"] = _turning_point(given.get("turning_point") or {})
    return made


def text(given: object, place: str) -> dict[str, str]:
    """Return a text by its languages, without those that are empty."""
    if given is None:
        return {}
    if not isinstance(given, Mapping) or set(given) - set(LANGUAGES):
        raise _odd(place)
    said = {lang: clean(str(given[lang] or "")).strip() for lang in LANGUAGES if lang in given}
    if any(len(each) > LONGEST for each in said.values()):
        raise Refused(
            _("At most %(most)d characters fit here: %(place)s.")
            % {"most": LONGEST, "place": place}
        )
    return {lang: each for lang, each in said.items() if each}


def texts(content: Mapping[str, Any], lang: str) -> Iterator[str]:
    """Yield every text of a case in one language."""
    yield str(content.get("organisation", ""))
    for value in _walk(content):
        if lang in value:
            yield str(value[lang])


def _walk(value: object) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, Mapping):
        if value and set(value) <= set(LANGUAGES):
            yield value
        else:
            for each in value.values():
                yield from _walk(each)
    elif isinstance(value, list):
        for each in value:
            yield from _walk(each)


def moment(at: str) -> datetime:
    """Return when an event was, at the beginning of the span that is known."""
    return datetime.strptime(at, _FORMS[len(at)])  # noqa: DTZ007 - a place's own time


def _rows(given: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    rows = given.get(name) or []
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        raise _odd(name)
    if len(rows) > MOST:
        raise Refused(
            _("At most %(most)d lines fit here: %(place)s.") % {"most": MOST, "place": name}
        )
    return rows


def _point(row: Mapping[str, Any], place: str) -> dict[str, Any]:
    said = text(row.get("text"), place)
    if not said:
        raise _odd(place)
    return {"text": said, "verified": row.get("verified") is not False}


def _event(row: Mapping[str, Any]) -> dict[str, Any]:
    at = row.get("at")
    at = at.isoformat() if isinstance(at, date) else str(at or "")
    if not _AT.fullmatch(at):
        raise _odd("events", at)
    try:
        moment(at)
    except (KeyError, ValueError):
        raise _odd("events", at) from None
    return {"at": at, **_point(row, "events")}


def _by_time(event: Mapping[str, Any]) -> datetime:
    return moment(event["at"])


def _time(row: Mapping[str, Any]) -> dict[str, Any]:
    minutes, what = row.get("minutes"), text(row.get("what"), "times")
    if not isinstance(minutes, int) or not 0 <= minutes <= MOST_MINUTES or not what:
        raise _odd("times")
    return {"what": what, "minutes": minutes, "verified": row.get("verified") is not False}


def _source(row: Mapping[str, Any]) -> dict[str, Any]:
    url, name = str(row.get("url") or "").strip(), clean(str(row.get("name") or "")).strip()
    if not url.startswith(("https://", "http://")) or len(url) > 500 or not name:
        raise _odd("sources", url or name)
    made = {"name": name[:120], "url": url, "verified": row.get("verified") is not False}
    note = text(row.get("note"), "sources")
    return made | ({"note": note} if note else {})


def _turning_point(given: Mapping[str, Any]) -> dict[str, Any]:
    """The moment of choice: two to five ways, one of them right, and what each led or leads to."""
    if not given:
        return {}
    options = [
        {
            "text": text(row.get("text"), "turning_point"),
            "right": row.get("right") is True,
            "taken": row.get("taken") is True,
            "consequence": text(row.get("consequence"), "turning_point"),
        }
        for row in _rows(given, "options")
    ]
    told = text(given.get("moment"), "turning_point")
    complete = all(each["text"] and each["consequence"] for each in options)
    if not told or not 2 <= len(options) <= 5 or not complete:
        raise _odd("turning_point")
    if [each["right"] for each in options].count(True) != 1:
        raise Refused(_("One of the ways is the right one."))
    return {"moment": told, "options": options}


def _odd(place: str, value: str = "") -> Refused:
    return Refused(
        _("This cannot be read: %(place)s") % {"place": f"{place} {value}".strip()[:120]}
    )
