"""The body of an inbound webhook call: JSON from strangers made into posts. Pure: no database."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from connectors.base import Post
from core.api.strict import loads

from .enums import RefusalCode
from .mapping import parse_date
from .rows import MAX_ID, MAX_REACH, Refusal

MAX_MENTIONS = 1_000
_TEXTS = ("external_id", "text", "title", "author", "url", "lang", "network")


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
    payload = Payload()
    for row, item in enumerate(items):
        made = _post(row, item)
        if isinstance(made, Refusal):
            payload.refused.append(made)
        else:
            payload.posts.append(made)
            payload.rows.append(row)
    return payload


def _post(row: int, item: Any) -> Post | Refusal:
    if not isinstance(item, dict):
        return Refusal(row, "", RefusalCode.NOT_AN_OBJECT)
    texts: dict[str, Any] = {}
    for name in _TEXTS:
        value = item.get(name)
        if value is not None and not isinstance(value, str):
            return Refusal(row, name, RefusalCode.NOT_TEXT)
        texts[name] = value or ""
    if len(texts["external_id"]) > MAX_ID:
        return Refusal(row, "external_id", RefusalCode.TOO_LONG)
    reach = item.get("reach") or 0
    if not isinstance(reach, int) or isinstance(reach, bool) or not 0 <= reach <= MAX_REACH:
        return Refusal(row, "reach", RefusalCode.NOT_A_NUMBER)
    published_at = _date(item.get("published_at"))
    if isinstance(published_at, RefusalCode):
        return Refusal(row, "published_at", published_at)
    return Post(**texts, reach=reach, published_at=published_at)


def _date(value: Any) -> datetime | RefusalCode | None:
    if value is None or value == "":
        return None
    found = parse_date(value) if isinstance(value, str) else None
    return RefusalCode.NOT_A_DATE if found is None else found
