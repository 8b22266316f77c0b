"""The choices of the stream's filter, and the filters that are active, in words."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from django.core.cache import cache
from django.http import QueryDict
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from accounts.models import User
from core import formats, markup
from core.clock import database_now

from .asked import ALL, ALL_TIME, ME, NONE, PERIODS, Asked
from .chart import TriageState
from .enums import LABELS, About, Blame, CrisisType, Emotion, LabelField, Sentiment
from .models import Query, Source
from .models_signals import Theme
from .models_triage import SavedSearch
from .selectors import networks
from .selectors.searches import Unread, searches

REACHES = (1_000, 5_000, 10_000, 100_000, 1_000_000)
STARS = (1, 2, 3, 4)
LANGUAGES = ("da", "en", "de", "sv", "no", "fr", "es", "nl")
# More than a list can usefully offer; an address may name any.
_MOST = 100
NAMES: dict[str, Any] = {
    "q": gettext_lazy("Words"),
    "brand": gettext_lazy("Brand"),
    "network": gettext_lazy("Network"),
    "sentiment": gettext_lazy("Sentiment"),
    "type": gettext_lazy("Crisis type"),
    "state": pgettext_lazy("triage", "State"),
    "assignee": gettext_lazy("Assigned to"),
    "period": gettext_lazy("Period"),
    "source": gettext_lazy("Source"),
    "query": gettext_lazy("Query"),
    "about": gettext_lazy("Speaks of"),
    "lang": gettext_lazy("Language"),
    "emotion": gettext_lazy("Emotion"),
    "blame": gettext_lazy("Who is blamed"),
    "question": gettext_lazy("Questions"),
    "suspicion": gettext_lazy("Campaigns"),
    "reach": gettext_lazy("Reach"),
    "stars": gettext_lazy("Stars"),
    "fold": gettext_lazy("Near-duplicates"),
    "alike": gettext_lazy("Alike"),
    "theme": gettext_lazy("Theme"),
    "since": gettext_lazy("From"),
    "until": gettext_lazy("To"),
}
# What stands open in the form; the rest is folded away.
FIRST = ("brand", "network", "sentiment", "type", "state", "assignee", "period")
IN_SIGHT = frozenset({*FIRST, "q", "order", "alike", "theme", "search"})
Pairs = tuple[tuple[int, str], ...]


@dataclass(frozen=True)
class Offered:
    """What a reader's brands have to choose from."""

    brands: Pairs
    networks: tuple[str, ...]
    sources: Pairs
    queries: Pairs


@dataclass(frozen=True, eq=False)
class Field:
    """A select of the filter, ready to print. Equal only to itself: pages are remembered by it."""

    name: str
    label: str
    options: SafeString


@dataclass(frozen=True)
class Chip:
    """An active filter in words, with the address of the stream without it."""

    name: str
    value: str
    address: str


@dataclass(frozen=True)
class SavedRow:
    """A saved search as the list shows it; `unread` is None until it has been counted."""

    pk: int
    name: str
    shared: bool
    address: str
    unread: Unread | None = None

    @classmethod
    def of(cls, search: SavedSearch, unread: Unread | None = None) -> "SavedRow":
        query = QueryDict(search.query, mutable=True)
        query["search"] = str(search.pk)
        address = f"{reverse('monitoring:mentions')}?{query.urlencode()}"
        return cls(search.pk, search.name, search.brand_id is not None, address, unread)


Saved = tuple[SavedRow, ...]
Form = tuple[tuple[Field, ...], tuple[Field, ...]]


def offered(brand_names: dict[int, str]) -> Offered:
    """Return the choices: the networks of the last day, sources and queries. Asked once in five
    minutes."""
    brands = sorted(brand_names)
    key = _key("offered", brands)
    return _offered(brand_names, cache.get(key), key)


def offered_and_saved(user: User, brand_names: dict[int, str]) -> tuple[Offered, Saved]:
    """Return the choices and the person's saved searches, without what is unread in them.

    Both are remembered for five minutes; the list of searches fetches itself anew on the page.
    """
    brands = sorted(brand_names)
    choices, own = _key("offered", brands), _key(f"searches.{user.pk}", brands)
    known = cache.get_many([choices, own])
    saved: Saved | None = known.get(own)
    if saved is None:
        saved = tuple(SavedRow.of(search) for search in searches(user))
        cache.set(own, saved, timeout=300)
    return _offered(brand_names, known.get(choices), choices), saved


def forget_saved(user: User) -> None:
    """Look the person's searches up again: one was saved or removed."""
    cache.delete(_key(f"searches.{user.pk}", sorted(user.roles)))


def _key(what: str, brands: list[int]) -> str:
    # By brands, so that what was remembered ends with a membership.
    return f"monitoring.{what}." + "-".join(map(str, brands))


def _offered(
    brand_names: dict[int, str], found: tuple[tuple[str, ...], Pairs, Pairs] | None, key: str
) -> Offered:
    if found is None:
        found = _look_up(sorted(brand_names))
        cache.set(key, found, timeout=300)
    return Offered(tuple(brand_names.items()), *found)


def _look_up(brands: list[int]) -> tuple[tuple[str, ...], Pairs, Pairs]:
    spoken_on = tuple(networks(brands, since=database_now() - timedelta(days=1)))
    sources, queries = (
        tuple(
            model.objects.filter(brand__in=brands)  # type: ignore[attr-defined]
            .order_by("name", "pk")
            .values_list("pk", "name")[:_MOST]
        )
        for model in (Source, Query)
    )
    return spoken_on, sources, queries


@lru_cache(maxsize=256)
def fields(language: str, choices: Offered, chosen: frozenset[tuple[str, str]]) -> Form:
    """Return the filter's selects, with what is `chosen`, in the active `language`: those that
    stand open, and the rest."""
    made = {
        name: _field(name, options, chosen)
        for name, options in _options(choices).items()
        # One brand or network is no choice.
        if len(options) > 1 or name not in {"brand", "network", "source", "query"}
    }
    first = tuple(made[name] for name in FIRST if name in made)
    return first, tuple(field for name, field in made.items() if name not in FIRST)


@lru_cache(maxsize=8)
def label_fields(_language: str) -> tuple[Field, ...]:
    """Return the labels beside the sentiment that people set right, as selects."""
    return tuple(
        Field(
            name.value,
            str(name.label),
            markup.options((value, label, False) for value, label in LABELS[name].choices),
        )
        for name in LabelField
        if name != LabelField.SENTIMENT
    )


def _options(choices: Offered) -> dict[str, list[tuple[str, Any]]]:
    return {
        "brand": [(str(pk), name) for pk, name in choices.brands],
        "network": [(name, markup.network_name(name)) for name in choices.networks],
        "sentiment": list(Sentiment.choices),
        "type": list(CrisisType.choices),
        "state": list(TriageState.choices),
        "assignee": [(ME, _("Me")), (NONE, _("Nobody"))],
        "period": [*((key, label) for key, (label, _s) in PERIODS.items()), (ALL, ALL_TIME)],
        "source": [(str(pk), name) for pk, name in choices.sources],
        "query": [(str(pk), name) for pk, name in choices.queries],
        "about": [*About.choices[1:], (ALL, _("All of these"))],
        "lang": [(code, formats.language_name(code)) for code in LANGUAGES],
        "emotion": list(Emotion.choices),
        "blame": list(Blame.choices),
        "question": [("1", _("Only questions"))],
        "suspicion": [("1", _("Only probable campaigns"))],
        "reach": [(str(least), reach_words(least)) for least in REACHES],
        "stars": [(str(most), stars_words(most)) for most in STARS],
        "fold": [("off", _("Show each"))],
    }


def _field(
    name: str, options: Iterable[tuple[str, Any]], chosen: frozenset[tuple[str, str]]
) -> Field:
    choices = ((value, words, (name, value) in chosen) for value, words in options)
    return Field(name, str(NAMES[name]), markup.options(choices))


def reach_words(least: int) -> str:
    return _("at least %(number)s") % {"number": formats.compact(least)}


def stars_words(most: int) -> str:
    return _("at most %(number)s") % {"number": most}


def chips(asked: Asked, choices: Offered) -> list[Chip]:
    """Return the active filters in words, each with the address without it."""
    shown = [pair for pair in asked.kept if pair[0] not in {"order", "search"}]
    if not shown:
        return []
    words: dict[str, dict[str, Any]] = {
        name: dict(options) for name, options in _options(choices).items()
    }
    words["theme"] = _themes(asked, choices)
    return [
        Chip(str(NAMES[name]), _said(name, value, words.get(name, {})), asked.without(name, value))
        for name, value in shown
    ]


def _said(name: str, value: str, words: dict[str, Any]) -> str:
    known = words.get(value)
    return str(_SAYINGS.get(name, str)(value) if known is None else known)


def _themes(asked: Asked, choices: Offered) -> dict[str, str]:
    """The name of the theme that is asked for, if the reader may see its brand."""
    wanted = asked.filters.theme
    if wanted is None:
        return {}
    seen = Theme.objects.filter(pk=wanted, brand__in=[pk for pk, _name in choices.brands])
    return {str(wanted): theme.name for theme in seen}


def _day(text: str) -> str:
    return formats.full_date(date.fromisoformat(text)) if len(text) == 10 else text


_SAYINGS: dict[str, Callable[[str], str]] = {
    "network": markup.network_name,
    "lang": formats.language_name,
    "reach": lambda text: reach_words(int(text)),
    "since": _day,
    "until": _day,
    "alike": lambda _text: _("near-duplicates of one mention"),
}


def selected(choices: Sequence[Chip]) -> str:
    """Return the filters as one line, for a list of what was exported or saved."""
    return " · ".join(f"{chip.name} {chip.value}" for chip in choices)
