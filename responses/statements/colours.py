"""A brand's colour made readable: contrast by WCAG 2.2, at least 4.5:1 as text on either ground."""

LIGHT, DARK = "#ffffff", "#10141a"
_ENOUGH = 4.5
_STEPS = 50


def readable(colour: str) -> tuple[str, str]:
    """Return the shades of "#rrggbb" for the light and for the dark page."""
    return _towards(colour, "#000000", LIGHT), _towards(colour, "#ffffff", DARK)


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _towards(colour: str, end: str, ground: str) -> str:
    """The first mix of the colour with `end` that can be read on `ground`."""
    for step in range(_STEPS + 1):
        mixed = _mix(colour, end, step / _STEPS)
        if contrast(mixed, ground) >= _ENOUGH:
            return mixed
    return end


def _mix(one: str, other: str, share: float) -> str:
    pairs = zip(_channels(one), _channels(other), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(each / 255) for each in _channels(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
