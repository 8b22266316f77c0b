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
from .fingerprint import fingerprints

Floats = NDArray[np.float64]

SHIPPED = Path(__file__).resolve().parent.parent / "data" / "scoring.npz"
# Three lanes of 21 bits in a word. A lane's sum stays below 2**21: at most 6,018 features of a
# text (see features.LONGEST) times 255.
_LANE_BITS = 21
_LANES = 3
_MASK = np.uint64((1 << _LANE_BITS) - 1)
_BIAS = 128


@dataclass(frozen=True, slots=True)
class Head:
    """One question and its answers. The first class has no lanes: the others are told from it."""

    classes: tuple[str, ...]
    lanes: slice
    # From the lexicons' figures (5, classes), and the offsets.
    plain: Floats
    offset: Floats
    inner: "Inner | None" = None


@dataclass(frozen=True, slots=True)
class Inner:
    """A layer between the sums and the answers of a head: units with lanes of their own, levelled
    off, each with its weight for each class. It tells what no sum of words can."""

    lanes: slice
    # As of the head, (5, units) and (units,).
    plain: Floats
    offset: Floats
    # (units, classes)
    out: Floats

    def logits(self, sums: "Sums") -> Floats:
        units = np.tanh(sums.lanes[:, self.lanes] + sums.plain @ self.plain + self.offset)
        found: Floats = units @ self.out
        return found


@dataclass(frozen=True, slots=True)
class Sums:
    """Per text: `lanes` scaled to the text's length, and the figures of the lexicons."""

    lanes: Floats
    plain: Floats


@dataclass(frozen=True, slots=True)
class Model:
    """A table of weights, a lane for each class of each question. See tools/train_scoring.py."""

    table: NDArray[np.uint64]
    scale: Floats
    bits: int
    heads: dict[str, Head]
    about: dict[str, Any]
    # Of the runs of characters.
    lengths: tuple[int, ...]

    def sums(self, texts: Sequence[str]) -> tuple[Sums, NDArray[np.uint64]]:
        """Sum the weights of each text's features; and the fingerprints of their wording."""
        parts = [self._part(part) for part in chunks(texts)]
        if not parts:
            empty = np.zeros((0, len(self.scale)))
            return Sums(empty[:, 2:], lexical(empty[:, 0], empty[:, 1])), np.zeros(0, np.uint64)
        sums = np.concatenate([part for part, _prints in parts])
        prints = np.concatenate([prints for _part, prints in parts])
        return Sums(sums[:, 2:], lexical(sums[:, 0], sums[:, 1])), prints

    def answer(self, name: str, sums: Sums) -> Floats:
        """Probabilities (texts, classes) in the order of the head's classes."""
        head = self.heads[name]
        logits = sums.plain @ head.plain + head.offset
        logits[:, 1:] += sums.lanes[:, head.lanes]
        if head.inner:
            logits += head.inner.logits(sums)
        return softmax(logits)

    def _part(self, texts: Sequence[str]) -> tuple[Floats, NDArray[np.uint64]]:
        chunk = features.chunk(texts, self.bits, self.lengths)
        return self._chunk_sums(chunk), fingerprints(chunk)

    def _chunk_sums(self, chunk: Chunk) -> Floats:
        packed = self._packed_sums(chunk)
        lanes = [
            (packed[:, word] >> np.uint64(_LANE_BITS * lane)) & _MASK
            for word in range(packed.shape[1])
            for lane in range(_LANES)
        ]
        sums: Floats = np.stack(lanes[: len(self.scale)], axis=1).astype(np.float64)
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


def lexical(positive: Floats, negative: Floats) -> Floats:
    """The lexicons' sums, levelled off (texts, 5)."""
    return np.column_stack(
        (
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
        heads, begin = {}, sum(len(classes) - 1 for classes in about["heads"].values())
        inner = {}
        for name, units in about.get("inner", {}).items():
            inner[name] = _inner(file, name, slice(begin, begin + units))
            begin += units
        begin = 0
        for name, classes in about["heads"].items():
            end = begin + len(classes) - 1
            plain, offset = file[f"{name}_plain"], file[f"{name}_offset"]
            lanes = slice(begin, end)
            heads[name] = Head(tuple(classes), lanes, plain, offset, inner.get(name))
            begin = end
        # Models from before this was said.
        lengths = tuple(about.get("lengths", (2, 3, 4, 5)))
        table = pack(file["weights"])
        return Model(table, file["scale"], about["bits"], heads, about, lengths)


def _inner(file: Any, name: str, lanes: slice) -> Inner:
    plain, offset, out = (file[f"{name}_inner_{part}"] for part in ("plain", "offset", "out"))
    return Inner(lanes, plain, offset, out)


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
