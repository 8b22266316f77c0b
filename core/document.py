"""A document that leaves the desk: blocks of text, the same for PDF (core.pdf) and HTML.

Blocks hold plain text, however hostile: whoever renders them escapes. A document says what it
holds, never how it looks.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.utils.html import escape


@dataclass(frozen=True)
class Heading:
    text: str


@dataclass(frozen=True)
class Text:
    """A paragraph; line feeds are kept. `look` is "", "muted", or "warning"."""

    text: str
    look: str = ""


@dataclass(frozen=True)
class Bullets:
    items: tuple[str, ...]


@dataclass(frozen=True)
class Pairs:
    """Labels with what stands behind them."""

    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Table:
    """`widths` are shares of the page; without them columns are equally wide."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    widths: tuple[float, ...] = ()


Block = Heading | Text | Bullets | Pairs | Table


@dataclass(frozen=True)
class Document:
    """`above` stands small over the title, `below` under it, `foot` at the foot of each page."""

    title: str
    blocks: tuple[Block, ...]
    above: str = ""
    below: str = ""
    foot: str = ""
    language: str = "en"


def as_html(document: Document) -> str:
    """Return a page that needs nothing else: no script, no address, its style in itself."""
    return (
        f'<!doctype html>\n<html lang="{escape(document.language)}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{escape(document.title)}</title><style>{_style()}</style></head><body><main>"
        f'<p class="above">{escape(document.above)}</p><h1>{escape(document.title)}</h1>'
        f'<p class="below">{escape(document.below)}</p>'
        f"{''.join(_html(block) for block in document.blocks)}"
        f"<footer>{escape(document.foot)}</footer></main></body></html>\n"
    )


@cache
def _style() -> str:
    return (Path(__file__).parent / "document.css").read_text()


def _html(block: Block) -> str:
    match block:
        case Heading(text):
            return f"<h2>{escape(text)}</h2>"
        case Text(text, look):
            return f'<p class="{escape(look)}">{escape(text)}</p>'
        case Bullets(items):
            return f"<ul>{''.join(f'<li>{escape(item)}</li>' for item in items)}</ul>"
        case Pairs(rows):
            pairs = (f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in rows)
            return f"<dl>{''.join(pairs)}</dl>"
        case Table(head, rows):
            body = "".join(f"<tr>{_cells('td', row)}</tr>" for row in rows)
            return (
                f"<table><thead><tr>{_cells('th', head)}</tr></thead><tbody>{body}</tbody></table>"
            )


def _cells(tag: str, texts: Iterable[str]) -> str:
    return "".join(f"<{tag}>{escape(text)}</{tag}>" for text in texts)
