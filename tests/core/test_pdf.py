"""Documents as PDF and HTML: what is in them can be read back, and hostile text stays text."""

import io

import pytest
from pypdf import PdfReader

from core import pdf
from core.document import Bullets, Document, Heading, Pairs, Table, Text, as_html

HOSTILE = "<b>bold</b> & <script>alert(1)</script> </para> &lt; ${x}"


def read(made: bytes) -> list[str]:
    """Return the text of each page, without what the line breaks add."""
    return [" ".join(page.extract_text().split()) for page in PdfReader(io.BytesIO(made)).pages]


def document(*blocks: object) -> Document:
    return Document("Plastik i grøden", blocks, above="CD-2026-1", below="12:00", foot="Fortroligt")


def test_every_kind_of_block_can_be_read_on_the_page() -> None:
    made = pdf.render(
        document(
            Heading("Hvad vi ved"),
            Text("Æbler, øl og ål – “citat”."),
            Text("Ingen har svaret.", "warning"),
            Bullets(("Et", "To")),
            Pairs((("Myndighed", "Datatilsynet"),)),
            Table(("Nr.", "Hvad"), (("F1", "Varen er trukket tilbage"),), (1, 8)),
        )
    )
    (page,) = read(made)
    for text in ("Plastik i grøden", "Æbler, øl og ål – “citat”.", "Ingen har svaret.", "To",
                 "Datatilsynet", "Varen er trukket tilbage", "Fortroligt", "1 / 1"):  # fmt: skip
        assert text in page


def test_hostile_text_is_printed_as_it_stands() -> None:
    texts = (Text(HOSTILE), Bullets((HOSTILE,)), Pairs(((HOSTILE, HOSTILE),)))
    (page,) = read(pdf.render(document(*texts, Table((HOSTILE,), ((HOSTILE,),)))))
    assert page.count("<script>alert(1)</script>") == 6
    html = as_html(document(*texts, Table((HOSTILE,), ((HOSTILE,),))))
    assert "<script" not in html
    assert html.count("&lt;script&gt;alert(1)&lt;/script&gt;") == 6


def test_other_scripts_are_set_in_the_other_font_and_what_no_font_has_is_marked() -> None:
    (page,) = read(pdf.render(document(Text("Привет, κόσμε → 漢"))))
    assert "Привет, κόσμε → \ufffd" in page


def test_the_same_content_gives_the_same_bytes() -> None:
    assert pdf.render(document(Text("a"))) == pdf.render(document(Text("a")))
    assert pdf.render(document(Text("a"))) != pdf.render(document(Text("b")))


@pytest.mark.parametrize("text", ["ord " * 4000, "x" * 20_000, "\n" * 400 + "slut"])
def test_what_is_longer_than_a_page_goes_on_to_the_next(text: str) -> None:
    pages = read(pdf.render(document(Text(text), Table(("a", "b"), ((text, text),), (1, 9)))))
    assert len(pages) > 1
    assert all(f"{number} / {len(pages)}" in page for number, page in enumerate(pages, start=1))


def test_a_document_shrinks_to_the_pages_it_is_given_and_no_further() -> None:
    rows = Table(("a",), tuple((f"linje {number}",) for number in range(48)))
    assert len(read(pdf.render(document(rows)))) == 2
    assert len(read(pdf.render(document(rows), pages=1))) == 1
    endless = Text("ord " * 8000)
    assert len(read(pdf.render(document(endless), pages=1))) > 1
