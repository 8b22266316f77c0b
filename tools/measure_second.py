#!/usr/bin/env python3
"""Measure both tiers: python tools/measure_second.py DATA [--model FILE] [--second FILE].

Sentiment on TweetEval's validation tweets and every fifth Danish social post, and all labels on the
invented texts that nothing was learned from (monitoring/data/invented/blind*.txt), by part: the
second was written by the hand that wrote the third round of training texts.
"""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crisisdesk.settings")

from django.conf import settings

from monitoring.scoring import ScoreArrays, score_batch
from monitoring.scoring.second import second_tier
from tools import corpora
from tools.learning import macro_f1, macro_recall
from tools.measure_scoring import rows

Scorer = Callable[[Sequence[str]], ScoreArrays]


def sentiment(folder: Path, name: str, scorer: Scorer) -> float:
    """Macro recall, 0 to 1, on what `--hold-out` left out of a file."""
    kept = [row for row in rows(folder, name) if row["label"] in corpora.SENTIMENTS]
    found = np.array(scorer([row["text"] for row in kept]).sentiment)
    return macro_recall(np.array([row["label"] for row in kept]), found)


def blind(scorer: Scorer, part: str = "blind*_??.txt") -> dict[str, dict[str, float]]:
    """Macro F1 of each label, by language and "" for both, on texts that were never learned."""
    examples = list(corpora.own_texts(part))
    scores: Any = scorer([example.text for example in examples])
    langs = np.array([example.lang for example in examples])
    found: dict[str, dict[str, float]] = {}
    for name in ("crisis_type", "emotion", "blame"):
        right = np.array([getattr(example, name) for example in examples])
        said = np.array(getattr(scores, name))
        found[name] = {
            lang: macro_f1(right[chosen], said[chosen])
            for lang, chosen in {
                "": langs != "",
                **{code: langs == code for code in ("en", "da")},
            }.items()
        }
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--model", default="")
    parser.add_argument("--second", default="")
    options = parser.parse_args()
    settings.SCORING_MODEL, settings.SCORING_SECOND = options.model, options.second
    tiers: dict[str, Scorer] = {"fast": score_batch}
    better = second_tier()
    if better is None:
        print("The second tier is not installed: pip install -r requirements-better.txt")
    else:
        tiers["second"] = better.score_batch
    for tier, scorer in tiers.items():
        for part in ("blind*_??.txt", "blind_??.txt", "blind_2_??.txt"):
            for label, by in blind(scorer, part).items():
                shown = ", ".join(f"{lang or 'all'} {score:.3f}" for lang, score in by.items())
                print(f"{tier}: {label}, macro F1 on {part}: {shown}", flush=True)
        for name in ("en_tweeteval_val", "da_social"):
            score = 100 * sentiment(options.data, name, scorer)
            print(f"{tier}: sentiment, macro recall, {name}: {score:.1f}", flush=True)


if __name__ == "__main__":
    main()
