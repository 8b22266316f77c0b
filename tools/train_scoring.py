#!/usr/bin/env python3
"""Train the scoring model: python tools/train_scoring.py DATA [--all] [--out FILE].

DATA is a folder laid out as docs/scoring.md says. Without `--all` only texts are used whose
licence lets anybody ship what was learned from them; that is how the shipped model was made.
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp
from sklearn.linear_model import LogisticRegression

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crisisdesk.settings")

from monitoring.enums import CrisisType
from monitoring.scoring import features
from monitoring.scoring.model import SHIPPED, Raw, chunks, signals
from tools import corpora

BITS = 18
ROWS = 2 << BITS
FOLDS = 2
TYPES = tuple(CrisisType.values)
COPIES = 4
# The layer above the lanes where nothing free resembles ordinary posts enough to learn it from:
# round figures that did well on the development texts. Rows as in model.signals.
MIX = (
    (0.40, 0.05, -0.40),
    (-0.25, -0.20, 0.45),
    (1.20, -0.40, -0.80),
    (0.20, -0.40, 0.20),
    (-0.80, 0.10, 0.70),
    (0.70, -0.20, -0.50),
    (0.20, -0.10, -0.10),
)
OFFSET = (-0.4, 0.6, -0.3)
# How readily trouble is seen: with this, one in twenty ordinary posts is taken for it.
READINESS = 1.25
# With this the model is on average as sure as it is right, on the development tweets.
CALMER = 0.9


@dataclass(frozen=True)
class Texts:
    """Hashed examples: counts scaled by length, and what the lexicon says of each."""

    rows: sp.csr_matrix
    positive: np.ndarray
    negative: np.ndarray

    def pick(self, index: np.ndarray) -> "Texts":
        return Texts(self.rows[index], self.positive[index], self.negative[index])


def hashed(texts: Sequence[str], words: np.ndarray) -> Texts:
    """Hash texts into a sparse matrix (texts, ROWS)."""
    index, ends, counts = [], [0], []
    for part in chunks(texts):
        chunk = features.chunk(part, BITS)
        for found in _each(chunk):
            index.append(found[found > 0])
            ends.append(ends[-1] + len(index[-1]))
        counts.append(chunk.counts)
    ones = np.ones(ends[-1], dtype=np.float32)
    rows = sp.csr_matrix((ones, np.concatenate(index), ends), shape=(len(texts), ROWS))
    rows.sum_duplicates()
    lexicon = rows @ words
    return Texts(
        (sp.diags(1 / np.sqrt(np.concatenate(counts))) @ rows).tocsr().astype(np.float32),
        lexicon[:, 0],
        lexicon[:, 1],
    )


def _each(chunk: features.Chunk) -> list[np.ndarray]:
    words = np.append(chunk.token_starts, len(chunk.tokens))
    chars = np.append(chunk.starts, len(chunk.grams[0]))
    return [
        np.concatenate([chunk.tokens[a:b], chunk.pairs[a:b], *(gram[c:d] for gram in chunk.grams)])
        for a, b, c, d in zip(words[:-1], words[1:], chars[:-1], chars[1:], strict=True)
    ]


def word_table(lexicon: dict[str, float]) -> np.ndarray:
    """Positive and negative weight of each row, as sizes (ROWS, 2)."""
    table = np.zeros((ROWS, 2), dtype=np.float32)
    for column, sign in ((0, 1), (1, -1)):
        words = [word for word, weight in lexicon.items() if weight * sign > 0]
        table[features.word_rows(words, BITS), column] = [abs(lexicon[word]) for word in words]
    return table


def lanes_of(
    texts: Texts, answers: np.ndarray, weight: np.ndarray, *, base: int, c: float, balance: bool
) -> Any:
    """Weights (ROWS, classes - 1) of every class against class `base`, rare features left out."""
    seen = np.asarray((texts.rows > 0).sum(axis=0)).ravel()
    rarity = np.where(seen >= 2, np.log((len(answers) + 1) / (seen + 1)) + 1, 0)
    scaled = (texts.rows @ sp.diags(rarity.astype(np.float32))).tocsr()
    even = "balanced" if balance else None
    model = LogisticRegression(C=c, max_iter=40, tol=1e-3, class_weight=even)
    model.fit(scaled, answers, sample_weight=weight)
    others = [index for index in range(len(model.classes_)) if index != base]
    weights = (model.coef_[others] - model.coef_[base]).T * rarity[:, None]
    return weights, model.intercept_[others] - model.intercept_[base]


def sentiment_lanes(examples: list[corpora.Example], texts: Texts) -> Any:
    answers = np.array([corpora.SENTIMENTS.index(example.sentiment) for example in examples])
    weight = np.array([example.weight for example in examples])
    return lanes_of(texts, answers, weight, base=1, c=1.0, balance=True)


def learned_mix(examples: list[corpora.Example], texts: Texts) -> Any:
    """The layer above the lanes, from answers of lanes that had not seen the text."""
    answers = np.array([corpora.SENTIMENTS.index(example.sentiment) for example in examples])
    fold = np.random.default_rng(3).integers(0, FOLDS, len(examples))
    seen = np.zeros((len(examples), 2))
    for number in range(FOLDS):
        kept = np.flatnonzero(fold != number)
        lanes, _ = sentiment_lanes([examples[index] for index in kept], texts.pick(kept))
        seen[fold == number] = texts.rows[fold == number] @ lanes
    model = LogisticRegression(C=1.0, max_iter=1000, class_weight="balanced")
    model.fit(
        signals(Raw(seen, texts.positive, texts.negative)),
        answers,
        sample_weight=[example.weight for example in examples],
    )
    return model.coef_.T, model.intercept_


def ordinary(examples: list[corpora.Example], count: int) -> list[corpora.Example]:
    """Praise and plain talk stand in for posts that speak of no trouble."""
    calm = [example for example in examples if example.sentiment != "negative"]
    picked = np.random.default_rng(5).permutation(len(calm))[:count]
    return [corpora.Example(calm[index].text, crisis_type="none", weight=0.05) for index in picked]


def crisis_lanes(examples: list[corpora.Example], words: np.ndarray) -> Any:
    texts = hashed([example.text for example in examples], words)
    answers = np.array([TYPES.index(example.crisis_type) for example in examples])
    weight = np.array([example.weight for example in examples])
    return lanes_of(texts, answers, weight, base=0, c=30.0, balance=False)


def quantised(weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Whole numbers from -127 to 127 and the size of one, per lane."""
    largest = np.abs(weights).max(axis=0)
    # The few largest weights are clipped: steps finer for all the others.
    largest[2:] = np.quantile(np.abs(weights[:, 2:]), 0.9995, axis=0)
    scale = largest / 127
    return np.clip(np.rint(weights / scale), -127, 127).astype(np.int8), scale


def train(folder: Path, *, everything: bool, hold_out: bool) -> dict[str, Any]:
    words = word_table(corpora.lexicon(folder))
    own = corpora.invented(COPIES)
    apart = corpora.kept_apart(folder) if hold_out else frozenset()
    used = [corpus for corpus in corpora.SENTIMENT if corpus.free or everything]
    borrowed = [example for corpus in used for example in corpora.read(folder, corpus, apart=apart)]
    examples = borrowed + own
    texts = hashed([example.text for example in examples], words)
    feelings, _ = sentiment_lanes(examples, texts)
    mix, offset = learned_mix(examples, texts) if everything else (MIX, OFFSET)
    troubles, crisis_offset = crisis_lanes(own + corpora.terms() + ordinary(borrowed, 6000), words)
    weights, scale = quantised(np.hstack((words, feelings, troubles)))
    about = {
        "bits": BITS,
        "lanes": ["positive", "negative", "feels_bad", "feels_good", *TYPES[1:]],
        "crisis_types": TYPES,
        "learned_from": [f"{corpus.path} ({corpus.licence})" for corpus in used]
        + ["monitoring/data/invented", "AFINN word lists (Apache-2.0, ODbL)"],
        "may_be_shipped": not everything,
    }
    return {
        "weights": weights,
        "scale": scale,
        "mix": CALMER * np.array(mix, dtype=np.float64),
        "offset": CALMER * np.array(offset, dtype=np.float64),
        "sharpness": np.array(1.0),
        "crisis_offset": crisis_offset + READINESS,
        "about": np.array(json.dumps(about)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="the folder of texts and lexicons")
    parser.add_argument("--all", action="store_true", help="learn from restricted texts too")
    parser.add_argument(
        "--hold-out",
        action="store_true",
        help="leave out what tools/measure_scoring.py measures on",
    )
    parser.add_argument("--out", type=Path, default=SHIPPED)
    options = parser.parse_args()
    if options.all and options.out == SHIPPED:
        parser.error("--all needs --out: what it learns may not replace the shipped model.")
    model = train(options.data, everything=options.all, hold_out=options.hold_out)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(options.out, **model)
    print(f"{options.out}: {options.out.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
