"""Images as pages show them: with an address, beside their words, and what changed among them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from incidents.serving import HEADERS

from .models import Draft
from .models_media import DraftImage
from .models_statement import StatementImage
from .placing import Placed

NAMES = {
    "added": _("added"),
    "removed": _("taken out"),
    "described": _("other alt text"),
    "moved": _("other place"),
}


@dataclass(frozen=True)
class Shown:
    """An image at its place, counted from 1."""

    number: int
    image: Placed
    address: str


@dataclass(frozen=True)
class Changed:
    """What became of an image: `kind` of NAMES; `before` is its alt text before, if it had one."""

    kind: str
    shown: Shown
    before: str = ""

    @property
    def name(self) -> str | Promise:
        return NAMES[self.kind]


def shown(draft: Draft, images: Iterable[Placed]) -> list[Shown]:
    """The images as those who may see the draft find them."""
    here = (draft.incident.reference, draft.number)
    return [
        Shown(number, image, reverse("responses:image", args=[*here, image.sha256]))
        for number, image in enumerate(images, 1)
    ]


def changes(before: list[Shown], after: list[Shown]) -> list[Changed]:
    """What was added, described or placed otherwise, in its new order, and what was taken out."""
    old = {each.image.sha256: each for each in before}
    new = {each.image.sha256 for each in after}
    kept = [each.image.sha256 for each in before if each.image.sha256 in new]
    told = [change for each in after if (change := _change(each, old, kept))]
    gone = [each for each in before if each.image.sha256 not in new]
    return [*told, *(Changed("removed", each, each.image.alt) for each in gone)]


def _change(each: Shown, old: Mapping[str, Shown], kept: list[str]) -> Changed | None:
    earlier = old.get(each.image.sha256)
    if earlier is None:
        return Changed("added", each)
    if earlier.image.alt != each.image.alt:
        return Changed("described", each, earlier.image.alt)
    # Not what moved up because another one was taken out.
    moved = earlier.number != each.number and len(kept) == len(old)
    return Changed("moved", each, each.image.alt) if moved else None


def sent(draft: Draft, digest: str) -> HttpResponse:
    """Answer with the bytes of one of the draft's images; 404 for any other."""
    return answer(draft.images.filter(sha256=digest).first())


def answer(row: DraftImage | StatementImage | None) -> HttpResponse:
    """Answer with the bytes of an image; 404 where there is none."""
    if row is None:
        raise Http404
    shown = HttpResponse(bytes(row.data), content_type=row.media_type, headers=HEADERS)
    # The same address always has the same bytes; a page under work asks for them often.
    shown["Cache-Control"] = "private, max-age=300"
    return shown
