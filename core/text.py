"""Outside text: made storable on the way in, made comparable for matching."""

import re
import unicodedata

# Controls other than tab and line feed, and halves of surrogate pairs: PostgreSQL refuses the
# first of them, UTF-8 the others, and a terminal obeys the rest.
_UNSTORABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
# Print nothing: soft hyphen, zero-width, direction marks, variation selectors, tags.
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\U000e0000-\U000e0fff]"
)


def clean(text: str) -> str:
    """Return `text` without what cannot be stored or would act; line ends become line feeds.

    Everything else stays as written, disguises included: evidence is never rewritten.
    """
    if text.isprintable():
        return text
    return _UNSTORABLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def fold(text: str) -> str:
    """Return the form in which texts are compared: NFKC, case-folded, nothing invisible."""
    if text.isascii():
        return text.lower()
    folded = unicodedata.normalize("NFKC", _INVISIBLE.sub("", text)).casefold()
    # Folding case can undo the normal form (U+0345, for one).
    return unicodedata.normalize("NFKC", folded)
