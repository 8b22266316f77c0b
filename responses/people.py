"""Whom an answer names, and the digests that stand for people where no name is kept."""

import regex
from django.utils.crypto import salted_hmac

from core.text import clean

_ADDRESS = regex.compile(r"@[\p{L}\p{N}_]+(?:[.-][\p{L}\p{N}_]+)*(?:@[\p{L}\p{N}]+(?:[.-]\w+)*)?")
_NAME = regex.compile(r"[\p{L}\p{N}_][\p{L}\p{N}\p{M}_'’ -]*")
_BEHIND = regex.compile(r"\((@[^\s()]+)\)$")
LONGEST = 100
# Networks on which dots are part of people's own addresses.
_DOTTED = {"bluesky", "mastodon"}
VARIABLE = "name"
PLACE = f"{{{VARIABLE}}}"


def digest(*parts: object) -> str:
    """A digest that only this desk can make, so that nobody can try names against it."""
    text = "\x1f".join(str(part) for part in parts)
    return salted_hmac("responses.engage", text, algorithm="sha256").hexdigest()


def person(source_id: int, author_id: str, author: str, external_id: str) -> str:
    """Who wrote it; of somebody without a name each post is its own person's."""
    who = author_id or author.casefold()
    return digest("person", source_id, who) if who else digest("post", source_id, external_id)


def called(author: str, network: str) -> str:
    """The name by which an answer may address its author; "" for what could be more than a name.

    Names come from strangers, and we repeat them in public: no address, no markup, no direction
    marks, nothing that a network would make a link of.
    """
    name = clean(author).strip()
    if network == "mastodon":
        behind = _BEHIND.search(name)
        name = behind[1] if behind else name
    elif network == "bluesky":
        name = "@" + name.lstrip("@")
    if len(name) > LONGEST or "  " in name:
        return ""
    if _ADDRESS.fullmatch(name):
        return name if network in _DOTTED or "." not in name else ""
    return name if _NAME.fullmatch(name) else ""


def personal(template: str, name: str) -> str:
    """The text that goes to one person. The database makes it anew (responses_personal)."""
    if not name:
        return template.replace(f" {PLACE}", "").replace(PLACE, "")
    return template.replace(PLACE, name)
