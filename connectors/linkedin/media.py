"""Images for a post on LinkedIn: announced, put where LinkedIn says, and named in the post."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from django.utils.translation import gettext_noop as _

from connectors import uploading
from connectors.base import PermanentError, Picture, TemporaryError
from connectors.rest import Call, Rest
from connectors.shapes import text


def content(rest: Rest, anywhere: Rest, owner: str, images: Sequence[Picture]) -> dict[str, Any]:
    """Upload the images as `owner`; return the part of a post that shows them with alt texts.

    `anywhere` is called by whole addresses. Raises PermanentError and TemporaryError: nothing is
    out yet.
    """
    with uploading.unseen():
        shown = [
            {"id": _uploaded(rest, anywhere, owner, each, seconds), "altText": each.alt}
            for each, seconds in uploading.in_time(images)
        ]
    return {"media": shown[0]} if len(shown) == 1 else {"multiImage": {"images": shown}}


def _uploaded(rest: Rest, anywhere: Rest, owner: str, image: Picture, seconds: float) -> str:
    announced = {"initializeUploadRequest": {"owner": owner}}
    call = Call("/images?action=initializeUpload", "POST", document=announced, seconds=seconds)
    made = rest.send(call).data
    where, urn = text(made, "value", "uploadUrl"), text(made, "value", "image")
    if not where or not urn:
        raise TemporaryError(_("LinkedIn did not say where the image is to go."))
    _refuse_foreign(rest, where)
    kind = {"Content-Type": image.media_type}
    anywhere.send(Call(where, "PUT", raw=image.data, headers=kind, seconds=seconds))
    return urn


def _refuse_foreign(rest: Rest, where: str) -> None:
    """The account's token goes along: to nobody but LinkedIn."""
    host = urlsplit(where).hostname or ""
    if host not in (rest.host, "linkedin.com") and not host.endswith(".linkedin.com"):
        raise PermanentError(_("LinkedIn wants the image sent to somebody else. Nothing was sent."))
