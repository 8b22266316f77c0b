"""The process that parses a feed: alone, with little memory and time, and without anything of ours.

Run by connectors.feed.parsing as a script: the feed on standard input, one JSON object on standard
output. A feed that makes the parser mad costs this process and nothing else.
"""

import calendar
import html
import json
import re
import resource
import sys
from io import BytesIO
from typing import Any

import feedparser

MEMORY = 512 * 1024 * 1024
CPU_SECONDS = 8
# As in monitoring.rows, and a little more, so that it is ingest that cuts and says so.
MAX_TEXT = 20_001
_DROPPED = re.compile(r"<(script|style)\b.*?</\1\s*>", re.IGNORECASE | re.DOTALL)
_BREAKS = re.compile(r"<(?:br|p|/p|div|/div|li|tr|h[1-6]|blockquote)\b[^<>]*>", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]*>")
_BLANKS = re.compile(r"[^\S\n]+")
_LINES = re.compile(r"\s*\n\s*")


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    content_type, limit = sys.argv[1:3]
    parsed = feedparser.parse(
        BytesIO(sys.stdin.buffer.read()),
        response_headers={"content-type": content_type},
        sanitize_html=False,
        resolve_relative_uris=False,
    )
    feed = {
        "version": parsed.get("version") or "",
        "title": text_of(parsed.feed.get("title")),
        "language": str(parsed.feed.get("language") or ""),
        "entries": [entry_of(entry) for entry in parsed.entries[: int(limit)]],
    }
    sys.stdout.buffer.write(json.dumps(feed).encode())


def entry_of(entry: Any) -> dict[str, Any]:
    """Return the parts of an entry that a post is made of; texts without markup."""
    contents = [content.get("value") for content in entry.get("content") or []]
    return {
        "id": str(entry.get("id") or entry.get("link") or ""),
        "link": str(entry.get("link") or ""),
        "title": text_of(entry.get("title")),
        "text": text_of(max([*contents, entry.get("summary") or ""], key=len, default="")),
        "author": text_of(entry.get("author")),
        "published": seconds(entry.get("published_parsed") or entry.get("updated_parsed")),
        "updated": seconds(entry.get("updated_parsed")),
    }


def text_of(markup: Any) -> str:
    """Return the words of a piece of HTML, a line a block."""
    markup = str(markup or "")[: 10 * MAX_TEXT]
    if "<" in markup:
        # A line end in HTML is a blank; its own tags make the lines.
        words = " ".join(_DROPPED.sub(" ", markup).split())
        markup = _TAG.sub("", _BREAKS.sub("\n", words))
    text = _BLANKS.sub(" ", html.unescape(markup))
    return _LINES.sub("\n", text).strip()[:MAX_TEXT]


def seconds(moment: Any) -> int | None:
    """Return a parsed date as seconds since 1970, None where there is none or it cannot be one."""
    try:
        return calendar.timegm(moment) if moment else None
    except (ValueError, OverflowError, TypeError):
        return None


if __name__ == "__main__":
    main()
