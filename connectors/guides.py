"""The page about a network in docs/networks, as HTML: what to apply for, rights, cost, limits."""

import re
from functools import lru_cache
from html import unescape
from pathlib import Path

from django.conf import settings
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

_WITHIN = re.compile(r'<a href="(?!https?://)[^"]*">(.*?)</a>')
_HEADING = re.compile(r"<h1>(.*?)</h1>")
# What is wider than the page can be scrolled, by keys too.
_DRESSED = {
    "<pre>": '<pre tabindex="0">',
    "<table>": '<div class="table-scroll" tabindex="0"><table class="plain">',
    "</table>": "</table></div>",
    '<a href="http': '<a rel="noopener noreferrer" href="http',
}
FOLDER = Path(settings.BASE_DIR) / "docs" / "networks"


def exists(network: str) -> bool:
    return network.isidentifier() and (FOLDER / f"{network}.md").is_file()


@lru_cache(maxsize=64)
def guide(network: str) -> SafeString:
    """Return our own page about the network. Raises FileNotFoundError where there is none.

    The page is part of the program, and HTML in it is shown, not obeyed. Links within the
    documentation become plain words: the app has no such pages.
    """
    if not exists(network):
        raise FileNotFoundError(network)
    text = (FOLDER / f"{network}.md").read_text(encoding="utf-8")
    made = MarkdownIt("commonmark", {"html": False}).enable("table").render(text)
    made = _WITHIN.sub(r"\1", made)
    for plain, dressed in _DRESSED.items():
        made = made.replace(plain, dressed)
    return mark_safe(made)  # noqa: S308 - see above


def heading(network: str) -> str:
    """Return what the page about the network is called."""
    found = _HEADING.search(guide(network))
    return unescape(found[1]) if found else network
