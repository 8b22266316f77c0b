"""Where the bytes of evidence lie: outside the web root, under random names, for us alone."""

import hashlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from uuid import uuid4

from django.conf import settings
from PIL import Image

FOLDER = "evidence"
# A picture of more pixels than this is kept, and not shown.
MOST_PIXELS = 40_000_000
PREVIEW = (1280, 1280)
PREVIEW_ENDING = ".preview"
_CHUNK = 1024 * 1024


@dataclass(frozen=True)
class Laid:
    """What was laid down: its place, digest and size in bytes."""

    stored: str
    sha256: str
    size: int


def lay(chunks: Iterable[bytes]) -> Laid:
    """Write bytes down under a new name; they are on the disk when this returns."""
    stored = f"{FOLDER}/{uuid4().hex}"
    path = place(stored)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        for chunk in chunks:
            digest.update(chunk)
            size += len(chunk)
            out.write(chunk)
        out.flush()
        os.fsync(out.fileno())
    return Laid(stored, digest.hexdigest(), size)


def place(stored: str) -> Path:
    return Path(settings.MEDIA_ROOT) / stored


def digest(stored: str) -> str:
    """Return the SHA-256 of what lies there now; "" if it is gone."""
    found = hashlib.sha256()
    try:
        with place(stored).open("rb") as source:
            while chunk := source.read(_CHUNK):
                found.update(chunk)
    except OSError:
        return ""
    return found.hexdigest()


def draw(stored: str) -> tuple[int, int] | None:
    """Make a preview of a picture, drawn anew without anything it carried; return its size.

    None where it cannot be read as one: then nothing of it is ever shown.
    """
    try:
        with Image.open(place(stored)) as picture:
            size: tuple[int, int] = picture.size
            if size[0] * size[1] > MOST_PIXELS:
                return None
            shown = picture.convert("RGB")
            shown.thumbnail(PREVIEW)
            out = BytesIO()
            shown.save(out, "PNG", optimize=False)
    # Whatever a hostile picture provokes in a decoder ends here.
    except Exception:
        return None
    place(stored + PREVIEW_ENDING).write_bytes(out.getvalue())
    return size


def remove(stored: str) -> None:
    """Remove bytes and preview; what is gone already is gone."""
    for path in (place(stored), place(stored + PREVIEW_ENDING)):
        path.unlink(missing_ok=True)


def kept(*, before: float) -> Iterator[str]:
    """Yield what lies there since before a time (seconds since 1970), without previews."""
    for path in place(FOLDER).glob("*"):
        if not path.name.endswith(PREVIEW_ENDING) and path.stat().st_mtime < before:
            yield f"{FOLDER}/{path.name}"
