"""The fields that a query may ask about, and how what is asked is read."""

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from monitoring.enums import Blame, CrisisType, Emotion, Sentiment

from .problems import Problem
from .tree import Place

# The codes of `is:`, each a column of its own.
TRAITS = ("question", "reply", "review", "suspicious")
_NUMBER = re.compile(r"(\d{1,12})(?:[.,](\d{1,3}))?([km])?")
# Written both ways; the language is one.
_LANGUAGES = {"nb": "no", "nn": "no"}
_POWERS = {"": 1, "k": 1_000, "m": 1_000_000}


@dataclass(frozen=True)
class Kind:
    """A field. `values` are all that it can be (none: anything); `marked` needs the post scored."""

    name: str
    example: str
    help: Any
    values: tuple[str, ...] = ()
    number: bool = False
    marked: bool = False
    aliases: tuple[str, ...] = ()


KINDS = (
    Kind("author", 'author:"Jens Hansen"', _("by an author of this name"), aliases=("forfatter",)),
    Kind("lang", "lang:da", _("in this language"), marked=True, aliases=("sprog",)),
    Kind("source", 'source:"The Daily"', _("from the source of this name"), aliases=("kilde",)),
    Kind("network", "network:facebook", _("on this network"), aliases=("netværk",)),
    Kind("url", "url:example.org", _("with this in its address"), aliases=("adresse",)),
    Kind("reach", "reach>10k", _("reaching more people than this"), number=True,
         aliases=("rækkevidde",)),
    Kind("stars", "stars<3", _("a review with fewer stars than this"), number=True,
         aliases=("stjerner",)),
    Kind("sentiment", "sentiment:negative", _("meant like this"), tuple(Sentiment.values),
         marked=True, aliases=("stemning",)),
    Kind("emotion", "emotion:anger", _("with this feeling"), tuple(Emotion.values), marked=True,
         aliases=("følelse",)),
    Kind("type", "type:product_safety", _("of this crisis type"), tuple(CrisisType.values),
         marked=True),
    Kind("blame", "blame:us", _("holding these responsible"), tuple(Blame.values), marked=True,
         aliases=("skyld",)),
    Kind("is", "is:question", _("a question, a reply, a review, or suspicious"), TRAITS,
         marked=True, aliases=("er",)),
)  # fmt: skip
_BY_NAME = {name: kind for kind in KINDS for name in (kind.name, *kind.aliases)}
NAMES = tuple(kind.name for kind in KINDS)
MARKED = frozenset(kind.name for kind in KINDS if kind.marked)


def find(name: str) -> Kind | None:
    return _BY_NAME.get(name.casefold())


def language(code: str) -> str:
    """Return a language's code as it is compared: without its region."""
    main = code.lower().partition("-")[0]
    return _LANGUAGES.get(main, main)


def unknown(name: str, at: Place) -> Problem:
    """Return what to say of a field that does not exist."""
    close = difflib.get_close_matches(name.casefold()[:40], _BY_NAME, n=1, cutoff=0.7)
    if close:
        return Problem.of("field_meant", at, name=name[:40], meant=f"{close[0]}:")
    return Problem.of("field_unknown", at, name=name[:40], fields=", ".join(NAMES))


def read(
    kind: Kind, sign: str, given: Iterable[str], at: Place
) -> tuple[tuple[str | float, ...], Problem | None]:
    """Return the values that were asked for, or what is wrong with them."""
    values = tuple(value.strip() for value in given if value.strip())
    if not values:
        return (), Problem.of("field_empty", at, field=f"{kind.name}{sign}", example=kind.example)
    if kind.number:
        return _numbers(kind, values, at)
    if sign not in {":", "="}:
        return (), Problem.of("field_sign", at, name=kind.name, sign=sign, example=kind.example)
    read_as = language if kind.name == "lang" else str.casefold
    lower = tuple(read_as(value) for value in values)
    wrong = [value for value in lower if kind.values and value not in kind.values]
    if wrong:
        allowed = ", ".join(kind.values)
        return (), Problem.of(
            "value_unknown", at, value=wrong[0][:40], name=kind.name, values=allowed
        )
    return lower, None


def _numbers(
    kind: Kind, values: tuple[str, ...], at: Place
) -> tuple[tuple[float, ...], Problem | None]:
    found = []
    for value in values:
        match = _NUMBER.fullmatch(value.casefold())
        if match is None:
            problem = Problem.of("not_a_number", at, value=value[:40], example=kind.example)
            return (), problem
        whole, part, power = match.groups()
        found.append(float(f"{whole}.{part or 0}") * _POWERS[power or ""])
    return tuple(found), None
