"""Images on their way to a network, before the post that shows them: nothing is out yet."""

import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from uuid import uuid4

from django.utils.translation import gettext_noop as _

from .base import Picture, TemporaryError, UncertainError

# Seconds for all images of a post together: the post itself must fit into the call's time too
# (outbox.CALL_LIMIT).
ALL = 9.0


def in_time(images: Iterable[Picture], seconds: float = ALL) -> Iterator[tuple[Picture, float]]:
    """Yield each image with the seconds that are left. TemporaryError once there are none."""
    until = time.monotonic() + seconds
    for image in images:
        yield image, left(until)


def left(until: float) -> float:
    """Seconds until then, as time.monotonic counts. TemporaryError if it is over."""
    seconds = until - time.monotonic()
    if seconds <= 0:
        raise TemporaryError(_("The images took too long to upload. We try again."))
    return seconds


@contextmanager
def unseen() -> Iterator[None]:
    """What is uploaded, nobody sees yet: where the answer is lost, it may be done again."""
    try:
        yield
    except UncertainError as error:
        raise TemporaryError(error) from error


def form(fields: Mapping[str, str], name: str, image: Picture) -> tuple[bytes, str]:
    """Return a form with an image in its field `name`, and its content type."""
    boundary = uuid4().hex
    begin = f"--{boundary}\r\nContent-Disposition: form-data; "
    ending = image.media_type.rpartition("/")[2]
    pieces = [f'{begin}name="{each}"\r\n\r\n{said}\r\n'.encode() for each, said in fields.items()]
    pieces += [
        f'{begin}name="{name}"; filename="image.{ending}"\r\n'.encode(),
        f"Content-Type: {image.media_type}\r\n\r\n".encode(),
        image.data,
        f"\r\n--{boundary}--\r\n".encode(),
    ]
    return b"".join(pieces), f"multipart/form-data; boundary={boundary}"
