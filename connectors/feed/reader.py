"""Reads an RSS or Atom feed, as politely as feeds are to be read."""

import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

from django.utils.translation import gettext_noop as _

from connectors.base import Batch, Post, ReadError
from connectors.retry_after import seconds
from core import http

from .parsing import parse

TIMEOUT = 20
_WRAPPED = re.compile(r"https?://(?:www\.)?google\.[a-z.]{2,6}/url\?", re.IGNORECASE)
ACCEPT = "application/atom+xml, application/rss+xml, application/xml;q=0.9, */*;q=0.5"


class FeedReader:
    """Config: {"url"}. Cursor: what the server named the version, and a digest of its bytes."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        self._url = config["url"]

    def fetch(self, cursor: dict[str, Any], *, now: datetime, limit: int = 500) -> Batch:
        response = self._get(cursor)
        if response.status == 304:
            return Batch([], cursor)
        if response.status != 200:
            raise _refusal(response, now)
        digest = hashlib.sha256(response.body).hexdigest()
        news = {
            "etag": _repeatable(response.headers.get("etag", "")),
            "modified": _repeatable(response.headers.get("last-modified", "")),
            "digest": digest,
        }
        if digest == cursor.get("digest"):
            return Batch([], news)
        content_type = response.headers.get("content-type", "")
        feed = parse(response.body, content_type=content_type)
        posts = [_post(entry, feed, response.url) for entry in feed["entries"][:limit]]
        return Batch(posts, news)

    def _get(self, cursor: dict[str, Any]) -> http.Response:
        headers = {"Accept": ACCEPT}
        if cursor.get("etag"):
            headers["If-None-Match"] = cursor["etag"]
        if cursor.get("modified"):
            headers["If-Modified-Since"] = cursor["modified"]
        try:
            return http.fetch(self._url, headers=headers, timeout=TIMEOUT)
        except http.HttpError as error:
            raise ReadError(error) from error


def _post(entry: dict[str, Any], feed: dict[str, Any], address: str) -> Post:
    link = _absolute(address, entry["link"])
    url = unwrapped(link)
    # An alert's feed is named after what is searched for; who wrote it is the site it leads to.
    outlet = feed["title"] if url == link else urlsplit(url).hostname or ""
    return Post(
        external_id=entry["id"],
        text=entry["text"] or entry["title"],
        title=entry["title"],
        author=entry["author"] or outlet.removeprefix("www."),
        url=url,
        published_at=_moment(entry["published"]),
        edited_at=_edited(entry),
        lang=feed["language"][:2].lower(),
    )


def _absolute(address: str, link: str) -> str:
    try:
        return urljoin(address, link) if link else ""
    except ValueError:
        return link


def unwrapped(link: str) -> str:
    """Return where a link of Google's leads to (google.com/url?url=…); any other as it is."""
    if not _WRAPPED.match(link):
        return link
    try:
        asked = parse_qs(urlsplit(link).query)
    except ValueError:
        return link
    [target] = (asked.get("url") or asked.get("q") or [""])[:1]
    return target if target.startswith(("https://", "http://")) else link


def _edited(entry: dict[str, Any]) -> datetime | None:
    published, updated = entry["published"], entry["updated"]
    late = published is not None and updated is not None and updated > published
    return _moment(updated) if late else None


def _moment(published: int | None) -> datetime | None:
    try:
        return None if published is None else datetime.fromtimestamp(published, tz=UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _repeatable(value: str) -> str:
    """What the server says is sent back to it, if it can be a header at all."""
    return value if len(value) < 500 and value.isascii() and value.isprintable() else ""


def _refusal(response: http.Response, now: datetime) -> ReadError:
    words = {
        401: _("The feed asks for a sign-in. Use an address that carries its own key."),
        403: _("The server refuses to show us the feed."),
        404: _("There is nothing at this address. Check it."),
        410: _("The feed is gone for good. Remove this source or give a new address."),
        429: _("The server says that we ask too often. We wait as long as it tells us to."),
    }.get(
        response.status,
        _("The server answered with status %(status)d."),
    )
    wait = seconds(response.headers.get("retry-after"), now=now)
    return ReadError(words, retry_after=wait, status=response.status)
