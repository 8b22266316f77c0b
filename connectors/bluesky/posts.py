"""From Bluesky's records and views to posts. Nothing in them is trusted to have its shape."""

from datetime import UTC, datetime
from typing import Any

from connectors.base import Post

COLLECTION = "app.bsky.feed.post"
_NO_HANDLE = "handle.invalid"


def of_view(view: Any) -> Post | None:
    """Read a post as search, look-ups and notifications show it; None for what is none."""
    if not isinstance(view, dict) or not isinstance(view.get("record"), dict):
        return None
    author = view.get("author")
    uri = view.get("uri")
    if not isinstance(author, dict) or not isinstance(uri, str) or f"/{COLLECTION}/" not in uri:
        return None
    handle = author.get("handle")
    return of_record(
        uri, view["record"], handle=handle if isinstance(handle, str) else "", raw=_labels(view)
    )


def of_record(
    uri: str,
    record: dict[str, Any],
    *,
    handle: str = "",
    edited_at: datetime | None = None,
    raw: dict[str, Any] | None = None,
) -> Post | None:
    """Read a record of the collection of posts; None where it says nothing.

    A link card's title becomes the title; a picture without words is told by its description.
    Links are not read: a record may name any text's link, beyond its end and to any scheme.
    """
    title, described = _embedded(record.get("embed"))
    text = _text(record.get("text")) or described or title
    if not text:
        return None
    did, rkey = whose(uri)
    who = did if handle in {"", _NO_HANDLE} else handle
    return Post(
        external_id=uri,
        text=text,
        title=title,
        author=who,
        author_id=did,
        url=address(who, rkey),
        published_at=moment(record.get("createdAt")),
        lang=_language(record.get("langs")),
        network="bluesky",
        parent_id=_parent(record.get("reply")),
        edited_at=edited_at,
        raw=raw or {},
    )


def whose(uri: str) -> tuple[str, str]:
    """Return the DID and the record key of an at:// address."""
    parts = uri.removeprefix("at://").split("/")
    return parts[0], parts[-1]


def address(who: str, rkey: str) -> str:
    """Return where people see a post; `who` is a handle or a DID."""
    return f"https://bsky.app/profile/{who}/post/{rkey}"


def moment(text: Any) -> datetime | None:
    """Read a time in UTC; None for what is none."""
    try:
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        return None


def sorted_at(view: Any) -> datetime | None:
    """By what the AppView sorts: the claimed time, or when it came, where that was earlier."""
    if not isinstance(view, dict):
        return None
    record = view.get("record")
    claimed = record.get("createdAt") if isinstance(record, dict) else None
    times = [time for time in (moment(claimed), moment(view.get("indexedAt"))) if time]
    return min(times, default=None)


def _text(given: Any) -> str:
    return given if isinstance(given, str) and given.strip() else ""


def _language(given: Any) -> str:
    first = given[0] if isinstance(given, list | tuple) and given else ""
    return first.split("-")[0].lower() if isinstance(first, str) else ""


def _parent(reply: Any) -> str:
    parent = reply.get("parent") if isinstance(reply, dict) else None
    uri = parent.get("uri") if isinstance(parent, dict) else None
    return uri if isinstance(uri, str) else ""


def _embedded(embed: Any) -> tuple[str, str]:
    """Return a link card's title, and what pictures are described as."""
    if not isinstance(embed, dict):
        return "", ""
    if isinstance(embed.get("media"), dict):
        embed = embed["media"]
    card, pictures = embed.get("external"), embed.get("images")
    title = _text(card.get("title")) if isinstance(card, dict) else ""
    told = [_text(each.get("alt")) for each in pictures or [] if isinstance(each, dict)]
    return title, "\n".join(filter(None, [*told, _text(embed.get("alt"))]))


def _labels(view: dict[str, Any]) -> dict[str, Any]:
    """What moderation says of the post: {"labels": ["spam", …]}, or nothing."""
    labels = view.get("labels")
    if not isinstance(labels, list):
        return {}
    said = [each.get("val") for each in labels if isinstance(each, dict) and not each.get("neg")]
    found = sorted({value for value in said if isinstance(value, str)})
    return {"labels": found} if found else {}
