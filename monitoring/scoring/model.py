"""The trained table and how a batch of texts is judged by it.

One row of small weights per hashed feature, one lane per question asked. The lanes of a row are
packed three to a 64-bit word, so that one gather and one sum answer all questions at once.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import features
from .features import Chunk

Floats = NDArray[np.float64]

SHIPPED = Path(__file__).resolve().parent.parent / "data" / "scoring.npz"
# Three lanes of 21 bits in a word. A lane's sum stays below 2**21: at most 6,018 features of a
# text (see features.LONGEST) times 255.
_LANE_BITS = 21
_LANES = 3
_MASK = np.uint64((1 << _LANE_BITS) - 1)
_BIAS = 128


@dataclass(frozen=True, slots=True)
class Raw:
    """Sums per text: `learned` (texts, learned lanes) are scaled to the text's length."""

    learned: Floats
    positive: Floats
    negative: Floats


@dataclass(frozen=True, slots=True)
class Model:
    """A table of weights and the small layers above it. See tools/train_scoring.py."""

    table: NDArray[np.uint64]
    scale: Floats
    lanes: tuple[str, ...]
    bits: int
    # Sentiment from `signals`: (signals, 3) and (3,); order negative, neutral, positive.
    mix: Floats
    offset: Floats
    # Crisis types from their lanes: sharpness and (types,) offsets; "none" is the one without.
    sharpness: float
    crisis_offset: Floats
    crisis_types: tuple[str, ...]
    about: dict[str, Any]

    def sums(self, texts: Sequence[str]) -> Raw:
        """Sum the weights of each text's features."""
        parts = [self._chunk_sums(part) for part in chunks(texts)]
        if not parts:
            return Raw(np.zeros((0, len(self.lanes) - 2)), np.zeros(0), np.zeros(0))
        sums = np.concatenate(parts)
        return Raw(sums[:, 2:], sums[:, 0], sums[:, 1])

    def sentiment(self, raw: Raw) -> Floats:
        """Probabilities (texts, 3) of negative, neutral, positive."""
        return softmax(signals(raw) @ self.mix + self.offset)

    def crisis(self, raw: Raw) -> Floats:
        """Probabilities (texts, types) in the order of `crisis_types`, "none" first."""
        logits = np.zeros((len(raw.learned), len(self.crisis_types)))
        logits[:, 1:] = raw.learned[:, 2:] * self.sharpness + self.crisis_offset
        return softmax(logits)

    def _chunk_sums(self, texts: Sequence[str]) -> Floats:
        chunk = features.chunk(texts, self.bits)
        packed = self._packed_sums(chunk)
        lanes = [
            (packed[:, word] >> np.uint64(_LANE_BITS * lane)) & _MASK
            for word in range(packed.shape[1])
            for lane in range(_LANES)
        ]
        sums: Floats = np.stack(lanes[: len(self.lanes)], axis=1).astype(np.float64)
        sums = (sums - _BIAS * chunk.counts[:, None]) * self.scale
        sums[:, 2:] /= np.sqrt(chunk.counts)[:, None]
        return sums

    def _packed_sums(self, chunk: Chunk) -> NDArray[np.uint64]:
        take, add = self.table.take, np.add.reduceat
        words = take(chunk.tokens, axis=0) + take(chunk.pairs, axis=0)
        total = add(words, chunk.token_starts, axis=0)
        grams = take(chunk.grams[0], axis=0)
        for rows in chunk.grams[1:]:
            grams += take(rows, axis=0)
        total += add(grams, chunk.starts, axis=0)
        return total


def signals(raw: Raw) -> Floats:
    """What the sentiment layer sees: the learned lanes, and the lexicons' sums, levelled off."""
    positive, negative = raw.positive, raw.negative
    return np.column_stack(
        (
            raw.learned[:, :2],
            np.tanh(positive / 4),
            np.tanh(negative / 4),
            np.log1p(positive),
            np.log1p(negative),
            np.tanh((positive - negative) / 3),
        )
    )


def softmax(logits: Floats) -> Floats:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares: Floats = powers / powers.sum(axis=1, keepdims=True)
    return shares


def pack(weights: NDArray[np.int8]) -> NDArray[np.uint64]:
    """Pack weights (rows, lanes) into words (rows, lanes / 3)."""
    count = -(-weights.shape[1] // _LANES)
    packed = np.zeros((len(weights), count), dtype=np.uint64)
    for lane in range(count * _LANES):
        word, place = divmod(lane, _LANES)
        if lane < weights.shape[1]:
            biased = (weights[:, lane].astype(np.int16) + _BIAS).astype(np.uint64)
            packed[:, word] |= biased << np.uint64(_LANE_BITS * place)
    return packed


@cache
def load(path: Path = SHIPPED) -> Model:
    """Read a model file once. Raises OSError or ValueError where it cannot be used."""
    with np.load(path, allow_pickle=False) as file:
        about = json.loads(str(file["about"]))
        return Model(
            table=pack(file["weights"]),
            scale=file["scale"],
            lanes=tuple(about["lanes"]),
            bits=about["bits"],
            mix=file["mix"],
            offset=file["offset"],
            sharpness=float(file["sharpness"]),
            crisis_offset=file["crisis_offset"],
            crisis_types=tuple(about["crisis_types"]),
            about=about,
        )


def chunks(texts: Sequence[str]) -> Iterator[list[str]]:
    """Texts in groups whose characters fill a chunk."""
    group: list[str] = []
    size = 0
    for text in features.prepare(texts):
        group.append(text)
        size += len(text) + 3
        if size >= features.CHUNK:
            yield group
            group, size = [], 0
    if group:
        yield group
