"""What the command palette finds: each room registers a provider for what it has.

A provider gets the person and the words of the query, and returns only what that person may see:
the same scoping as the room's lists, in one query.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Hit:
    """Something to go to. `note` stands beside the text, muted."""

    text: str
    url: str
    icon: str
    note: str = ""


Find = Callable[[Any, Sequence[str]], list[Hit]]


@dataclass(frozen=True)
class Provider:
    """`key` names the group for scripts and tests, `label` for people."""

    key: str
    label: Any
    find: Find
    order: int


@dataclass(frozen=True)
class Group:
    key: str
    label: Any
    hits: list[Hit]


PROVIDERS: list[Provider] = []
MOST_WORDS, MOST_HITS = 6, 6


def provide(key: str, label: Any, *, order: int) -> Callable[[Find], Find]:
    """Register the decorated function as the provider of a group."""

    def register(find: Find) -> Find:
        PROVIDERS.append(Provider(key, label, find, order))
        PROVIDERS.sort(key=lambda provider: provider.order)
        return find

    return register


def search(user: Any, query: str) -> list[Group]:
    """Return the groups in which something was found. One query per provider at most."""
    words = query.split()[:MOST_WORDS]
    if not words:
        return []
    found = (Group(each.key, each.label, each.find(user, words)) for each in PROVIDERS)
    return [group for group in found if group.hits]
