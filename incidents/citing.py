"""Facts cited in texts as [F3]: found, shown with how they stand, taken out. Pure.

Rooms above tell where else facts are cited with `@places`: in drafts.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.urls import reverse
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from core import markup

from .enums_record import FactStatus

CITATION = re.compile(r"\[F([1-9]\d{0,5})\]", re.IGNORECASE)
# Icon and look of each status; what is verified is quiet.
LOOKS: dict[str, tuple[str, str]] = {
    FactStatus.VERIFIED: ("circle-check", "green"),
    FactStatus.UNCONFIRMED: ("help-circle", "amber"),
    FactStatus.DISPUTED: ("alert-triangle", "amber"),
    FactStatus.WITHDRAWN: ("x", "red"),
}


@dataclass(frozen=True)
class Place:
    """A text that cites facts: what it is called, where it is read, and the text."""

    label: str
    url: str
    text: str


Finder = Callable[[int], list[Place]]
FINDERS: list[Finder] = []


def places(function: Finder) -> Finder:
    """Register a function that returns the texts of an incident (its id) that cite facts."""
    FINDERS.append(function)
    return function


def cited(text: str) -> set[int]:
    """Return the numbers of the facts that a text cites."""
    return {int(number) for number in CITATION.findall(text)}


def without(text: str) -> str:
    """Return the text as the public may read it: without citations and the space before them."""
    return re.sub(rf"[ \t]*{CITATION.pattern}", "", text, flags=re.IGNORECASE)


def chip(number: int, status: str | None, *, reference: str) -> SafeString:
    """Return the citation as a link to the fact, with its status unless it is verified."""
    if status is None:
        return mark_safe(f"[F{number}]")  # noqa: S308 - a figure
    icon, look = LOOKS[status]
    label = FactStatus(status).label
    word = "" if status == FactStatus.VERIFIED else f" {escape(label)}"
    url = reverse("incidents:fact", args=[reference, number])
    return mark_safe(  # noqa: S308 - figures, our own words and address
        f'<a class="fact-chip fact-{look}" href="{url}" title="{escape(label)}">'
        f"{markup.icon(icon, 's14')}F{number}{word}</a>"
    )


def marked(text: str, standing: Mapping[int, str], *, reference: str) -> SafeString:
    """Return the text escaped, its citations as chips; `standing` is each fact's status."""
    out: list[str] = []
    end = 0
    for found in CITATION.finditer(text):
        number = int(found[1])
        out += [
            escape(text[end : found.start()]),
            chip(number, standing.get(number), reference=reference),
        ]
        end = found.end()
    out.append(escape(text[end:]))
    return mark_safe("".join(out))  # noqa: S308 - escaped above
