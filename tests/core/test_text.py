"""Outside text on its way in, and compared."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.text import clean, fold


@pytest.mark.parametrize(
    ("raw", "kept"),
    [
        ("nul\x00led", "nulled"),
        ("half \ud83d of a pair", "half  of a pair"),
        ("\x1b[31mred\x9b", "[31mred"),
        ("a\r\nb\rc\td", "a\nb\nc\td"),
        ("Æble 🍏 \u202eесрет", "Æble 🍏 \u202eесрет"),
    ],
)
def test_clean_takes_out_what_cannot_be_stored_and_nothing_else(raw: str, kept: str) -> None:
    assert clean(raw) == kept


@given(st.text(alphabet=st.characters()))
def test_whatever_comes_in_can_be_encoded_and_stored_afterwards(raw: str) -> None:
    cleaned = clean(raw)
    cleaned.encode("utf-8")
    assert "\x00" not in cleaned
    assert clean(cleaned) == cleaned


@pytest.mark.parametrize(
    "disguise",
    [
        "FJORDKAFFE",
        "Fjord\u200bkaffe",
        "Ｆｊｏｒｄｋａｆｆｅ",
        "fjord\u00adkaffe",
        "\u202dFjordkaffe",
    ],
)
def test_a_disguised_name_compares_equal(disguise: str) -> None:
    assert disguise != "fjordkaffe"
    assert fold(disguise) == fold("Fjordkaffe")


@given(st.text())
def test_folding_twice_changes_nothing(raw: str) -> None:
    assert fold(fold(raw)) == fold(raw)
