"""Images in the composer's form: chosen, described, put in order, taken out; and their bytes."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, QueryDict
from django.views.decorators.http import require_GET

from accounts.http import SignedIn
from core.clock import database_now
from core.errors import Forbidden, Refused
from responses import picturing, placing, redrawing, services
from responses.models import Draft
from responses.models_media import DraftImage

from .common import find_draft


@dataclass(frozen=True)
class Uploaded:
    """The form with what was uploaded among its images, and why any of it was not taken."""

    post: QueryDict
    problem: str = ""


@dataclass(frozen=True)
class Row:
    """An image in the form: where it stands, what was typed, and whether it is to be taken out."""

    shown: picturing.Shown
    place: str
    dropped: bool = False


def keep(request: SignedIn, draft: Draft) -> Uploaded:
    """Keep what was uploaded with the draft, so that a form that is refused has not lost it."""
    post = request.POST.copy()
    known, problem = set(post.getlist("image")), ""
    for upload in request.FILES.getlist("new_image"):
        source = upload.read(redrawing.MOST_UPLOADED + 1)
        try:
            row = services.keep_image(draft.pk, source, by=request.user, now=database_now())
        except Forbidden:
            raise
        except Refused as refused:
            problem = f"{upload.name}: {refused}"
            continue
        if row.sha256 not in known:
            known.add(row.sha256)
            post.appendlist("image", row.sha256)
    return Uploaded(post, problem)


def typed(post: QueryDict) -> list[tuple[str, str]] | None:
    """The images as the form has them, (digest, alt text) in order; None where it has no images."""
    if "images" not in post:
        return None
    wanted = dict.fromkeys(each for each in post.getlist("image") if f"drop_{each}" not in post)
    rows = [(_place(post, digest, at), digest) for at, digest in enumerate(wanted, 1)]
    return [(digest, post.get(f"alt_{digest}", "")) for _key, digest in sorted(rows)]


def _place(post: QueryDict, digest: str, at: int) -> tuple[int, int, int]:
    """What was moved up goes before what stood there, what was moved down behind it."""
    said = post.get(f"place_{digest}", "")
    place = int(said) if said.isdecimal() and len(said) < 4 else at
    return place, (place > at) - (place < at), at


def placed(draft: Draft, images: list[tuple[str, str]]) -> list[placing.Placed]:
    """Those of the draft's own, with what was typed of them."""
    rows: Mapping[str, DraftImage] = {
        row.sha256: row
        for row in draft.images.defer("data").filter(sha256__in=[each for each, _alt in images])
    }
    return [
        placing.Placed(
            digest, alt, rows[digest].media_type, rows[digest].width, rows[digest].height
        )
        for digest, alt in images
        if digest in rows
    ]


def rows(draft: Draft, images: list[placing.Placed], post: QueryDict | None) -> list[Row]:
    """The images of the form: as they stand, or as they were typed."""
    if post is None or "images" not in post:
        shown = picturing.shown(draft, images)
        return [Row(each, str(each.number)) for each in shown]
    given = dict.fromkeys(post.getlist("image"))
    known = placed(draft, [(digest, post.get(f"alt_{digest}", "")) for digest in given])
    return [
        Row(
            each,
            post.get(f"place_{each.image.sha256}", str(each.number)),
            dropped=f"drop_{each.image.sha256}" in post,
        )
        for each in picturing.shown(draft, known)
    ]


@login_required
@require_GET
def image(request: SignedIn, reference: str, number: int, image: str) -> HttpResponse:
    """The bytes of one of the draft's images, as they go out."""
    return picturing.sent(find_draft(request, reference, number), image)
