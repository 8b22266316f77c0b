"""Images for a post on X: uploaded, described, and named in the post by their ids."""

import base64
from collections.abc import Sequence

from django.utils.translation import gettext_noop as _

from connectors import uploading
from connectors.base import Picture, TemporaryError
from connectors.rest import Call, Rest
from connectors.shapes import text


def upload(rest: Rest, images: Sequence[Picture]) -> list[str]:
    """Return the ids of images that X has, with their alt texts. Raises PermanentError and
    TemporaryError: nothing is out, and what no post shows X forgets within a day."""
    with uploading.unseen():
        return [_uploaded(rest, each, seconds) for each, seconds in uploading.in_time(images)]


def _uploaded(rest: Rest, image: Picture, seconds: float) -> str:
    document = {
        "media": base64.b64encode(image.data).decode(),
        "media_category": "tweet_image",
        "media_type": image.media_type,
    }
    call = Call("/2/media/upload", method="POST", document=document, seconds=seconds)
    media_id = text(rest.send(call).data, "data", "id")
    if not media_id:
        raise TemporaryError(_("X did not say where the image is."))
    described = {"id": media_id, "metadata": {"alt_text": {"text": image.alt}}}
    rest.send(Call("/2/media/metadata", method="POST", document=described, seconds=seconds))
    return media_id
