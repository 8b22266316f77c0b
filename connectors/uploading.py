"""Images on their way to a network, before the post that shows them: nothing is out yet."""

import time
from collections.abc import Iterable, Iterator

from django.utils.translation import gettext_noop as _

from .base import Picture, TemporaryError

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
