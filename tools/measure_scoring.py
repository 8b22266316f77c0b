#!/usr/bin/env python3
"""Measure a scoring model: python tools/measure_scoring.py DATA [--model FILE].

Prints macro recall of sentiment on TweetEval's validation tweets and on every fifth Danish social
post, how much surer the model is than right, and the share of languages that are recognised in
texts under 140 characters. Nothing of this is learned from: train with `--hold-out` to compare.
"""

import argparse
import gzip
import json
import os
import sys
from collections import Counter
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crisisdesk.settings")

from django.conf import settings

from monitoring.scoring import score_batch
from tools.corpora import FIFTH, SENTIMENTS

SENTIMENT = ("en_tweeteval_val", "da_social", "en_airline")
LANGUAGES = ("da_social", "da_trustpilot", "nb_norec_dev", "en_tweeteval_val", "multi_xlmt_val")
KNOWN = {"nb": "no", "da": "da", "en": "en", "de": "de", "fr": "fr", "es": "es"}


def rows(folder: Path, name: str) -> list[dict[str, str]]:
    with gzip.open(folder / "sentiment" / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        found = [json.loads(line) for line in lines]
    # What `--hold-out` left out; of the validation set all of it.
    return found if name.endswith("_val") else found[FIFTH - 1 :: FIFTH]


def sentiment(folder: Path, name: str) -> None:
    kept = [row for row in rows(folder, name) if row["label"] in SENTIMENTS]
    found = score_batch([row["text"] for row in kept])
    right = np.array([row["label"] for row in kept]) == np.array(found.sentiment)
    labels = np.array([row["label"] for row in kept])
    recall = np.mean([right[labels == label].mean() for label in SENTIMENTS])
    sure = found.confidence.mean()
    print(
        f"{name:18s} n={len(kept):5d}  macro recall {100 * recall:.1f}  "
        f"right {100 * right.mean():.1f}  said to be sure {100 * sure:.1f}"
    )


def told(folder: Path) -> tuple[float, float, float]:
    """Percent of short texts whose language is recognised; Danish told from Norwegian, and back."""
    seen, pair = _counted(folder)
    right = sum(count for (_code, good), count in seen.items() if good)
    pairs = (("da", "no"), ("no", "da"))
    apart = [pair[a, a] / (pair[a, a] + pair[a, b]) for a, b in pairs]
    return 100 * right / sum(seen.values()), 100 * apart[0], 100 * apart[1]


def _counted(folder: Path) -> tuple[Counter[tuple[str, bool]], Counter[tuple[str, str]]]:
    """How often each language was recognised, and which was taken for which."""
    seen: Counter[tuple[str, bool]] = Counter()
    pair: Counter[tuple[str, str]] = Counter()
    for name in LANGUAGES:
        short = [
            row for row in rows(folder, name) if len(row["text"]) < 140 and row["lang"] in KNOWN
        ]
        codes = score_batch([row["text"] for row in short]).language
        for row, code in zip(short, codes, strict=True):
            seen[KNOWN[row["lang"]], KNOWN[row["lang"]] == code] += 1
            pair[KNOWN[row["lang"]], code] += 1
    return seen, pair


def languages(folder: Path) -> None:
    seen, pair = _counted(folder)
    for code in sorted({code for code, _right in seen}):
        right, wrong = seen[code, True], seen[code, False]
        print(f"language {code}: {100 * right / (right + wrong):.1f} of {right + wrong}")
    right = sum(count for (_code, good), count in seen.items() if good)
    print(f"language, all: {100 * right / sum(seen.values()):.1f}")
    for code, other in (("da", "no"), ("no", "da")):
        either = pair[code, code] + pair[code, other]
        print(f"{code} told from {other}: {100 * pair[code, code] / either:.1f} of {either}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--model", type=Path)
    options = parser.parse_args()
    if options.model:
        settings.SCORING_MODEL = str(options.model)
    for name in SENTIMENT:
        sentiment(options.data, name)
    languages(options.data)


if __name__ == "__main__":
    main()
