"""Contrast of every pair of colours that the screens use, in both themes (WCAG 2.2 AA)."""

import re

import pytest
from django.conf import settings

TOKENS = (settings.BASE_DIR / "static/css/tokens.css").read_text(encoding="utf-8")
TEXTS = [
    "tx",
    "tx-2",
    "tx-3",
    "red",
    "amber",
    "yellow",
    "green",
    "iris",
    "slate",
    "neg-tx",
    "pos-tx",
]
TINTED = ("red", "amber", "yellow", "green", "iris", "slate")
GROUNDS = ("bg", "surface", "raised")
PAIRS = [
    *((text, ground, 4.5) for text in TEXTS for ground in GROUNDS),
    *((name, f"{name}-tint", 4.5) for name in TINTED),
    *(("tx", ground, 4.5) for ground in ("amber-tint", "red-tint", "green-tint", "iris-tint")),
    ("tx-2", "amber-tint", 4.5),
    ("tx-2", "red-tint", 4.5),
    ("tx-3", "sunken", 4.5),
    ("tx", "sunken", 4.5),
    ("tx", "overlay", 4.5),
    ("tx-3", "overlay", 4.5),
    ("on-ink", "ink", 4.5),
    ("on-ink", "ink-hover", 4.5),
    ("on-red", "red-solid", 4.5),
    ("on-amber", "amber-solid", 4.5),
    # Edges of inputs, the focus ring and the marks of sentiment are not text.
    *((edge, ground, 3.0) for edge in ("ctl", "iris-line") for ground in ("surface", "bg")),
    ("neg", "surface", 3.0),
    ("pos", "surface", 3.0),
]


def theme(name: str) -> dict[str, str]:
    start = TOKENS.index(f'[data-bs-theme="{name}"]')
    block = TOKENS[start : TOKENS.index("\n}", start)]
    return dict(re.findall(r"--([a-z0-9-]+): (#[0-9A-F]{6});", block))


def luminance(colour: str) -> float:
    def linear(channel: float) -> float:
        return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4

    red, green, blue = (linear(int(colour[at : at + 2], 16) / 255) for at in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_the_measure_itself_is_right() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#767676", "#FFFFFF") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("name", ["light", "dark"])
def test_every_pair_can_be_read(name: str) -> None:
    colours = theme(name)
    weak = {
        (text, ground): round(contrast(colours[text], colours[ground]), 2)
        for text, ground, least in PAIRS
        if contrast(colours[text], colours[ground]) < least
    }
    assert weak == {}


@pytest.mark.parametrize("name", ["light", "dark"])
def test_both_themes_define_the_same_colours(name: str) -> None:
    assert set(theme("light")) == set(theme("dark"))
    assert {text for text, _ground, _least in PAIRS} <= set(theme(name))


def test_white_can_be_read_on_the_approve_button() -> None:
    approve = dict(re.findall(r"--(approve[a-z-]*): (#[0-9A-F]{6})", TOKENS))
    assert min(contrast("#FFFFFF", colour) for colour in approve.values()) >= 4.5
