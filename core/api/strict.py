"""JSON from strangers, read strictly. Knows no framework, so that every edge can use it."""

import json
import math
import re
from typing import Any, NoReturn

from django.utils.translation import gettext as _

DEPTH = 64
DIGITS = 18
# One string as a whole, or one bracket. Possessive: no backtracking, so the scan stays linear
# whatever is sent.
_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[\[{]|[\]}]', re.DOTALL)
_SUSPECT_ESCAPE = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")


class BadJson(ValueError):
    """The text says what is wrong, and where it can be known, in the reader's language."""


def loads(body: bytes) -> Any:
    """Return the value of `body`; raise BadJson for whatever could hurt further in.

    That is: too deep, NaN and infinity, integers of more than 18 digits, strings that cannot be
    stored, text that is not UTF-8.
    """
    _refuse_depth(body)
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadJson(
            _("This is not UTF-8: the byte at position %(at)s.") % {"at": error.start}
        ) from None
    value = _decode(text)
    if _SUSPECT_ESCAPE.search(text):
        _refuse_unstorable(value, "")
    return value


def _decode(text: str) -> Any:
    try:
        return json.loads(text, parse_int=_integer, parse_float=_float, parse_constant=_constant)
    except json.JSONDecodeError as error:
        where = {"line": error.lineno, "column": error.colno}
        raise BadJson(
            _("This is not JSON: see line %(line)s, column %(column)s.") % where
        ) from None


def _refuse_depth(body: bytes) -> None:
    """Count before parsing: the parser itself would run out of stack."""
    if body.count(b"[") + body.count(b"{") <= DEPTH:
        return
    depth = 0
    for token in _TOKEN.finditer(body):
        first = token[0][:1]
        if first in b"[{":
            depth += 1
            if depth > DEPTH:
                raise BadJson(_("Nested more than %(depth)s deep.") % {"depth": DEPTH})
        elif first in b"]}":
            depth -= 1


def _integer(digits: str) -> int:
    if len(digits.lstrip("-")) > DIGITS:
        raise BadJson(_("A number has more than %(digits)s digits.") % {"digits": DIGITS})
    return int(digits)


def _float(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise BadJson(_("The number %(number)s is too large.") % {"number": digits[:40]})
    return value


def _constant(name: str) -> NoReturn:
    raise BadJson(_("%(name)s is not a number that JSON knows.") % {"name": name})


def _refuse_unstorable(value: Any, path: str) -> None:
    """Look at every string, for some escape in the body may have made what cannot be stored."""
    if isinstance(value, str):
        _refuse_string(value, path)
    elif isinstance(value, dict):
        for key, item in value.items():
            _refuse_string(key, path)
            _refuse_unstorable(item, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            _refuse_unstorable(item, f"{path}.{index}" if path else str(index))


def _refuse_string(value: str, path: str) -> None:
    if "\x00" in value:
        raise BadJson(_("There is a NUL character at “%(path)s”.") % {"path": path})
    try:
        value.encode()
    except UnicodeEncodeError:
        raise BadJson(_("There is half a surrogate pair at “%(path)s”.") % {"path": path}) from None
