"""Tables for people who open them in a spreadsheet."""

import re
import unicodedata

# What a spreadsheet takes for the beginning of a formula, in any width; and a leading tab or line.
_FORMULA = re.compile(r"[=+\-@|%\t\r\n]")


def cell(value: object) -> str:
    """Return the value as text that no spreadsheet runs: a quote goes before what looks active."""
    text = str(value)
    visible = unicodedata.normalize("NFKC", text).lstrip(" \u00a0\u200b\ufeff")
    return "'" + text if _FORMULA.match(visible) else text
