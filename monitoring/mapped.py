"""Calls of listening tools: their JSON made into ours by JMESPath, one expression a field.

A mapping is lines of `field = expression`. `items` finds the list in the call; all others are
asked of each item. What people write is bounded before it is run: short, flat, of few functions,
and nothing that multiplies what it was given.
"""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import jmespath
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from jmespath.exceptions import JMESPathError

from connectors.declared import BadSetting
from core.api.strict import loads

from . import payload
from .payload import MAX_MENTIONS, Payload, WrongShape

ITEMS = "items"
FIELDS = (
    "external_id", "text", "title", "author", "author_id", "url", "published_at", "edited_at",
    "lang", "reach", "network", "stars", "parent_id",
)  # fmt: skip
MAX_EXPRESSION = 300
MAX_DEPTH = 12
MAX_NODES = 60
# Lists and objects that an expression may build: each may repeat what it was given.
MAX_BUILT = 3
# Seconds for a whole call.
PATIENCE = 2.0
FUNCTIONS = frozenset(
    ("not_null", "join", "contains", "starts_with", "ends_with", "length", "to_number", "type")
)

_BRANDWATCH = (
    "items = results || mentions || [@]",
    "external_id = resourceId || guid",
    "text = fullText || snippet",
    "title = title",
    "author = author || fullname",
    "url = originalUrl || url",
    "published_at = date",
    "lang = language",
    "reach = reachEstimate",
    "network = contentSource || pageType",
)
_MELTWATER = (
    "items = documents",
    "external_id = id",
    "text = content.opening_text || matched.hit_sentence",
    "title = content.title",
    "author = author.name || author.handle || source.name",
    "url = url",
    "published_at = published_date",
    "lang = enrichments.language_code",
    "reach = source.metrics.reach",
    "network = source.information_type",
    "parent_id = parent.url",
)
_TALKWALKER = (
    "items = result_content.data[].data || [chunk_result.data.data || data]",
    "external_id = url",
    "text = content || content_snippet",
    "title = title",
    "author = extra_author_attributes.name || extra_source_attributes.name",
    "author_id = extra_author_attributes.id",
    "url = url",
    "published_at = published",
    "lang = lang",
    "reach = reach",
    "network = source_type[-1] || source_type",
    "parent_id = parent_url",
)
_MENTION = (
    "items = mentions || [mention || @]",
    "external_id = id",
    "text = description || description_short",
    "title = title",
    "author = author.name || source_name",
    "url = original_url || url",
    "published_at = published_at",
    "lang = language_code || language",
    "reach = cumulative_reach || reach",
    "network = source_type",
)
OWN = "own"
READY: dict[str, tuple[str, ...]] = {
    "brandwatch": _BRANDWATCH,
    "meltwater": _MELTWATER,
    "talkwalker": _TALKWALKER,
    "mention": _MENTION,
}
CHOICES = (
    (OWN, gettext_lazy('CrisisDesk\'s own: {"mentions": […]}')),
    ("brandwatch", "Brandwatch"),
    ("meltwater", "Meltwater"),
    ("talkwalker", "Talkwalker"),
    ("mention", "Mention"),
)


@dataclass(frozen=True)
class Mapped:
    """Expressions that were compiled and judged."""

    items: Any
    fields: tuple[tuple[str, Any], ...]


def lines_of(config: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the mapping of a webhook: its own lines, else those of its tool; () for none."""
    own = tuple(config.get("mapping") or ())
    return own or READY.get(config.get("format", OWN), ())


def check(config: Mapping[str, Any]) -> None:
    """Refuse a mapping that cannot be used. Raises BadSetting."""
    if config.get("mapping"):
        compiled(lines_of(config))


@lru_cache(maxsize=256)
def compiled(lines: tuple[str, ...]) -> Mapped:
    """Return the mapping ready for use. Raises BadSetting that names the line."""
    found: dict[str, Any] = {}
    for line in lines:
        name, equals, expression = (part.strip() for part in line.partition("="))
        if not equals or name not in (ITEMS, *FIELDS):
            words = _("Write “field = expression”, with a field of: %(fields)s.")
            raise _bad(words % {"fields": ", ".join((ITEMS, *FIELDS))}, line)
        found[name] = _expression(expression, line)
    if "text" not in found and "title" not in found:
        raise _bad(_("The mapping says nothing about where the text is."), "")
    items = found.pop(ITEMS, None)
    return Mapped(items, tuple(found.items()))


def _expression(text: str, line: str) -> Any:
    if len(text) > MAX_EXPRESSION:
        raise _bad(_("The expression is too long."), line)
    try:
        expression = jmespath.compile(text)
    except (JMESPathError, RecursionError, ValueError) as error:
        words = _("This is no JMESPath expression: look at column %(column)d.")
        column = (getattr(error, "lex_position", None) or 0) + 1
        raise _bad(words % {"column": column}, line) from None
    nodes = list(_nodes(expression.parsed, 1))
    built = sum(kind in {"multi_select_list", "multi_select_dict"} for kind, _depth in nodes)
    if len(nodes) > MAX_NODES or max(depth for _kind, depth in nodes) > MAX_DEPTH:
        raise _bad(_("The expression is too complex."), line)
    if built > MAX_BUILT or any(kind == "expref" for kind, _depth in nodes):
        raise _bad(_("The expression is too complex."), line)
    unknown = _functions(expression.parsed) - FUNCTIONS
    if unknown:
        words = _("%(function)s() cannot be used here; these can: %(known)s.")
        names = {"function": sorted(unknown)[0], "known": ", ".join(sorted(FUNCTIONS))}
        raise _bad(words % names, line)
    return expression


def _nodes(node: Mapping[str, Any], depth: int) -> Iterable[tuple[str, int]]:
    yield node["type"], depth
    if depth > MAX_DEPTH:
        return
    for child in node["children"]:
        if isinstance(child, dict):
            yield from _nodes(child, depth + 1)


def _functions(node: Mapping[str, Any]) -> set[str]:
    own = {str(node["value"])} if node["type"] == "function_expression" else set()
    below = [_functions(child) for child in node["children"] if isinstance(child, dict)]
    return own.union(*below)


def _bad(words: str, line: str) -> BadSetting:
    told = _("“%(line)s”: %(problem)s") % {"line": line[:80], "problem": words} if line else words
    return BadSetting(told, name="mapping")


def read(body: bytes, lines: tuple[str, ...]) -> Payload:
    """Return the posts of a call by a mapping, and the rows that cannot be ones.

    Raises core.api.strict.BadJson for what is no JSON, WrongShape where no items are found or they
    take too long.
    """
    mapped = compiled(lines)
    items = _items(mapped, loads(body))
    deadline = time.monotonic() + PATIENCE
    made = []
    for item in items:
        if time.monotonic() > deadline:
            raise WrongShape
        made.append({name: _asked(expression, item) for name, expression in mapped.fields})
    return payload.of_rows(made)


def _items(mapped: Mapped, document: Any) -> list[Any]:
    found = _asked(mapped.items, document) if mapped.items else document
    items = found if isinstance(found, list) else [found]
    items = [item for item in items if item is not None]
    if not 1 <= len(items) <= MAX_MENTIONS:
        raise WrongShape
    return items


def _asked(expression: Any, value: Any) -> Any:
    """Return what an expression finds; nothing where it does not fit what is there."""
    try:
        found = expression.search(value)
    except (JMESPathError, TypeError, ValueError, RecursionError):
        return None
    return found[0] if isinstance(found, list) and len(found) == 1 else found
