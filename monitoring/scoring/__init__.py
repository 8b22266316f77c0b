"""Scoring: what a text is, by its words alone. Pure functions over batches; no database.

Everything is decided for the whole batch at once, and each text by itself: the same text gives the
same answer in any company. No text raises, however broken.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from monitoring.enums import Sentiment

from . import language as languages
from .model import SHIPPED, Model, load

__all__ = ["Score", "ScoreArrays", "score", "score_batch"]

Floats = NDArray[np.float64]
_SENTIMENTS = (Sentiment.NEGATIVE.value, Sentiment.NEUTRAL.value, Sentiment.POSITIVE.value)


@dataclass(frozen=True, slots=True)
class Score:
    """What one text was found to be. Confidences are shares of texts as clear as this that are
    right; `sentiment_score` runs from -1 (negative) to 1 (positive)."""

    language: str
    sentiment: str
    sentiment_score: float
    confidence: float
    crisis_type: str
    crisis_confidence: float
    language_confidence: float


@dataclass(frozen=True, slots=True)
class ScoreArrays:
    """The same for a batch, a column each. Codes as in monitoring.enums; language ISO 639-1."""

    language: list[str]
    sentiment: list[str]
    sentiment_score: Floats
    confidence: Floats
    crisis_type: list[str]
    crisis_confidence: Floats
    language_confidence: list[float]


def score_batch(texts: Sequence[str]) -> ScoreArrays:
    """Score texts; a few microseconds each, most quickly some hundred or more at a time."""
    model = _model()
    raw = model.sums(texts)
    sentiment, crisis = model.sentiment(raw), model.crisis(raw)
    codes, sure = languages.detect(texts)
    return ScoreArrays(
        language=codes,
        sentiment=[_SENTIMENTS[index] for index in sentiment.argmax(axis=1)],
        sentiment_score=np.round(sentiment[:, 2] - sentiment[:, 0], 4),
        confidence=np.round(sentiment.max(axis=1, initial=0.0), 4),
        crisis_type=[model.crisis_types[index] for index in crisis.argmax(axis=1)],
        crisis_confidence=np.round(crisis.max(axis=1, initial=0.0), 4),
        language_confidence=sure,
    )


def score(texts: Sequence[str]) -> list[Score]:
    """Score texts and return an object for each."""
    arrays = score_batch(texts)
    columns = zip(
        arrays.language,
        arrays.sentiment,
        arrays.sentiment_score.tolist(),
        arrays.confidence.tolist(),
        arrays.crisis_type,
        arrays.crisis_confidence.tolist(),
        arrays.language_confidence,
        strict=True,
    )
    return [Score(*column) for column in columns]


def _model() -> Model:
    """The shipped model, or the one that the setting SCORING_MODEL names."""
    return load(Path(settings.SCORING_MODEL or SHIPPED))
