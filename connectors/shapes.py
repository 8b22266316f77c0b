"""Reading JSON of somebody else's shape: what is missing or of another kind is just absent."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from django.utils.translation import gettext_noop as _

from core.text import clean
from core.words import Words

from .base import Post

Made = TypeVar("Made")
_BROKEN = (AttributeError, IndexError, KeyError, OverflowError, TypeError, ValueError)


def pick(data: Any, *path: str) -> Any:
    """Return what lies at `path` in nested objects, None where it does not go on."""
    for name in path:
        data = data.get(name) if isinstance(data, dict) else None
    return data


def text(data: Any, *path: str) -> str:
    """Return the text at `path`, fit to be stored; a number as its digits, all else as ""."""
    found = pick(data, *path)
    if isinstance(found, str):
        return clean(found)
    return str(found) if isinstance(found, int) and not isinstance(found, bool) else ""


def number(data: Any, *path: str) -> int:
    """Return the whole number at `path`, also where it is written as text; else 0."""
    found = text(data, *path)
    return int(found) if found.isascii() and found.isdigit() and len(found) < 19 else 0


def items(data: Any, *path: str) -> list[Any]:
    """Return the list at `path`, or an empty one."""
    found = pick(data, *path)
    return found if isinstance(found, list) else []


def moment(value: Any) -> datetime | None:
    """Return an ISO 8601 text, or seconds since 1970, as an aware time; None if it is neither."""
    try:
        if isinstance(value, str) and not value.replace(".", "", 1).isdigit():
            found = datetime.fromisoformat(value)
            return found if found.tzinfo else found.replace(tzinfo=UTC)
        return datetime.fromtimestamp(float(value), tz=UTC)
    except (*_BROKEN, OSError):
        return None


def milliseconds(value: Any) -> datetime | None:
    """Return milliseconds since 1970 as an aware time."""
    return moment(value / 1000) if isinstance(value, int | float) else None


def later(edited: datetime | None, published: datetime | None) -> datetime | None:
    """Return `edited` where it tells of an edit: some networks always fill it in."""
    if edited is None or published is None:
        return edited
    return edited if edited - published > timedelta(seconds=1) else None


def each(found: Iterable[Any], make: Callable[[Any], Made | None]) -> tuple[list[Made], list[str]]:
    """Make something of each item, leaving out None; say of how many nothing could be made."""
    made: list[Made] = []
    broken = 0
    for item in found:
        try:
            one = make(item)
        except _BROKEN:
            broken += 1
            continue
        if one is not None:
            made.append(one)
    if not broken:
        return made, []
    return made, [
        Words(_("Items in a form that we do not know: %(count)d."), {"count": broken}).stored()
    ]


def unique(posts: Iterable[Post]) -> list[Post]:
    """Return the posts without those of an id that came before."""
    return list({post.external_id: post for post in posts}.values())


def review_text(title: str, body: str, stars: float | None) -> str:
    """Return what a review says; of one that says nothing, its stars: it counts all the same."""
    words = "\n".join(part for part in (title.strip(), body.strip()) if part)
    full = round(stars or 0)
    return words or "★" * full + "☆" * (5 - full)
