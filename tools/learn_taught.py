#!/usr/bin/env python3
"""Teach the fast tier sentiment: python tools/learn_taught.py DATA TAUGHT OUT [--base FILE].

TAUGHT is what tools/teach.py wrote: texts with the soft labels of the tuned transformer. A small
model learns from them (tools/student.py) and takes the place of the sentiment of FILE, by default
the shipped model; its other answers stay as they are. Needs torch.
"""

import argparse
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crisisdesk.settings")

from monitoring.scoring.model import SHIPPED
from tools import corpora
from tools.learning import Seen, Student, even, macro_recall, one_hot, softmax, temperature
from tools.student import learn
from tools.train_scoring import BITS, HEADS, ROOT, Eyes, quantised, word_table
from tools.vectors import beside, opinions, vectors

SENTIMENT = HEADS["sentiment"]
# What a text counts, by its file ("+": cut and joined from it; "~": with other words, too).
WEIGHTS = {
    "sentiment/da_social": 3.0,
    "sentiment/da_social+": 1.5,
    "sentiment/da_social~": 1.0,
    "sentiment/da_trustpilot~": 0.5,
    "sentiment/nb_norec_train": 0.5,
    "sentiment/en_semeval_train": 1.0,
    "tweeteval_other/offensive_train": 1.0,
}
OTHERS = 0.6
# The languages that have few texts: these are learned last.
FEW = ("sentiment/da_", "sentiment/nb_")
# How much people's own label counts beside the larger model's.
SAID = 0.3
# Of these files a part is left out while learning, to see how sure to be.
MEASURED = ("sentiment/da_social", "sentiment/en_semeval_train")
# Its few largest weights say most (they are those of words with an opinion): hardly any is clipped.
CLIPPED = 1e-5
_PART = 5000


@dataclass(frozen=True)
class Taught:
    """Texts that a larger model has judged: `target` are its soft labels, moved towards what people
    said where they did; `apart` are not learned from. `held_out` tells whether none of them is one
    that is measured on; every kind of answer weighs the same in the languages that have few texts,
    and in the others."""

    texts: list[str]
    target: np.ndarray[Any, Any]
    weight: np.ndarray[Any, Any]
    answers: np.ndarray[Any, Any]
    apart: np.ndarray[Any, Any]
    # Which are of the languages that have few.
    few: np.ndarray[Any, Any]
    held_out: bool
    # Words that were judged by themselves, and what was said of them (words, classes), before the
    # softmax.
    words: list[str]
    word_logits: np.ndarray[Any, Any]


def taught(path: Path) -> Taught:
    """Read what tools/teach.py wrote, and add the invented texts."""
    own = [example for example in corpora.invented(1) if example.sentiment]
    with np.load(path) as file:
        texts = file["text"].tolist() + [example.text for example in own]
        sources = np.concatenate((file["source"], np.full(len(own), "invented")))
        labels = file["label"].tolist() + [example.sentiment for example in own]
        soft = softmax(file["logits"].astype(np.float32))
        held_out = bool(file["held_out"])
        words, word_logits = file["words"].tolist(), file["word_logits"].astype(np.float32)
    answers = np.array([SENTIMENT.index(label) if label else -1 for label in labels])
    said = one_hot(np.maximum(answers, 0).tolist(), len(SENTIMENT))
    share = np.where(answers >= 0, SAID, 0.0)[:, None]
    target = (1 - share) * np.concatenate((soft, said[len(soft) :])) + share * said
    weight = np.array([WEIGHTS.get(source, OTHERS) for source in sources], dtype=np.float32)
    apart = np.zeros(len(texts), dtype=bool)
    for source in MEASURED:
        rows = np.flatnonzero(sources == source)
        apart[rows[: len(rows) // corpora.UNCUT]] = True
    few = np.array([source.startswith(FEW) for source in sources])
    weight *= even(target, weight, few)
    target = target.astype(np.float32)
    return Taught(texts, target, weight, answers, apart, few, held_out, words, word_logits)


def learned(eyes: Eyes, lesson: Taught) -> tuple[Student, float]:
    """Let the small model learn; return it, and the factor that makes it as sure as it is right."""
    parts = [
        eyes.see(lesson.texts[start : start + _PART])
        for start in range(0, len(lesson.texts), _PART)
    ]
    seen = Seen(
        sp.vstack([part.rows for part in parts]).tocsr(),
        np.concatenate([part.meaning for part in parts]),
        np.concatenate([part.plain for part in parts]),
    )
    kept, apart = np.flatnonzero(~lesson.apart), np.flatnonzero(lesson.apart)
    last = np.flatnonzero(lesson.few[kept])
    student = learn(seen.pick(kept), lesson.target[kept], lesson.weight[kept], last)
    logits, answers = student.logits(seen.pick(apart)), lesson.answers[apart]
    for name, part in (("few", lesson.few[apart]), ("others", ~lesson.few[apart])):
        recall = macro_recall(answers[part], logits[part].argmax(axis=1))
        print(f"sentiment, taught, {name}: left out {part.sum()}, recall {recall:.3f}", flush=True)
    return student, temperature(logits, answers.tolist())


def replaced(
    base: dict[str, Any], student: Student, factor: float, eyes: Eyes, *, held_out: bool
) -> dict[str, Any]:
    """The arrays of the model file with the student in place of its sentiment."""
    about, count = json.loads(str(base["about"])), len(SENTIMENT)
    if about["bits"] != BITS:
        raise SystemExit("The base is of an older kind: train it anew (tools/train_scoring.py).")
    sums = student.sums
    folded = eyes.folded(sums)
    lanes = factor * (folded[:, 1:count] - folded[:, :1])
    small, sizes = quantised(lanes, clipped=CLIPPED)
    inner, inner_sizes = quantised(folded[:, count:], clipped=CLIPPED)
    # The first two lanes are the word lists'; sentiment's are the next.
    heads = sum(len(classes) - 1 for classes in HEADS.values())
    place = slice(2, 2 + count - 1)
    weights, scale = base["weights"][:, : 2 + heads].copy(), base["scale"][: 2 + heads].copy()
    weights[:, place], scale[place] = small, sizes
    about |= {"inner": {"sentiment": inner.shape[1]}}
    about |= {"may_be_shipped": False, "held_out": held_out}
    return {
        **base,
        "weights": np.hstack((weights, inner)),
        "scale": np.concatenate((scale, inner_sizes)),
        "about": np.array(json.dumps(about)),
        "sentiment_plain": factor * (sums.plain[:, :count] - sums.plain[:, :1]),
        "sentiment_offset": factor * (sums.offset[:count] - sums.offset[0]),
        "sentiment_inner_plain": sums.plain[:, count:],
        "sentiment_inner_offset": sums.offset[count:],
        "sentiment_inner_out": factor * (student.out - student.out[:, :1]),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="the folder of texts and lexicons")
    parser.add_argument("taught", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--base", type=Path, default=SHIPPED)
    parser.add_argument("--vectors", type=Path, default=ROOT / "var" / "vectors.npz")
    options = parser.parse_args()
    if options.out == SHIPPED:
        parser.error("What the larger model learned may not be shipped.")
    lesson, words = taught(options.taught), corpora.lexicon(options.data)
    known = vectors(options.vectors, lesson.texts, words)
    figures = opinions(lesson.words, lesson.word_logits, corpora.danish_words(options.data))
    eyes = Eyes(beside(known, lesson.words, figures), word_table(words))
    student, factor = learned(eyes, lesson)
    base = dict(np.load(options.base))
    options.out.parent.mkdir(parents=True, exist_ok=True)
    arrays = replaced(base, student, factor, eyes, held_out=lesson.held_out)
    np.savez_compressed(options.out, **arrays)
    print(f"{options.out}: {options.out.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
