"""Whether a post answers a query, in the plainest way: what the compiled form is held against."""

from dataclasses import dataclass, field
from operator import eq, ge, gt, le, lt
from typing import Any

from monitoring.queries.tree import And, Author, Field, Near, Node, Not, Or, Term
from monitoring.queries.words import Word, joined, places


@dataclass
class Said:
    """A post as the queries see it; `fields` holds what stands in the others."""

    text: str
    title: str = ""
    author: str = ""
    fields: dict[str, Any] = field(default_factory=dict)

    def value(self, name: str) -> Any:
        if name == "author":
            return self.author
        default: Any = {"reach": 0, "stars": None}.get(name, "")
        return self.fields.get(name, default)


def answers(node: Node, post: Said) -> bool:
    match node:
        case And():
            return all(answers(part, post) for part in node.parts)
        case Or():
            return any(answers(part, post) for part in node.parts)
        case Not():
            return not answers(node.part, post)
        case _:
            return holds(node, post)


def holds(node: Term | Near | Author | Field, post: Said) -> bool:
    words = places(joined(post.title, post.text))
    match node:
        case Term():
            return bool(spans(node, words))
        case Near():
            return near(node, words)
        case Author():
            return any(spans(term, places(post.author)) for term in node.names)
        case Field():
            return asked(node, post)


def near(node: Near, words: list[Word | None]) -> bool:
    left = [span for term in node.left for span in spans(term, words)]
    right = [span for term in node.right for span in spans(term, words)]
    pairs = [pair for a in left for b in right for pair in ((a, b), (b, a))]
    return any(1 <= second[0] - first[1] <= node.distance for first, second in pairs)


def spans(term: Term, words: list[Word | None]) -> list[tuple[int, int]]:
    """First and last place of every occurrence."""
    size = len(term.words)
    return [
        (at, at + size - 1)
        for at in range(len(words) - size + 1)
        if all(is_like(want, words[at + n]) for n, want in enumerate(term.words))
    ]


def is_like(want: Word, word: Word | None) -> bool:
    if word is None or (want.mark and want.mark != word.mark):
        return False
    return globs(want.text, word.text)


def globs(pattern: str, text: str) -> bool:
    if not pattern:
        return not text
    first, rest = pattern[0], pattern[1:]
    if first == "*":
        return any(globs(rest, text[n:]) for n in range(len(text) + 1))
    if first == "?":
        return globs(rest, text) or (bool(text) and globs(rest, text[1:]))
    return text[:1] == first and globs(rest, text[1:])


def asked(node: Field, post: Said) -> bool:
    if node.name == "is":
        return any(bool(post.value(str(trait))) for trait in node.values)
    value = post.value(node.name)
    if node.name == "url":
        return any(str(want) in value.lower() for want in node.values)
    if node.name not in {"reach", "stars"}:
        return value.casefold() in node.values
    if value is None:
        return False
    signs = {"=": eq, ">": gt, ">=": ge, "<": lt, "<=": le}
    return any(signs[node.sign](value, want) for want in node.values)
