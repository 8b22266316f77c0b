"""The arithmetic of training: softmax regression over hashed features and word vectors."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from scipy.optimize import minimize

Floats = np.ndarray[Any, np.dtype[np.float32]]


@dataclass(frozen=True)
class Seen:
    """Examples as the model sees them: `rows` hashed and scaled by length (texts, ROWS), `meaning`
    the same texts in the space of word vectors (texts, dimensions), `plain` further figures."""

    rows: sp.csr_matrix
    meaning: Floats
    plain: Floats

    def pick(self, index: Any) -> "Seen":
        return Seen(self.rows[index], self.meaning[index], self.plain[index])

    def __len__(self) -> int:
        return int(self.rows.shape[0])


@dataclass(frozen=True)
class Fitted:
    """Weights of each class for rows, meaning and plain figures, and the offsets."""

    rows: Floats
    meaning: Floats
    plain: Floats
    offset: Floats

    def logits(self, seen: Seen) -> Floats:
        found: Floats = (
            seen.rows @ self.rows
            + seen.meaning @ self.meaning
            + seen.plain @ self.plain
            + self.offset
        )
        return found


@dataclass(frozen=True)
class Student:
    """Sums of weights, and a layer of units. `sums` has columns for the classes, then one for each
    unit; `out` (units, classes)."""

    sums: Fitted
    out: Floats

    def logits(self, seen: Seen) -> Floats:
        classes = self.out.shape[1]
        sums = self.sums.logits(seen)
        units: Any = np.tanh(sums[:, classes:])
        found: Floats = sums[:, :classes] + units @ self.out
        return found


def together(students: Sequence[Student]) -> Student:
    """The one student whose logits are the mean of the others': it has the units of all."""
    classes = students[0].out.shape[1]

    def joined(name: str) -> Floats:
        parts = [getattr(each.sums, name) for each in students]
        mean = np.mean([part[..., :classes] for part in parts], axis=0)
        return np.concatenate((mean, *(part[..., classes:] for part in parts)), axis=-1)

    sums = Fitted(*(joined(name) for name in ("rows", "meaning", "plain", "offset")))
    out: Any = np.concatenate([each.out for each in students]) / len(students)
    return Student(sums, out)


def fit(seen: Seen, target: Floats, weight: Floats, *, loose: float, rounds: int = 60) -> Fitted:
    """Fit softmax regression to soft labels `target` (texts, classes), each text of its `weight`.

    `loose` is the inverse strength of the pull to zero, as scikit-learn's C.
    """
    rarity = _rarity(seen.rows)
    used = np.flatnonzero(rarity)
    design = (seen.rows[:, used] @ sp.diags(rarity[used])).tocsr().astype(np.float32)
    turned = design.T.tocsr()
    dense = np.hstack((seen.meaning, seen.plain)).astype(np.float32)
    classes, wide, narrow = target.shape[1], len(used), dense.shape[1]
    shape = (wide + narrow + 1, classes)
    weight = (weight / weight.mean()).astype(np.float32)[:, None]

    def cost(flat: Any) -> tuple[float, Any]:
        w = flat.reshape(shape).astype(np.float32)
        logits = design @ w[:wide] + dense @ w[wide:-1] + w[-1]
        logits -= logits.max(axis=1, keepdims=True)
        logs = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
        slope = (np.exp(logs) * target.sum(axis=1, keepdims=True) - target) * weight
        grown = np.vstack((turned @ slope, dense.T @ slope, slope.sum(axis=0, keepdims=True)))
        grown[:-1] += w[:-1] / loose
        pull = 0.5 * float((w[:-1].astype(np.float64) ** 2).sum()) / loose
        loss = -float((target * logs * weight).sum(dtype=np.float64))
        return loss + pull, grown.astype(np.float64).ravel()

    start = np.zeros(shape[0] * classes)
    options = {"maxiter": rounds, "maxcor": 8}
    found = minimize(cost, start, jac=True, method="L-BFGS-B", options=options)
    w = found.x.reshape(shape).astype(np.float32)
    rows = np.zeros((seen.rows.shape[1], classes), dtype=np.float32)
    rows[used] = w[:wide] * rarity[used, None]
    plain = wide + seen.meaning.shape[1]
    return Fitted(rows, w[wide:plain], w[plain:-1], w[-1])


def _rarity(rows: sp.csr_matrix) -> Floats:
    """Inverse document frequency; 0 for what stands in one text only."""
    times = np.asarray((rows > 0).sum(axis=0)).ravel()
    rarity = np.log((rows.shape[0] + 1) / (times + 1)) + 1
    return np.where(times >= 2, rarity, 0).astype(np.float32)


def even(target: Any, weight: Any, few: Any) -> Floats:
    """Factors (texts,) by which each kind of answer weighs the same: among those that are `few`,
    and among the others."""
    factors = np.ones(len(target), dtype=np.float32)
    for part in (few, ~few):
        share = (target[part] * weight[part, None]).sum(axis=0)
        factors[part] = target[part] @ (share.mean() / np.maximum(share, 1e-9))
    return factors


def one_hot(answers: Sequence[int], classes: int) -> Floats:
    rows: Floats = np.eye(classes, dtype=np.float32)[np.asarray(answers)]
    return rows


def softmax(logits: Floats) -> Floats:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    found: Floats = powers / powers.sum(axis=1, keepdims=True)
    return found


def temperature(logits: Floats, answers: Sequence[int]) -> float:
    """The factor that makes the softmax of unseen examples as sure as it is right."""
    right = np.arange(len(logits)), np.asarray(answers)
    factors = np.geomspace(0.1, 3, 60)
    losses = [-np.log(softmax(logits * factor)[right] + 1e-9).mean() for factor in factors]
    return float(factors[int(np.argmin(losses))])


def macro_f1(answers: Any, found: Any) -> float:
    scores = []
    for each in np.unique(answers):
        right = np.sum((answers == each) & (found == each))
        scores.append(2 * right / max(np.sum(answers == each) + np.sum(found == each), 1))
    return float(np.mean(scores))


def macro_recall(answers: Any, found: Any) -> float:
    return float(np.mean([np.mean(found[answers == each] == each) for each in np.unique(answers)]))
