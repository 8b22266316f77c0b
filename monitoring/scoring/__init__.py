"""Scoring: what a text is, by its words alone. Pure functions over batches; no database.

Everything is decided for the whole batch at once, and each text by itself: the same text gives the
same answer in any company. No text raises, however broken.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from . import language as languages
from .model import SHIPPED, Model, load

__all__ = ["Score", "ScoreArrays", "model_file", "score", "score_batch"]

Floats = NDArray[np.float64]
# By question: probabilities (texts, classes).
Shares = dict[str, Floats]
# What a brand's own corrections make of them; see layer.py.
Shift = Callable[[Sequence[str], Shares], Shares]
# What `manage.py train` writes into the folder of the installation.
TRAINED = "scoring.npz"


@dataclass(frozen=True, slots=True)
class Score:
    """What one text was found to be. Confidences are shares of texts as clear as this that are
    right; `sentiment_score` runs from -1 (negative) to 1 (positive)."""

    language: str
    language_confidence: float
    sentiment: str
    sentiment_score: float
    confidence: float
    crisis_type: str
    crisis_confidence: float
    emotion: str
    emotion_confidence: float
    blame: str
    blame_confidence: float
    question: bool
    fingerprint: int


@dataclass(frozen=True, slots=True)
class ScoreArrays:
    """The same for a batch, a column each. Codes as in monitoring.enums; language ISO 639-1."""

    language: list[str]
    language_confidence: list[float]
    sentiment: list[str]
    sentiment_score: Floats
    confidence: Floats
    crisis_type: list[str]
    crisis_confidence: Floats
    emotion: list[str]
    emotion_confidence: Floats
    blame: list[str]
    blame_confidence: Floats
    question: NDArray[np.bool_]
    fingerprint: NDArray[np.int64]

    def rows(self) -> Iterator[tuple[Any, ...]]:
        """Yield the columns' values text by text, in the order of the fields."""
        columns = (getattr(self, each.name) for each in fields(self))
        return zip(
            *(c if isinstance(c, list) else c.tolist() for c in columns),
            strict=True,
        )


def score_batch(texts: Sequence[str], shift: Shift | None = None) -> ScoreArrays:
    """Score texts; a few microseconds each, most quickly some hundred or more at a time."""
    shares, prints = probabilities(texts)
    return arrays(texts, shift(texts, shares) if shift else shares, prints)


def probabilities(texts: Sequence[str]) -> tuple[Shares, NDArray[np.uint64]]:
    """Return how likely each class of each question is, and the fingerprints."""
    model = _model()
    sums, prints = model.sums(texts)
    return {name: model.answer(name, sums) for name in model.heads}, prints


def classes(name: str) -> tuple[str, ...]:
    """Return the classes of a question in the order of its probabilities."""
    return _model().heads[name].classes


def arrays(texts: Sequence[str], shares: Shares, prints: NDArray[np.uint64]) -> ScoreArrays:
    """Put probabilities into codes, and add the languages."""
    codes, sure = languages.detect(texts)
    _neutral, negative, positive = shares["sentiment"].T
    sentiment, confidence = _named("sentiment", shares)
    crisis_type, crisis_confidence = _named("crisis_type", shares)
    emotion, emotion_confidence = _named("emotion", shares)
    blame, blame_confidence = _named("blame", shares)
    return ScoreArrays(
        language=codes,
        language_confidence=sure,
        sentiment=sentiment,
        sentiment_score=np.round(positive - negative, 4),
        confidence=confidence,
        crisis_type=crisis_type,
        crisis_confidence=crisis_confidence,
        emotion=emotion,
        emotion_confidence=emotion_confidence,
        blame=blame,
        blame_confidence=blame_confidence,
        question=shares["question"][:, 1] > 0.5,
        fingerprint=prints.astype(np.int64),
    )


def score(texts: Sequence[str]) -> list[Score]:
    """Score texts and return an object for each."""
    return [Score(*row) for row in score_batch(texts).rows()]


def _named(name: str, shares: Shares) -> tuple[list[str], Floats]:
    """The likeliest class of each text and how likely it is."""
    named = classes(name)
    found = [named[index] for index in shares[name].argmax(axis=1)]
    return found, np.round(shares[name].max(axis=1, initial=0.0), 4)


def model_file() -> Path:
    """Return the file that SCORING_MODEL names, else the one trained here, else the shipped."""
    if settings.SCORING_MODEL:
        return Path(settings.SCORING_MODEL)
    trained = Path(settings.VAR_DIR) / TRAINED
    return trained if trained.exists() else SHIPPED


def _model() -> Model:
    return load(model_file())
