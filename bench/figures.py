"""The register of figures, and how one is judged."""

import random
import statistics
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

FIGURES: dict[str, "Figure"] = {}


@dataclass(frozen=True)
class Measured:
    """What was measured and what it is compared with, both in the figure's unit. `note` says what
    must be known to read it, such as which model was measured."""

    value: float
    limit: float
    note: str = ""

    @property
    def ratio(self) -> float:
        return self.value / self.limit


@dataclass(frozen=True)
class Figure:
    """`must` bounds the ratio: a comparison and a number, such as "<= 3"."""

    name: str
    unit: str
    must: str
    issue: int
    measure: Callable[[], Measured]

    def holds(self, measured: Measured) -> bool:
        comparison, bound = self.must.split()
        if comparison == "<=":
            return measured.ratio <= float(bound)
        return measured.ratio >= float(bound)

    def entry(self, measured: Measured) -> dict[str, Any]:
        """Return the figure's entry in results.json."""
        return {
            "name": self.name,
            "value": measured.value,
            "unit": self.unit,
            "limit": measured.limit,
            "ratio": measured.ratio,
            "must": self.must,
            "ok": self.holds(measured),
            "issue": self.issue,
            "note": measured.note,
        }

    def failed(self) -> dict[str, Any]:
        """Return the entry of a figure that could not be measured."""
        entry = self.entry(Measured(1.0, 1.0))
        return {**entry, "value": None, "limit": None, "ratio": None, "ok": False}


def figure(
    name: str, *, unit: str, must: str, issue: int
) -> Callable[[Callable[[], Measured]], Callable[[], Measured]]:
    comparison, _, bound = must.partition(" ")
    if comparison not in {"<=", ">="} or float(bound) <= 0:
        raise ValueError(f"{must!r} bounds no ratio: write <= 3 or >= 0.5.")
    if name in FIGURES:
        raise ValueError(f"The figure {name} is registered twice.")

    def register(function: Callable[[], Measured]) -> Callable[[], Measured]:
        FIGURES[name] = Figure(name, unit, must, issue, function)
        return function

    return register


def median_of_rounds(
    ours: Callable[[], float], limit: Callable[[], float], *, rounds: int = 5
) -> Measured:
    """Measure both in every round, in changing order, so that a noisy neighbour hits both."""
    values: list[float] = []
    limits: list[float] = []
    for _ in range(rounds):
        pair = [(ours, values), (limit, limits)]
        random.shuffle(pair)
        for measure, results in pair:
            results.append(measure())
    return Measured(statistics.median(values), statistics.median(limits))
