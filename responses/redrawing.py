"""Uploaded images drawn anew: upright, small enough for every network, and nothing but pixels."""

from dataclasses import dataclass
from io import BytesIO

from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from PIL import Image, ImageOps

from core.errors import Refused

# What every network that carries images takes: Bluesky's maximum is the tightest.
MOST_BYTES = 1_000_000
LONGEST_SIDE = 2048
# What is read of an upload, and decoded.
MOST_UPLOADED = 15 * 1024 * 1024
MOST_PIXELS = 40_000_000
FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
_QUALITIES = (88, 80, 70)
_SMALLER = 0.75


@dataclass(frozen=True)
class Drawn:
    """What became of an upload: bytes of ours, in pixels."""

    data: bytes
    media_type: str
    width: int
    height: int


def redraw(source: bytes) -> Drawn:
    """Draw an upload anew, upright, small enough for every network and with its pixels alone.

    Place, camera, comments and colour profiles stay behind. Refused, with what to do, for what is
    no still JPEG, PNG, WebP or GIF.
    """
    if not source:
        raise Refused(_("The file is empty."))
    if len(source) > MOST_UPLOADED:
        raise Refused(_("An image has at most %(size)s.") % {"size": filesizeformat(MOST_UPLOADED)})
    try:
        return _drawn(source)
    except Refused:
        raise
    # Whatever a hostile picture provokes in a decoder ends here.
    except Exception:
        raise Refused(_("This is no image that can be read: JPEG, PNG, WebP or GIF.")) from None


def _drawn(source: bytes) -> Drawn:
    with Image.open(BytesIO(source), formats=FORMATS) as picture:
        width, height = picture.size
        if width * height > MOST_PIXELS:
            raise Refused(_("The image has too many pixels. Make it smaller."))
        # Phones put a second picture into a JPEG: that is no animation.
        if picture.format in {"GIF", "PNG", "WEBP"} and getattr(picture, "is_animated", False):
            raise Refused(_("Moving images are not taken. Choose a still one."))
        lossless = picture.format in {"GIF", "PNG"}
        clear = "A" in picture.getbands() or "transparency" in picture.info
        upright = ImageOps.exif_transpose(picture).convert("RGBA" if clear else "RGB")
    # A new picture carries nothing of what came along with the old one.
    bare = Image.new(upright.mode, upright.size)
    bare.paste(upright)
    bare.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    return _encoded(bare, lossless=lossless or clear)


def _encoded(picture: Image.Image, *, lossless: bool) -> Drawn:
    """As a PNG where that is wanted and small enough, else as the best JPEG that is."""
    if lossless and (drawn := _saved(picture, "PNG")):
        return drawn
    if picture.mode == "RGBA":
        paper = Image.new("RGB", picture.size, "white")
        paper.paste(picture, mask=picture.getchannel("A"))
        picture = paper
    while True:
        for quality in _QUALITIES:
            if drawn := _saved(picture, "JPEG", quality=quality):
                return drawn
        width, height = picture.size
        picture = picture.resize((int(width * _SMALLER) or 1, int(height * _SMALLER) or 1))


def _saved(picture: Image.Image, kind: str, **options: int) -> Drawn | None:
    out = BytesIO()
    picture.save(out, kind, **options)
    if out.tell() > MOST_BYTES:
        return None
    return Drawn(out.getvalue(), f"image/{kind.lower()}", *picture.size)
