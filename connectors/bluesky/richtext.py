"""What Bluesky wants told about a text: its length, and where its links and mentions are."""

import re
from collections.abc import Callable
from typing import Any

from connectors.counting import graphemes

__all__ = ["MAX_BYTES", "MAX_GRAPHEMES", "facets", "graphemes"]

MAX_GRAPHEMES = 300
MAX_BYTES = 3_000
# Each handle is a call, and people wait for the publication.
MOST_MENTIONS = 8
_LINK = re.compile(r"(?<![\w@/.])https?://[^\s<>\"]+")
_TAG = re.compile(r"(?<![\w#&/])#([^\W\d_][\w]{0,63})")
# A handle is a domain name.
_MENTION = re.compile(
    r"(?<![\w@/.])@((?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?)",
    re.IGNORECASE,
)
_FEATURE = "app.bsky.richtext.facet#"


def facets(text: str, resolve: Callable[[str], str]) -> list[dict[str, Any]]:
    """Return links, mentions and hashtags with their places, in bytes of UTF-8.

    `resolve` gives the DID of a handle, "" where there is nobody of that name: then it stays text,
    as do mentions of more than MOST_MENTIONS people.
    """
    found = [_facet(text, *_link(m), "link", "uri") for m in _LINK.finditer(text)]
    found += [_facet(text, *m.span(), m[1], "tag", "tag") for m in _TAG.finditer(text)]
    mentions = list(_MENTION.finditer(text))
    handles = list(dict.fromkeys(mention[1].lower() for mention in mentions))
    people = {handle: resolve(handle) for handle in handles[:MOST_MENTIONS]}
    for mention in mentions:
        if did := people.get(mention[1].lower()):
            found.append(_facet(text, *mention.span(), did, "mention", "did"))
    return sorted(found, key=lambda facet: facet["index"]["byteStart"])


def _link(match: "re.Match[str]") -> tuple[int, int, str]:
    """Leave out what ends the sentence, not the address."""
    uri = match[0].rstrip(".,;:!?'\"")
    if uri.endswith(")") and "(" not in uri:
        uri = uri[:-1]
    return match.start(), match.start() + len(uri), uri


def _facet(text: str, start: int, end: int, value: str, kind: str, name: str) -> dict[str, Any]:
    places = {"byteStart": len(text[:start].encode()), "byteEnd": len(text[:end].encode())}
    return {"index": places, "features": [{"$type": _FEATURE + kind, name: value}]}
