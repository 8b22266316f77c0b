"""What a query is once it is read: a tree of terms, fields and the words that join them.

`at` is where a node stands in the expression (from, to), for messages only: two nodes are equal
when they ask for the same.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from .words import Word

Place = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Term:
    """Words that follow each other; one for a word, several for a phrase."""

    words: tuple[Word, ...]
    at: Place = field(default=(0, 0), compare=False)


@dataclass(frozen=True, slots=True)
class Near:
    """One of `left` and one of `right`, either first, `distance` words apart at most."""

    left: tuple[Term, ...]
    right: tuple[Term, ...]
    distance: int
    at: Place = field(default=(0, 0), compare=False)


@dataclass(frozen=True, slots=True)
class Field:
    """What is asked of a field: any of `values`. `sign` is one of : > >= < <= (: for equal)."""

    name: str
    sign: str
    values: tuple[str | float, ...]
    at: Place = field(default=(0, 0), compare=False)


@dataclass(frozen=True, slots=True)
class Author:
    """Words that stand in the author's name."""

    names: tuple[Term, ...]
    at: Place = field(default=(0, 0), compare=False)


@dataclass(frozen=True, slots=True)
class And:
    parts: "tuple[Node, ...]"
    at: Place = field(default=(0, 0), compare=False)


@dataclass(frozen=True, slots=True)
class Or:
    parts: "tuple[Node, ...]"
    at: Place = field(default=(0, 0), compare=False)


@dataclass(frozen=True, slots=True)
class Not:
    part: "Node"
    at: Place = field(default=(0, 0), compare=False)


Node = Term | Near | Field | Author | And | Or | Not


def below(node: Node) -> "tuple[Node, ...]":
    """Return the nodes right below a node."""
    if isinstance(node, And | Or):
        return node.parts
    if isinstance(node, Not):
        return (node.part,)
    if isinstance(node, Near):
        return (*node.left, *node.right)
    return node.names if isinstance(node, Author) else ()


def walk(node: Node) -> Iterator[Node]:
    """Yield a node and all below it."""
    yield node
    for part in below(node):
        yield from walk(part)


def open_ended(node: Node) -> Node | None:
    """Return the part by which a query would find nearly everything, None where there is none.

    `NOT coffee` is one: it says what must not be there and nothing that must.
    """
    if isinstance(node, Not):
        return node
    if isinstance(node, And):
        found = [open_ended(part) for part in node.parts]
        return found[0] if all(found) else None
    if isinstance(node, Or):
        return next((bad for part in node.parts if (bad := open_ended(part))), None)
    return None
