"""How long X takes a text to be: 280 weighted characters, by the rules of its open text library.

Latin and its neighbours weigh one, all else two; an address weighs 23 however long it is, an emoji
two however many code points it is made of.
"""

import regex

MOST = 280
ADDRESS = 23
# Code points that weigh one (configuration 3 of the library).
_LIGHT = ((0, 4351), (8192, 8205), (8208, 8223), (8242, 8247))
# Without "https://" only what ends in a common domain counts as an address here.
_ADDRESS = regex.compile(
    r"https?://[^\s<>\"]+"
    r"|(?<![@\w.-])(?:[a-z0-9-]+\.)+(?:com|org|net|info|io|eu|dk|se|no|de|uk|fr|es|nl|app|dev)"
    r"\b(?:/[^\s<>\"]*)?",
    regex.IGNORECASE,
)
_CHARACTER = regex.compile(r"\X")
_EMOJI = regex.compile(r"\p{Emoji_Presentation}|\p{Regional_Indicator}{2}|[0-9#*]\uFE0F?\u20E3")
_PICTURE = regex.compile(r"\p{Extended_Pictographic}\uFE0F|\p{Extended_Pictographic}.*\u200D")


def weigh(text: str) -> int:
    """Return the weight of a text, as X counts it against 280."""
    addresses = _ADDRESS.findall(text)
    rest = _ADDRESS.sub("", text)
    return len(addresses) * ADDRESS + sum(map(_weight, _CHARACTER.findall(rest)))


def addresses(text: str) -> int:
    """Return how many addresses a text has: X charges for a post with one."""
    return len(_ADDRESS.findall(text))


def _weight(character: str) -> int:
    if _EMOJI.search(character) or _PICTURE.search(character):
        return 2
    return sum(1 if _is_light(ord(point)) else 2 for point in character)


def _is_light(point: int) -> bool:
    return any(low <= point <= high for low, high in _LIGHT)
