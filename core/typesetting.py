"""How documents (core.document) look on paper: A4, set by reportlab. See core.pdf."""

import io
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Paragraph, SimpleDocTemplate
from reportlab.platypus import Table as Grid

from .document import Block, Bullets, Document, Heading, Pairs, Table, Text

FONTS = Path(__file__).parent / "fonts"
_PLAIN, _STRONG, _OTHER = "Inter-Regular", "Inter-Semibold", "DejaVuSans"
_UNKNOWN = "\ufffd"
INK, SOFT, LINE, AMBER, AMBER_TINT = "#12161E", "#5F6671", "#E2E5EA", "#F1840B", "#FDF3E6"
# The page is 210 mm wide; margins left and right.
WIDTH_MM, MARGIN_MM = 210, 20
# What reportlab leaves free around its frame, in points.
FRAME = 6


@cache
def _fonts() -> dict[str, frozenset[int]]:
    """Register the fonts once in a process; return the characters that each has."""
    known = {}
    for name in (_PLAIN, _STRONG, _OTHER):
        font = TTFont(name, str(FONTS / f"{name}.ttf"))
        pdfmetrics.registerFont(font)
        known[name] = frozenset(font.face.charToGlyph)
    return known


def _marked(text: str) -> str:
    """Return the text as reportlab's markup, each character in a font that has it."""
    known = _fonts()
    out: list[str] = []
    for character in text:
        code = ord(character)
        if character == "\n":
            out.append("<br/>")
        elif code in known[_PLAIN]:
            out.append(escape(character))
        else:
            shown = character if code in known[_OTHER] else _UNKNOWN
            out.append(f'<font name="{_OTHER}">{shown}</font>')
    return "".join(out)


@dataclass(frozen=True)
class _Look:
    """A kind of paragraph; sizes in points."""

    size: float = 9.5
    font: str = _PLAIN
    colour: str = INK
    before: float = 0
    after: float = 4
    indent: float = 0
    keep: int = 0
    box: bool = False

    def style(self, scale: float) -> Any:
        box: dict[str, Any] = {"borderWidth": 0.6, "borderPadding": 4} if self.box else {}
        return ParagraphStyle(
            "", fontName=self.font, fontSize=self.size * scale, leading=self.size * 1.4 * scale,
            textColor=self.colour, spaceBefore=self.before * scale, spaceAfter=self.after * scale,
            leftIndent=self.indent, bulletFontName=_PLAIN, keepWithNext=self.keep,
            backColor=AMBER_TINT if self.box else None,
            borderColor=AMBER if self.box else None, **box,
        )  # fmt: skip


_ABOVE = _Look(8.5, colour=SOFT, after=2)
_TITLE = _Look(18, _STRONG)
_BELOW = _Look(8.5, colour=SOFT, after=8)
_HEADING = _Look(11.5, _STRONG, before=9, after=3, keep=1)
_TEXT = {"": _Look(), "muted": _Look(colour=SOFT), "warning": _Look(before=6, after=9, box=True)}
_BULLET = _Look(after=2, indent=11)
_LABEL, _CELL = _Look(8.5, colour=SOFT, after=0), _Look(9, after=0)
_FOOT = _Look(7.5, colour=SOFT)


class Maker:
    """One rendering of a document at one size of type."""

    def __init__(self, document: Document, scale: float) -> None:
        _fonts()
        self.document, self.scale = document, scale
        self.width, self.margin = (WIDTH_MM - 2 * MARGIN_MM) * mm, MARGIN_MM * mm
        self.pages = 0

    def make(self) -> tuple[bytes, int]:
        file = io.BytesIO()
        made = SimpleDocTemplate(
            file, pagesize=A4, leftMargin=self.margin - FRAME, rightMargin=self.margin - FRAME,
            topMargin=self.margin * 0.9, bottomMargin=self.margin, invariant=1,
            title=self.document.title, lang=self.document.language, author="CrisisDesk",
        )  # fmt: skip
        made.build(self._story(), canvasmaker=partial(_Numbered, maker=self))
        return file.getvalue(), self.pages

    def _story(self) -> list[Any]:
        document = self.document
        head = [
            self._paragraph(document.above, _ABOVE),
            self._paragraph(document.title, _TITLE),
            self._paragraph(document.below, _BELOW),
        ]
        return head + [each for block in document.blocks for each in self._block(block)]

    def _block(self, block: Block) -> list[Any]:
        match block:
            case Heading(text):
                return [self._paragraph(text, _HEADING)]
            case Text(text, look):
                return [self._paragraph(text, _TEXT[look])]
            case Bullets(items):
                return [self._paragraph(each, _BULLET, bullet="•") for each in items]
            case Pairs(rows):
                return [self._grid(rows, (0.3, 0.7), label=True)] if rows else []
            case Table(head, rows, widths):
                shares = widths or (1 / len(head),) * len(head)
                return [self._grid((head, *rows), shares, head=True)]

    def _paragraph(self, text: str, look: _Look, *, bullet: str | None = None) -> Any:
        return Paragraph(_marked(text), look.style(self.scale), bulletText=bullet)

    def _grid(
        self,
        rows: tuple[tuple[str, ...], ...],
        shares: tuple[float, ...],
        *,
        head: bool = False,
        label: bool = False,
    ) -> Any:
        """Return rows in columns; a row that is longer than a page goes on to the next."""

        def cell(text: str, row: int, column: int) -> Any:
            named = (head and row == 0) or (label and column == 0)
            return self._paragraph(text, _LABEL if named else _CELL)

        cells = [
            [cell(text, number, column) for column, text in enumerate(row)]
            for number, row in enumerate(rows)
        ]
        style = [
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LINEBELOW", (0, 0), (-1, -1), 0.5, LINE),
            ("LEFTPADDING", (0, 0), (-1, -1), 0),
            ("TOPPADDING", (0, 0), (-1, -1), 2.5 * self.scale),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 3 * self.scale),
        ]
        widths = [share * self.width / sum(shares) for share in shares]
        return Grid(cells, widths, style=style, repeatRows=int(head), splitInRow=1, spaceAfter=4)

    def foot(self, canvas: Any, number: int) -> None:
        line = self._paragraph(self.document.foot, _FOOT)
        _wide, high = line.wrap(self.width * 0.85, 40)
        line.drawOn(canvas, self.margin, self.margin * 0.75 - high)
        canvas.setFont(_PLAIN, 7.5)
        canvas.setFillColor(SOFT)
        right = self.margin + self.width
        canvas.drawRightString(right, self.margin * 0.75 - 8, f"{number} / {self.pages}")


class _Numbered(Canvas):  # type: ignore[misc]
    """Writes the foot of every page once it is known how many there are."""

    def __init__(self, *args: Any, maker: Maker, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._maker = maker
        self._seen: list[dict[str, Any]] = []

    def showPage(self) -> None:  # noqa: N802 - reportlab's name
        self._seen.append(dict(self.__dict__))
        self._startPage()

    def save(self) -> None:
        self._maker.pages = len(self._seen)
        for number, page in enumerate(self._seen, start=1):
            self.__dict__.update(page)
            self._maker.foot(self, number)
            super().showPage()
        super().save()
