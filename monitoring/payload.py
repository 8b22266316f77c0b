"""The body of an inbound webhook call: JSON from strangers made into posts. Pure: no database."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from connectors.base import Post
from core.api.strict import loads

from .enums import RefusalCode
from .mapping import parse_date
from .rows import MAX_ID, MAX_REACH, Refusal

MAX_MENTIONS = 1_000
_TEXTS = (
    "external_id", "text", "title", "author", "author_id", "parent_id", "url", "lang", "network",
)  # fmt: skip
_DATES = ("published_at", "edited_at")
_NUMBERS = {"reach", "stars"}


@dataclass
class Payload:
    """What a call carried. `rows` holds the row of the call (0 is the first) of each post."""

    posts: list[Post] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)


class WrongShape(ValueError):
    """The body is JSON, but not one to a thousand mentions."""


def read(body: bytes) -> Payload:
    """Return the posts of `{"mentions": [{…}, …]}`, and the rows that cannot be ones.

    Raises core.api.strict.BadJson for what is no JSON, WrongShape for what is no such list.
    """
    document = loads(body)
    items = document.get("mentions") if isinstance(document, dict) else None
    if not isinstance(items, list) or not 1 <= len(items) <= MAX_MENTIONS:
        raise WrongShape
    return _payload(items, _post)


def of_rows(rows: Sequence[Mapping[str, Any]]) -> Payload:
    """Return the posts of rows that a mapping made: ids may be numbers, counts and dates texts."""
    return _payload(rows, lambda row, item: _post(row, _plain(item)))


def _payload(items: Sequence[Any], make: Callable[[int, Any], Post | Refusal]) -> Payload:
    payload = Payload()
    for row, item in enumerate(items):
        made = make(row, item)
        if isinstance(made, Refusal):
            payload.refused.append(made)
        else:
            payload.posts.append(made)
            payload.rows.append(row)
    return payload


def _post(row: int, item: Any) -> Post | Refusal:
    if not isinstance(item, dict):
        return Refusal(row, "", RefusalCode.NOT_AN_OBJECT)
    values: dict[str, Any] = {}
    for name in _TEXTS:
        value = item.get(name)
        if value is not None and not isinstance(value, str):
            return Refusal(row, name, RefusalCode.NOT_TEXT)
        values[name] = value or ""
    if len(values["external_id"]) > MAX_ID:
        return Refusal(row, "external_id", RefusalCode.TOO_LONG)
    reach = item.get("reach") or 0
    if not isinstance(reach, int) or isinstance(reach, bool) or not 0 <= reach <= MAX_REACH:
        return Refusal(row, "reach", RefusalCode.NOT_A_NUMBER)
    for name in _DATES:
        values[name] = _date(item.get(name))
        if isinstance(values[name], RefusalCode):
            return Refusal(row, name, values[name])
    return Post(**values, reach=reach, stars=_stars(item.get("stars")))


def _stars(value: Any) -> float | None:
    """Stars from 1 to 5; anything else is no review."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and 1 <= value <= 5 else None


def _plain(item: Mapping[str, Any]) -> dict[str, Any]:
    """Give each value the type that it has in a call of our own format."""
    plain: dict[str, Any] = {}
    for name, value in item.items():
        if name in _NUMBERS:
            plain[name] = _number(value)
        elif isinstance(value, bool) or value is None:
            plain[name] = None
        else:
            plain[name] = str(value) if isinstance(value, int | float) else value
    if plain.get("reach") is not None:
        plain["reach"] = min(max(int(plain["reach"]), 0), MAX_REACH)
    return plain


def _number(value: Any) -> float | None:
    try:
        return None if value is None or isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        return None


def _date(value: Any) -> datetime | RefusalCode | None:
    if value is None or value == "":
        return None
    found = parse_date(value) if isinstance(value, str) else None
    return RefusalCode.NOT_A_DATE if found is None else found
