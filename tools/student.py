"""What a large model says, learned by a small one: hashed features, and a layer of a few units.

Soft labels say more than hard ones (how far from a doubt a text is), and any text can have them.
What comes out runs at the price of the plain model: its units are lanes of the same table. Several
learn, each from another beginning and in another order, and answer together: what one of them
believes by chance the others do not. Needs torch.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from tools.learning import Fitted, Floats, Seen, Student, together

Index = np.ndarray[Any, np.dtype[np.intp]]

STUDENTS = 2
# Of each.
UNITS = 32
BATCH = 256
# Rounds over all texts, then over those of the languages that have few: what is learned last
# stays best. Each with its rate.
ROUNDS = ((3, 1e-3), (2, 5e-4))
# Of features, while learning: none may be relied upon.
LEFT_OUT = 0.4
# Features of fewer texts are not learned.
LEAST_TEXTS = 3


class _Net(nn.Module):
    """As tools.learning.Student says."""

    def __init__(self, features: int, meaning: int, plain: int, classes: int) -> None:
        super().__init__()
        self.classes, width = classes, classes + UNITS
        self.rows = nn.EmbeddingBag(features, width, mode="sum", sparse=True)
        nn.init.zeros_(self.rows.weight[:, :classes].data)
        nn.init.normal_(self.rows.weight[:, classes:].data, std=0.05)
        self.meaning, self.plain = nn.Linear(meaning, width), nn.Linear(plain, width, bias=False)
        self.meaning.weight.data *= 0.1
        self.out = nn.Linear(UNITS, classes, bias=False)

    def forward(self, rows: Any, meaning: Any, plain: Any) -> torch.Tensor:
        index, starts, sizes = rows
        if self.training:
            sizes = functional.dropout(sizes, LEFT_OUT)
        sums = self.rows(index, starts, per_sample_weights=sizes)
        sums = sums + self.meaning(meaning) + self.plain(plain)
        units = functional.dropout(torch.tanh(sums[:, self.classes :]), 0.2, self.training)
        found: torch.Tensor = sums[:, : self.classes] + self.out(units)
        return found


def learn(seen: Seen, target: Floats, weight: Floats, last: Index) -> Student:
    """Learn soft labels `target` (texts, classes), each text of its `weight`; at the end only the
    texts `last`. The mean of STUDENTS."""
    return together(
        [_learn_one(seen, target, weight, last, seed=1 + number) for number in range(STUDENTS)]
    )


def _learn_one(seen: Seen, target: Floats, weight: Floats, last: Index, *, seed: int) -> Student:
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    times = np.bincount(seen.rows.indices, minlength=seen.rows.shape[1])
    used = np.flatnonzero(times >= LEAST_TEXTS)
    rarity = (np.log((len(seen) + 1) / (times[used] + 1)) + 1).astype(np.float32)
    place = np.zeros(len(times), dtype=np.int64)
    place[used] = np.arange(1, len(used) + 1)
    sizes = np.concatenate(([0], rarity)).astype(np.float32)
    net = _Net(len(used) + 1, seen.meaning.shape[1], seen.plain.shape[1], target.shape[1])
    given, source = (seen, (place, sizes), target, weight), np.random.default_rng(seed)
    for chosen, (epochs, rate) in zip((np.arange(len(seen)), last), ROUNDS, strict=True):
        _descend(net, given, _batches(chosen, epochs, source), rate)
    rows = np.zeros((len(times), target.shape[1] + UNITS), dtype=np.float32)
    rows[used] = net.rows.weight.detach().numpy()[1:] * rarity[:, None]
    meaning, plain = (each.weight.detach().numpy().T for each in (net.meaning, net.plain))
    sums = Fitted(rows, meaning, plain, net.meaning.bias.detach().numpy())
    return Student(sums, net.out.weight.detach().numpy().T)


def _descend(net: _Net, given: Any, batches: Sequence[Index], rate: float) -> None:
    seen, known, target, weight = given
    dense = [each for name, each in net.named_parameters() if not name.startswith("rows.")]
    optimisers = (
        torch.optim.SparseAdam([net.rows.weight], lr=rate),
        torch.optim.Adam(dense, lr=rate),
    )
    steps = len(batches)
    for step, chosen in enumerate(batches):
        now = rate * min(1.0, (step + 1) / 50) * max(0.02, 1 - step / steps)
        for optimiser in optimisers:
            optimiser.param_groups[0]["lr"] = now
            optimiser.zero_grad()
        logs = functional.log_softmax(net(*_given(seen, chosen, known)), dim=1)
        loss = -(torch.tensor(target[chosen]) * logs).sum(1) * torch.tensor(weight[chosen])
        loss.mean().backward()
        for optimiser in optimisers:
            optimiser.step()
        if (step + 1) % 250 == 0:
            print(f"{step + 1}/{steps} {float(loss.mean().detach()):.3f}", flush=True)


def _batches(chosen: Index, epochs: int, source: np.random.Generator) -> list[Index]:
    """The texts `chosen` in random order, once for each epoch; what fills no batch is left out."""
    orders = [chosen[source.permutation(len(chosen))] for _epoch in range(epochs)]
    starts = range(0, len(chosen) - BATCH + 1, BATCH)
    return [order[start : start + BATCH] for order in orders for start in starts]


def _given(seen: Seen, chosen: Any, known: Any) -> tuple[Any, torch.Tensor, torch.Tensor]:
    """Some texts as the net takes them: places of their features and how much each counts."""
    place, sizes = known
    part = seen.rows[chosen]
    index = place[part.indices]
    counts = torch.tensor(part.data * sizes[index])
    rows = torch.tensor(index), torch.tensor(part.indptr[:-1].astype(np.int64)), counts
    return rows, torch.tensor(seen.meaning[chosen]), torch.tensor(seen.plain[chosen])
