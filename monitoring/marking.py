"""From posts to their marks: scored as a batch, by the brand's own rules, beside what others said.

Pure but for the window of what was said lately, which each process keeps for itself.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import fields
from functools import partial
from typing import Any

from .enums import LabelField
from .scoring import ScoreArrays, score_batch
from .scoring.rules import Rule, RuleBook, Touched
from .scoring.suspicion import Window, suspicion

Columns = dict[str, list[Any]]

# A label and the figures that belong to it, as columns of ScoreArrays.
_LABELS = {
    LabelField.SENTIMENT: ("sentiment", "sentiment_score", "confidence"),
    LabelField.CRISIS_TYPE: ("crisis_type", "crisis_confidence"),
    LabelField.EMOTION: ("emotion", "emotion_confidence"),
    LabelField.BLAME: ("blame", "blame_confidence"),
}
_SCORES = {"negative": -1.0, "neutral": 0.0, "positive": 1.0}
_window = Window()
# Ingest scores one part in a thread of its own while another is written.
_lock = threading.Lock()


def marks(
    texts: Sequence[str], authors: Sequence[str], book: RuleBook | None = None
) -> list[tuple[Any, ...]]:
    """Return the marks of posts, in the order of monitoring.rows.Marks."""
    columns = scored(texts, book)
    prints = columns.pop("fingerprint")
    with _lock:
        doubts = suspicion(texts, authors, prints, _window).tolist()
    return list(zip(*columns.values(), doubts, prints, strict=True))


def scored(
    texts: Sequence[str],
    book: RuleBook | None = None,
    scorer: Callable[..., ScoreArrays] = score_batch,
) -> Columns:
    """Score texts, a list for each field of ScoreArrays, and apply what a brand's people taught."""
    shift = book.shift if book else None
    scores = partial(scorer, shift=shift) if shift else scorer
    columns = _columns(scores(texts))
    touched = book.touched(texts) if book else []
    if touched:
        _apply(columns, touched, _columns(scores([each.blanked for each in touched])))
    return columns


def _columns(arrays: ScoreArrays) -> Columns:
    values = {each.name: getattr(arrays, each.name) for each in fields(arrays)}
    return {
        name: value if isinstance(value, list) else value.tolist() for name, value in values.items()
    }


def _apply(columns: Columns, touched: Sequence[Touched], blanked: Columns) -> None:
    """Where a rule "is not" meets the label it denies, what the text is without the phrase holds;
    a rule "is" has the last word."""
    for place, each in enumerate(touched):
        for rule in each.rules:
            names = _LABELS[LabelField(rule.field)]
            if rule.negated and columns[names[0]][each.number] == rule.value:
                for name in names:
                    columns[name][each.number] = blanked[name][place]
        for rule in each.rules:
            if not rule.negated:
                _set(columns, each.number, rule)


def _set(columns: Columns, number: int, rule: Rule) -> None:
    names = _LABELS[LabelField(rule.field)]
    columns[names[0]][number] = rule.value
    columns[names[-1]][number] = 1.0
    if rule.field == LabelField.SENTIMENT:
        columns["sentiment_score"][number] = _SCORES[rule.value]
