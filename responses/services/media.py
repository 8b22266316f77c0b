"""Images of a draft: taken in, and handed to whoever publishes them."""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.enums import Permission
from accounts.models import User
from accounts.rules import require
from connectors.base import Can, Picture
from connectors.models import ConnectedAccount
from connectors.registry import NETWORKS
from core.errors import Refused
from responses import placing, texts
from responses.enums import Act
from responses.models import Draft, Version
from responses.models_media import DraftImage
from responses.redrawing import redraw

from .rows import lock_draft, refuse_closed

# Of all versions of a draft together.
MOST_KEPT = 40


def keep_image(draft_id: int, source: bytes, *, by: User, now: datetime) -> DraftImage:
    """Draw an upload anew and keep it with the draft. No version shows it before `edit_draft` says
    so: whoever loses the race for a version has not lost the image. The same image is kept once."""
    drawn = redraw(source)
    with transaction.atomic():
        draft = lock_draft(draft_id)
        require(by, Permission.DRAFT, draft.incident.brand_id)
        refuse_closed(draft)
        _refuse_imageless(draft)
        digest = hashlib.sha256(drawn.data).hexdigest()
        known = draft.images.defer("data").filter(sha256=digest).first()
        if known:
            return known
        if draft.images.count() >= MOST_KEPT:
            raise Refused(_("This draft has had too many images. Write a new one."))
        return DraftImage.objects.create(
            draft=draft,
            sha256=digest,
            media_type=drawn.media_type,
            width=drawn.width,
            height=drawn.height,
            data=drawn.data,
            uploaded_by=by,
            uploaded_at=now,
        )


def _refuse_imageless(draft: Draft) -> None:
    if draft.act in {Act.ANSWER, Act.DELETE}:
        raise Refused(_("Images go with posts. This is none."))


def placed(draft: Draft, images: Sequence[tuple[str, str]]) -> str:
    """Return what a version keeps of these (digest, alt text), in their order.

    Refuses images that are not the draft's own, and more than networks take.
    """
    if not images:
        return ""
    _refuse_imageless(draft)
    wanted = dict(images)
    if len(wanted) > placing.MOST:
        raise Refused(_("A post has at most %(most)d images.") % {"most": placing.MOST})
    own = {each.sha256: each for each in draft.images.defer("data").filter(sha256__in=wanted)}
    if len(own) != len(wanted):
        raise Refused(_("An image that you chose is not of this draft. Attach it first."))
    rows = [
        placing.Placed(
            digest, _alt(alt), own[digest].media_type, own[digest].width, own[digest].height
        )
        for digest, alt in wanted.items()
    ]
    return placing.listed(rows)


def showable(account: ConnectedAccount, *, answers: bool = False) -> bool:
    """Whether a post through this account, or an answer, can show images."""
    network = NETWORKS[account.network]
    return Can.IMAGES in network.can and (network.answers_show_images or not answers)


def _alt(alt: str) -> str:
    alt = " ".join(texts.tidy(alt).split())
    if len(alt) > placing.MOST_ALT:
        raise Refused(
            _("An alt text has at most %(most)d characters, this has %(length)d.")
            % {"most": placing.MOST_ALT, "length": len(alt)}
        )
    return alt


def obstacles(
    images: Sequence[placing.Placed],
    accounts: Iterable[ConnectedAccount],
    *,
    answers: bool = False,
) -> list[str]:
    """Why a draft with these images cannot be submitted for these accounts, and what to do;
    `answers` if it answers somebody."""
    if not images:
        return []
    bare = [number for number, image in enumerate(images, 1) if not image.alt.strip()]
    unable = [each for each in accounts if not showable(each, answers=answers)]
    said = [
        _("Image %(number)d has no alt text. Say what is to be seen on it.") % {"number": number}
        for number in bare
    ]
    return said + [
        _("Images cannot go out through %(account)s. Take them out, or leave it out.")
        % {"account": account.name}
        for account in unable
    ]


def pictures(version: Version) -> tuple[Picture, ...] | None:
    """Return what a version shows, as it goes out; None if any bytes are not those approved."""
    wanted = version.images
    if not wanted:
        return ()
    kept = version.draft.images.filter(sha256__in=[each.sha256 for each in wanted])
    rows = {row.sha256: bytes(row.data) for row in kept}
    whole = all(
        hashlib.sha256(rows.get(each.sha256, b"")).hexdigest() == each.sha256 for each in wanted
    )
    if not whole:
        return None
    return tuple(
        Picture(rows[each.sha256], each.media_type, each.alt, each.width, each.height)
        for each in wanted
    )


def copy_images(source: Version, draft: Draft) -> str:
    """Give a new draft the images of another one's version; return what its versions keep."""
    wanted = [image.sha256 for image in source.images]
    if not wanted:
        return ""
    for row in DraftImage.objects.filter(draft=source.draft_id, sha256__in=wanted):
        row.pk, row.draft, row._state.adding = None, draft, True
        row.save(force_insert=True)
    return source.media
