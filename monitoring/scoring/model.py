"""The trained table and how a batch of texts is judged by it.

One row of small weights per hashed feature, one lane per question asked: a byte each, eight to a
64-bit word, so that one gather and one sum answer all questions at once. Before they are summed the
bytes of a word are parted into two words of four lanes with room above each.
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
from .features import Chunk, Index, Words
from .fingerprint import fingerprints

Floats = NDArray[np.float64]

SHIPPED = Path(__file__).resolve().parent.parent / "data" / "scoring.npz"
# Lanes of a byte in a word of the table; while summing four of sixteen bits.
_LANES = 8
_EVERY_OTHER = np.uint64(0x00FF00FF00FF00FF)
_BYTE = np.uint64(8)
_BIAS = 128
# So many places are summed in lanes of sixteen bits: at most four features each, of at most 255.
_STRETCH = 64
# Places gathered at once: what is added up stays in the processor's cache.
_AT_ONCE = 4096
# Rows of the table that are read at once.
_ROWS_AT_ONCE = 1 << 14


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
        words = self._total((chunk.tokens, chunk.pairs), chunk.token_starts)
        total = words + self._total(chunk.grams, chunk.starts)
        sums: Floats = total[:, : len(self.scale)] - _BIAS * chunk.counts[:, None]
        sums *= self.scale
        sums[:, 2:] /= np.sqrt(chunk.counts)[:, None]
        return sums

    def _total(self, rows: Sequence[Index], starts: Index) -> NDArray[np.int64]:
        """The sums of each text's lanes, (texts, lanes): in whole numbers, so exact in any order.

        The texts begin at `starts`. They are summed in stretches that fit sixteen bits first.
        """
        borders = np.union1d(starts, np.arange(0, len(rows[0]), _STRETCH))
        whole = np.empty((len(rows[0]), self.table.shape[1]), dtype=np.uint64)
        odd = np.empty_like(whole)
        for begin in range(0, len(whole), _AT_ONCE):
            places = slice(begin, begin + _AT_ONCE)
            self._gather([each[places] for each in rows], whole[places], odd[places])
        odd = np.add.reduceat(odd, borders, axis=0)
        # Whole words overflow into each other and at the top: what is left without the odd lanes,
        # modulo 2**64, are the even ones.
        even = np.add.reduceat(whole, borders, axis=0) - (odd << _BYTE)
        stretches = np.stack((even.view("<u2"), odd.view("<u2")), axis=2).astype(np.int64)
        lanes = stretches.reshape(len(borders), -1)
        total: NDArray[np.int64] = np.add.reduceat(lanes, np.searchsorted(borders, starts), axis=0)
        return total

    def _gather(self, rows: Sequence[Index], whole: Words, odd: Words) -> None:
        """Add up each place's rows of the table: whole words, and their odd lanes by themselves."""
        # "clip" leaves out a copy; no row lies outside the table.
        self.table.take(rows[0], axis=0, out=whole, mode="clip")
        np.right_shift(whole, _BYTE, out=odd)
        odd &= _EVERY_OTHER
        found = np.empty_like(whole)
        for each in rows[1:]:
            self.table.take(each, axis=0, out=found, mode="clip")
            whole += found
            found >>= _BYTE
            found &= _EVERY_OTHER
            odd += found


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


def _table(file: Any) -> NDArray[np.uint64]:
    """Pack a file's weights (rows, lanes) into words (rows, lanes / 8), each raised above zero.

    Read in stretches: of the table, which is most of a process's memory, there is never a second.
    """
    with file.zip.open("weights.npy") as source:
        version = np.lib.format.read_magic(source)
        if version != (1, 0):
            raise ValueError(f"weights.npy is of version {version}.")
        (rows, lanes), turned, kind = np.lib.format.read_array_header_1_0(source)
        if turned or kind != np.int8:
            raise ValueError("weights.npy must hold bytes, row after row.")
        packed = np.zeros((rows, -(-lanes // _LANES) * _LANES), dtype=np.uint8)
        for begin in range(0, rows, _ROWS_AT_ONCE):
            part = packed[begin : begin + _ROWS_AT_ONCE, :lanes]
            read = np.frombuffer(source.read(part.size), dtype=np.uint8)
            np.add(read.reshape(part.shape), np.uint8(_BIAS), out=part)
    return packed.view("<u8")


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
        table = _table(file)
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
