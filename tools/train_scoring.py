#!/usr/bin/env python3
"""Train the scoring model: python tools/train_scoring.py DATA [--all] [--out FILE].

DATA is a folder laid out as docs/scoring.md says. Without `--all` only texts are used whose
licence lets anybody ship what was learned from them; that is how the shipped model was made.
`manage.py train DATA` does the same as `--all`, into the folder of the installation.
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crisisdesk.settings")

from monitoring.enums import Blame, CrisisType, Emotion
from monitoring.scoring import features
from monitoring.scoring.model import SHIPPED, chunks, lexical
from tools import corpora
from tools.learning import Fitted, Seen, fit, macro_f1, macro_recall, one_hot, softmax, temperature
from tools.vectors import Vectors, vectors

ROOT = Path(__file__).resolve().parent.parent
BITS = 20
ROWS = features.rows(BITS)
COPIES = 2
FOLDS = 4
# How much the space of word vectors weighs beside the hashed features.
MEANING = 12.0
# The first class of each is the one that is not asked for: it has no weights of its own.
HEADS: dict[str, tuple[str, ...]] = {
    "sentiment": ("neutral", "negative", "positive"),
    "crisis_type": tuple(CrisisType.values),
    "emotion": tuple(Emotion.values),
    "blame": tuple(Blame.values),
    "question": ("no", "yes"),
}
# Where there are several, parts that are left out choose.
LOOSE = {
    "sentiment": (0.1,),
    "crisis_type": (3.0,),
    "emotion": (2.0,),
    "blame": (2.0,),
    "question": (2.0,),
}
# With tens of thousands of tweets there is more to go by than meaning and lexicon.
LOOSE_WITH_ALL = (1.0,)


@dataclass(frozen=True)
class Task:
    """The examples of one head: their places in the list, soft labels, weights."""

    index: np.ndarray[Any, Any]
    target: np.ndarray[Any, Any]
    weight: np.ndarray[Any, Any]


@dataclass
class Eyes:
    """How texts are seen: hashed, in the space of word vectors, and by the lexicon."""

    vectors: Vectors
    lexicon: np.ndarray[Any, Any]
    plain_rows: np.ndarray[Any, Any] = field(init=False)
    turned_rows: np.ndarray[Any, Any] = field(init=False)

    def __post_init__(self) -> None:
        self.plain_rows = features.word_rows(self.vectors.words, BITS)
        self.turned_rows = features.word_rows(self.vectors.words, BITS, negated=True)

    def see(self, texts: Sequence[str]) -> Seen:
        rows, counts = hashed(texts)
        lexicon = rows @ self.lexicon
        rows = (sp.diags((1 / np.sqrt(counts)).astype(np.float32)) @ rows).tocsr()
        turned = rows[:, self.turned_rows] @ self.vectors.table
        whole = rows[:, self.plain_rows] @ self.vectors.table + turned
        meaning = MEANING * np.hstack((whole, turned)).astype(np.float32)
        return Seen(rows, meaning, lexical(lexicon[:, 0], lexicon[:, 1]).astype(np.float32))

    def folded(self, fitted: Fitted) -> np.ndarray[Any, Any]:
        """Weights (ROWS, classes) with those for the vectors folded into those of the words."""
        weights = fitted.rows.copy()
        half = self.vectors.table.shape[1]
        whole = MEANING * self.vectors.table @ fitted.meaning[:half]
        turned = MEANING * self.vectors.table @ fitted.meaning[half:]
        np.add.at(weights, self.plain_rows, whole)
        np.add.at(weights, self.turned_rows, whole + turned)
        return weights


def hashed(texts: Sequence[str]) -> tuple[sp.csr_matrix, np.ndarray[Any, Any]]:
    """Hash texts into a sparse matrix (texts, ROWS); and how many features each has."""
    index, ends, counts = [], [0], []
    for part in chunks(texts):
        chunk = features.chunk(part, BITS)
        for found in _each(chunk):
            index.append(found[found > 0].astype(np.int32))
            ends.append(ends[-1] + len(index[-1]))
        counts.append(chunk.counts)
    ones = np.ones(ends[-1], dtype=np.float32)
    rows = sp.csr_matrix((ones, np.concatenate(index), ends), shape=(len(texts), ROWS))
    rows.sum_duplicates()
    return rows, np.concatenate(counts)


def _each(chunk: features.Chunk) -> list[Any]:
    words = np.append(chunk.token_starts, len(chunk.tokens))
    chars = np.append(chunk.starts, len(chunk.grams[0]))
    return [
        np.concatenate([chunk.tokens[a:b], chunk.pairs[a:b], *(gram[c:d] for gram in chunk.grams)])
        for a, b, c, d in zip(words[:-1], words[1:], chars[:-1], chars[1:], strict=True)
    ]


def word_table(lexicon: dict[str, float]) -> np.ndarray[Any, Any]:
    """Positive and negative weight of each row, as sizes (ROWS, 2). Negated, half of the other."""
    table = np.zeros((ROWS, 2), dtype=np.float32)
    for column, sign in ((0, 1), (1, -1)):
        words = [word for word, weight in lexicon.items() if weight * sign > 0]
        sizes = np.array([abs(lexicon[word]) for word in words])
        table[features.word_rows(words, BITS), column] = sizes
        table[features.word_rows(words, BITS, negated=True), 1 - column] = sizes / 2
    return table


def task(name: str, examples: Sequence[corpora.Example]) -> Task:
    """The examples that know of `name`; every kind of label weighs the same within sentiment."""
    classes = HEADS[name]
    index = np.array([n for n, each in enumerate(examples) if getattr(each, name)])
    answers = np.array([classes.index(getattr(examples[n], name)) for n in index])
    weight = np.array([examples[n].weight for n in index], dtype=np.float32)
    share = np.bincount(answers, weights=weight, minlength=len(classes))
    if name in {"sentiment", "emotion", "blame"}:
        even = 0.5 if name == "blame" else 1.0
        weight = weight * (1 / np.maximum(share, 1e-9) ** even)[answers].astype(np.float32)
    return Task(index, one_hot(answers.tolist(), len(classes)), weight)


def ordinary(examples: Sequence[corpora.Example], count: int) -> list[corpora.Example]:
    """Praise and plain talk of others stand in for posts that speak of no trouble."""
    calm = [example for example in examples if example.sentiment != "negative"]
    picked = np.random.default_rng(5).permutation(len(calm))[:count]
    return [
        corpora.Example(
            calm[n].text,
            crisis_type="none",
            emotion="joy" if calm[n].sentiment == "positive" else "none",
            blame="nobody",
            question="" if "?" in calm[n].text else "no",
            weight=0.05,
        )
        for n in picked
    ]


def words_alone(lexicon: dict[str, float], known: Sequence[str]) -> list[corpora.Example]:
    """The lexicon's words as texts of their own, and others beside them that say nothing: so the
    space of word vectors learns what praise and blame mean, in words of any language."""
    spoken = [
        corpora.Example(word, "positive" if size > 0 else "negative", weight=min(abs(size) / 3, 1))
        for word, size in lexicon.items()
    ]
    silent = [word for word in known if word not in lexicon]
    picked = np.random.default_rng(6).permutation(len(silent))[: len(spoken)]
    return spoken + [corpora.Example(silent[n], "neutral", weight=0.7) for n in picked]


def quantised(weights: Any, *, whole: int = 0, clipped: float = 5e-4) -> tuple[Any, Any]:
    """Whole numbers from -127 to 127 and the size of one, per lane; the few largest are clipped,
    this share of those that are not zero, but for the first `whole` lanes."""
    scale = np.empty(weights.shape[1])
    for lane in range(weights.shape[1]):
        sizes = np.abs(weights[:, lane])
        largest = sizes.max() if lane < whole else np.quantile(sizes[sizes > 0], 1 - clipped)
        scale[lane] = largest / 127
    return np.clip(np.rint(weights / scale), -127, 127).astype(np.int8), scale


def calibrated(
    name: str, seen: Seen, job: Task, examples: Sequence[corpora.Example], loose: float
) -> tuple[float, float]:
    """Fit with parts left out; return the factor for which the model is as sure as it is right,
    and its macro F1.

    Parts are runs of places, so that a text and its like in another language stay together.
    """
    asked = [
        n
        for n, i in enumerate(job.index)
        if examples[i].lang or (name == "sentiment" and " " in examples[i].text)
    ]
    fold = np.array([_part(examples[i], n) for n, i in enumerate(job.index)])
    logits = np.zeros(job.target.shape, dtype=np.float32)
    parts = range(1) if name == "sentiment" else range(FOLDS)
    for part in parts:
        kept, apart = np.flatnonzero(fold != part), np.flatnonzero(fold == part)
        fitted = fit(seen.pick(job.index[kept]), job.target[kept], job.weight[kept], loose=loose)
        logits[apart] = fitted.logits(seen.pick(job.index[apart]))
    judged = [n for n in asked if fold[n] in parts]
    answers, found = job.target[judged].argmax(axis=1), logits[judged].argmax(axis=1)
    factor = temperature(logits[judged], answers.tolist())
    sure = softmax((logits[judged] * factor).astype(np.float32)).max(axis=1).mean()
    print(
        f"{name} ({loose}): left out {len(judged)}, macro F1 {macro_f1(answers, found):.3f}, "
        f"recall {macro_recall(answers, found):.3f}, right {np.mean(answers == found):.3f}, "
        f"sure {sure:.3f}",
        flush=True,
    )
    return factor, macro_f1(answers, found)


def _left_out(trial: tuple[float, tuple[float, float]]) -> float:
    return trial[1][1]


def _part(example: corpora.Example, number: int) -> int:
    return int(example.place * FOLDS) if example.lang else number % FOLDS


def gathered(folder: Path, *, everything: bool, hold_out: bool) -> list[corpora.Example]:
    """All examples; the first list's sentiment is other people's."""
    apart = corpora.kept_apart(folder) if hold_out else frozenset()
    used = [corpus for corpus in corpora.SENTIMENT if corpus.free or everything]
    borrowed = [each for corpus in used for each in corpora.read(folder, corpus, apart=apart)]
    free = [each for corpus in used if corpus.free for each in corpora.read(folder, corpus)]
    own = corpora.invented(COPIES)
    asked = corpora.questions(folder, 4000)
    return borrowed + own + corpora.terms() + ordinary(free, 6000) + asked


def renewed(folder: Path, only: Sequence[str], cache: Path) -> dict[str, Any]:
    """Return the shipped model with some of its heads learned anew: not sentiment's, which alone
    needs the many texts of others."""
    arrays = dict(np.load(SHIPPED))
    examples = gathered(folder, everything=False, hold_out=False)
    examples = [example for example in examples if any(getattr(example, n) for n in only)]
    words = corpora.lexicon(folder)
    known = vectors(cache, [example.text for example in examples], words)
    eyes = Eyes(known, word_table(words))
    seen = eyes.see([example.text for example in examples])
    weights, scale = arrays["weights"].copy(), arrays["scale"].copy()
    begin = 2
    for name, classes in HEADS.items():
        place = slice(begin, begin + len(classes) - 1)
        if name in only:
            lanes, head = _head(name, seen, examples, LOOSE[name], eyes)
            arrays |= head
            weights[:, place], scale[place] = quantised(lanes)
        begin = place.stop
    return {**arrays, "weights": weights, "scale": scale}


def _head(
    name: str, seen: Seen, examples: Sequence[corpora.Example], loose: Sequence[float], eyes: Eyes
) -> tuple[Any, dict[str, Any]]:
    """Learn one head; return its lanes and the arrays of its offsets."""
    job = task(name, examples)
    trials = [calibrated(name, seen, job, examples, each) for each in loose]
    best, (factor, _score) = max(zip(loose, trials, strict=True), key=_left_out)
    fitted = fit(seen.pick(job.index), job.target, job.weight, loose=best)
    folded = eyes.folded(fitted)
    arrays = {
        f"{name}_plain": factor * (fitted.plain - fitted.plain[:, :1]),
        f"{name}_offset": factor * (fitted.offset - fitted.offset[0]),
    }
    return factor * (folded[:, 1:] - folded[:, :1]), arrays


def train(folder: Path, *, everything: bool, hold_out: bool, cache: Path) -> dict[str, Any]:
    examples = gathered(folder, everything=everything, hold_out=hold_out)
    words = corpora.lexicon(folder)
    known = vectors(cache, [example.text for example in examples], words)
    examples += words_alone(words, known.words)
    eyes = Eyes(known, word_table(words))
    seen = eyes.see([example.text for example in examples])
    loose = {**LOOSE, "sentiment": LOOSE_WITH_ALL} if everything else LOOSE
    lanes: list[Any] = [eyes.lexicon]
    arrays: dict[str, Any] = {}
    for name in HEADS:
        lane, head = _head(name, seen, examples, loose[name], eyes)
        lanes.append(lane)
        arrays |= head
    weights, scale = quantised(np.hstack(lanes), whole=2)
    used = [corpus for corpus in corpora.SENTIMENT if corpus.free or everything]
    about = {
        "bits": BITS,
        "lengths": features.NGRAMS,
        "heads": HEADS,
        "learned_from": [f"{corpus.path} ({corpus.licence})" for corpus in used]
        + ["topics/banking77_train (CC BY 4.0)", "monitoring/data/invented"]
        + ["AFINN word lists (Apache-2.0, ODbL)", "multilingual-e5-small (MIT), word vectors"],
        "may_be_shipped": not everything,
        "held_out": hold_out,
    }
    return {"weights": weights, "scale": scale, "about": np.array(json.dumps(about)), **arrays}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="the folder of texts and lexicons")
    parser.add_argument("--all", action="store_true", help="learn from restricted texts too")
    parser.add_argument(
        "--hold-out",
        action="store_true",
        help="leave out what tools/measure_scoring.py measures on",
    )
    parser.add_argument(
        "--only",
        nargs="+",
        choices=[name for name in HEADS if name != "sentiment"],
        help="keep the shipped model's other heads",
    )
    parser.add_argument("--out", type=Path, default=SHIPPED)
    parser.add_argument("--vectors", type=Path, default=ROOT / "var" / "vectors.npz")
    options = parser.parse_args()
    if options.all and options.out == SHIPPED:
        parser.error("--all needs --out: what it learns may not replace the shipped model.")
    if options.only:
        model = renewed(options.data, options.only, options.vectors)
    else:
        model = train(
            options.data,
            everything=options.all,
            hold_out=options.hold_out,
            cache=options.vectors,
        )
    options.out.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(options.out, **model)
    print(f"{options.out}: {options.out.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
