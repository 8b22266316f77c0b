"""A draft held against what stands, put together for the page and the API."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from incidents.models import Incident

from . import variables
from .advising import units
from .guard import Clash, Index, clashes
from .live_texts import as_said, live_texts

KINDS = {
    "number": _("Another number"),
    "time": _("Another time"),
    "cause": _("Another cause"),
    "promise": _("Another promise"),
    "posture": _("Denied here, admitted or played down there"),
}


@dataclass(frozen=True)
class Guarded:
    """A contradiction in words, with its place in the text as browsers count."""

    clash: Clash
    start: int
    end: int

    @property
    def name(self) -> Any:
        return KINDS[self.clash.kind]


def guarded(incident: Incident, text: str, *, now: datetime) -> tuple[list[Guarded], int]:
    """Return what `text` contradicts of the live texts, and how many those are.

    It is read with its variables filled, as people will read it; places are those of `text`. Five
    queries, and those of its variables.
    """
    texts, full = live_texts(incident), variables.filled(text, incident, now=now)
    found = clashes(as_said(incident, full.text, now=now), Index(texts))
    told = []
    for each in found:
        start, end = full.typed(each.claim.start, each.claim.end)
        told.append(Guarded(each, units(text, start), units(text, end)))
    return told, len(texts)
