"""From the HTML that networks and mails bring to the words in it. Nothing is ever fetched."""

import html
import re

import nh3

from core.text import clean

# Longer markup is cut before it is parsed; ingest cuts texts far below this.
MAX_MARKUP = 400_000
# What ends a line, and what only parts words. All other tags vanish, scripts with their content.
_LINES = {
    "p", "br", "div", "li", "ul", "ol", "tr", "table", "blockquote", "pre", "hr", "section",
    "article", "header", "footer", "h1", "h2", "h3", "h4", "h5", "h6",
}  # fmt: skip
_CELLS = {"td", "th"}
_CELL = re.compile(r"</?t[dh]>")
# After the parser a "<" begins one of our own tags; those of the text are written "&lt;".
_TAG = re.compile(r"<[^<>]*>")
_BLANKS = re.compile(r"[^\S\n]+")
_ENDS = re.compile(r" ?\n ?")
_GAPS = re.compile(r"\n{3,}")


def text_of(markup: str) -> str:
    """Return the words of a piece of HTML, a line a block; what is no HTML stays as it is.

    The parser is a browser's (html5ever): what a browser would not show as text is not text here.
    """
    kept = nh3.clean(
        " ".join(clean(markup[:MAX_MARKUP]).split()),
        tags=_LINES | _CELLS,
        attributes={},
        link_rel=None,
        clean_content_tags={"script", "style", "title", "template", "noscript", "svg", "math"},
    )
    text = html.unescape(_TAG.sub("\n", _CELL.sub(" ", kept)))
    return _GAPS.sub("\n\n", _ENDS.sub("\n", _BLANKS.sub(" ", text))).strip()
