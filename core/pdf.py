"""Documents (core.document) as PDF: A4, self-contained, the same bytes for the same content."""

import threading

from .document import Document

# How far the type may shrink to fit a document on the pages it is given.
SCALES = (1.0, 0.92, 0.85, 0.78, 0.72)
# Reportlab keeps its fonts in a table of the process.
_LOCK = threading.Lock()


def render(document: Document, *, pages: int | None = None) -> bytes:
    """Return the document as a PDF file.

    With `pages` the type is made smaller, to 72 percent at the least, until it takes no more pages
    than that; what is longer still goes on to the next.
    """
    # Here, since reportlab costs 20 MB, and most processes never make a document.
    from .typesetting import Maker  # noqa: PLC0415

    with _LOCK:
        for scale in SCALES:
            made, count = Maker(document, scale).make()
            if pages is None or count <= pages:
                break
    return made
