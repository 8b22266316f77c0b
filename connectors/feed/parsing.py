"""From the bytes of a feed to its entries: a gate first, then a parser in a process of its own."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.sax import SAXException
from xml.sax.handler import ContentHandler

import defusedxml.sax
from defusedxml import DefusedXmlException
from django.utils.translation import gettext_noop as _

from connectors.base import ReadError

MAX_ENTRIES = 500
MAX_DEPTH = 64
# Seconds by the clock; the child's own limit is of CPU time.
TIMEOUT = 20
_CHILD = Path(__file__).with_name("child.py")
_ITEM_END = re.compile(rb"</(?:\w+:)?(item|entry)\s*>", re.IGNORECASE)
_ENTITY = re.compile(rb"<!ENTITY", re.IGNORECASE)


def parse(body: bytes, *, content_type: str) -> dict[str, Any]:
    """Return {"version", "title", "language", "entries"}; see connectors.feed.child.

    Raises ReadError for what is no feed, for one that declares entities or nests without end, and
    for one that takes too much memory or time.
    """
    body = first_entries(body)
    _gate(body)
    try:
        done = subprocess.run(  # noqa: S603 - our own script, and the arguments are no options
            [sys.executable, "-I", str(_CHILD), content_type[:200], str(MAX_ENTRIES)],
            input=body,
            capture_output=True,
            timeout=TIMEOUT,
            check=True,
            # It has no business with our addresses and keys.
            env={},
        )
        feed: dict[str, Any] = json.loads(done.stdout)
    except (subprocess.SubprocessError, ValueError) as error:
        raise ReadError(_("The feed is too complex to be read.")) from error
    if not feed["version"] and not feed["entries"]:
        raise ReadError(_("There is no RSS or Atom feed at this address."))
    return feed


def first_entries(body: bytes) -> bytes:
    """Leave out what comes after the first MAX_ENTRIES entries, keeping the feed's own end."""
    ends = [match.end() for match in _ITEM_END.finditer(body)]
    if len(ends) <= MAX_ENTRIES:
        return body
    return body[: ends[MAX_ENTRIES - 1]] + body[ends[-1] :]


def _gate(body: bytes) -> None:
    # UTF-16 and UTF-32 hide the word from a search; without the zeros it shows.
    if _ENTITY.search(body.replace(b"\0", b"")):
        raise ReadError(_("The feed declares XML entities, which is not allowed."))
    try:
        # A DOCTYPE that names a file elsewhere is old-fashioned, not hostile: nothing loads it.
        defusedxml.sax.parseString(body, _Depth(), None, forbid_external=False)
    except DefusedXmlException as error:
        raise ReadError(_("The feed declares XML entities, which is not allowed.")) from error
    except (SAXException, ValueError, LookupError):
        # Many feeds are not well-formed. The parser reads those too, within its limits.
        return


class _Depth(ContentHandler):
    def __init__(self) -> None:
        super().__init__()
        self._depth = 0

    def startElement(self, name: str, attrs: Any) -> None:  # noqa: N802 - the base class's name
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise ReadError(_("The feed nests its elements too deep."))

    def endElement(self, name: str) -> None:  # noqa: N802 - the base class's name
        self._depth -= 1
