"""Lists of words as an expression, and back where an expression says no more than that."""

from collections.abc import Sequence

from .parsing import parse, quote
from .tree import And, Node, Not, Or, Term


def expression(any_of: Sequence[str], none_of: Sequence[str] = ()) -> str:
    """Return what looks for any of some words or phrases, and none of others; "" for no words."""
    if not any_of:
        return ""
    return f"{_group(any_of)} NOT {_group(none_of)}" if none_of else _either(any_of)


def lists(text: str) -> tuple[list[str], list[str]] | None:
    """Return the words of an expression (wanted, unwanted), None where it says more than lists."""
    if not text.strip():
        return [], []
    tree = parse(text).tree
    match tree:
        case And((wanted, Not(unwanted))):
            found, left_out = _phrases(wanted, text), _phrases(unwanted, text)
            return None if found is None or left_out is None else (found, left_out)
        case None:
            return None
        case _:
            found = _phrases(tree, text)
            return None if found is None else (found, [])


def _phrases(node: Node, text: str) -> list[str] | None:
    parts = node.parts if isinstance(node, Or) else (node,)
    written = [text[slice(*part.at)] for part in parts if isinstance(part, Term)]
    if len(written) < len(parts):
        return None
    phrases = [each.strip('"') for each in written]
    # What was written otherwise would change if it were written back.
    return phrases if list(map(quote, phrases)) == written else None


def _either(phrases: Sequence[str]) -> str:
    return " OR ".join(map(quote, phrases))


def _group(phrases: Sequence[str]) -> str:
    return f"({_either(phrases)})" if len(phrases) > 1 else _either(phrases)
