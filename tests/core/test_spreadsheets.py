import pytest

from core.spreadsheets import cell


@pytest.mark.parametrize(
    "active",
    [
        "=1+1", "+1", "-1", "@SUM(A1)", "|calc", "%x", "\t=1", "\r=1", "\n=1", " =1", "\u00a0=1",
        "\u200b=1", "\ufeff=1", "＝1", "＋1", "－1", "＠x", "｜x", "％x", "= cmd|' /C calc'!A0",
        "@=1", '=HYPERLINK("x")',
    ],
)  # fmt: skip
def test_what_looks_active_is_made_text(active: str) -> None:
    assert cell(active) == "'" + active


@pytest.mark.parametrize("plain", ["hello", "1", "a=1", "", "Øl - og kaffe", "'=1"])
def test_plain_text_stays_as_it_is(plain: str) -> None:
    assert cell(plain) == plain
