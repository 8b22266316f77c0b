"""Images for a Mastodon server: held against what it takes, uploaded, and waited for."""

import time
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from django.utils.translation import gettext_noop as _

from connectors import uploading
from connectors.base import PermanentError, Picture, ReadError
from core import http

from .client import Client, Limits, NotThere, refusal, text

# Seconds between two looks at whether the server has worked an image up.
PAUSE = 0.4


def upload(client: Client, images: Sequence[Picture]) -> list[str]:
    """Upload images with their alt texts; return their ids once the server is done with them.

    Raises PermanentError for what it does not take, ReadError and TemporaryError for the rest:
    nothing is published, and what was uploaded the server forgets by itself.
    """
    _refuse_unfit(client.limits, images)
    return [_uploaded(client, image, seconds) for image, seconds in uploading.in_time(images)]


def _refuse_unfit(limits: Limits, images: Sequence[Picture]) -> None:
    if len(images) > limits.attachments:
        raise PermanentError(
            _("The server takes at most %(most)d images a post."), most=limits.attachments
        )
    for number, image in enumerate(images, 1):
        too_big = limits.image_bytes and len(image.data) > limits.image_bytes
        too_wide = limits.image_pixels and image.width * image.height > limits.image_pixels
        unknown = limits.media_types and image.media_type not in limits.media_types
        if too_big or too_wide or unknown:
            raise PermanentError(
                _("The server does not take image %(number)d: too large, or of another kind."),
                number=number,
            )
        if limits.description and len(image.alt) > limits.description:
            raise PermanentError(
                _("The server takes alt texts of at most %(most)d characters."),
                most=limits.description,
            )


def _uploaded(client: Client, image: Picture, seconds: float) -> str:
    until = time.monotonic() + seconds
    try:
        made = _posted(client, "/api/v2/media", image, seconds)
    except NotThere:
        # Relatives of Mastodon that only know the older call.
        made = _posted(client, "/api/v1/media", image, uploading.left(until))
    media_id = text(made.get("id"))
    if not media_id:
        raise ReadError(_("The server's answer cannot be read: is this a Mastodon server?"))
    ready = bool(made.get("url"))
    while not ready:
        time.sleep(min(PAUSE, uploading.left(until)))
        ready = client.answer(f"/api/v1/media/{quote(media_id, safe='')}").status == 200
    return media_id


def _posted(client: Client, path: str, image: Picture, seconds: float) -> dict[str, Any]:
    body, kind = uploading.form({"description": image.alt}, "file", image)
    try:
        answer = client.call(
            "POST",
            path,
            raw=body,
            headers={"Content-Type": kind},
            timeout=seconds,
        )
    except http.HttpError as error:
        raise ReadError(error) from error
    if not answer.ok:
        raise refusal(answer)
    return answer.data if isinstance(answer.data, dict) else {}
