#!/usr/bin/env python3
"""Fit and measure the forecast on synthetic storms: python tools/measure_forecast.py.

Prints, for each manner of going on (calm, storm, fast) and each step ahead, how much of the excess
remains, how much of the growth goes on, and the misses' 10 and 90 % quantiles: the tables of
monitoring/detection/forecast.py. Then, on other storms, how often the interval held what came.
"""

import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from monitoring.detection import forecast as product

Floats = NDArray[np.float64]
DAY = product.DAY
DAYS = 12
STORMS = 8
FITTED = range(60)
TRIED = range(1000, 1020)


def fortnight(seed: int) -> Floats:
    """Counts of a brand with its daily course, slow drift and storms of many speeds and sizes."""
    chance = np.random.default_rng(seed)
    steps = np.arange(DAYS * DAY)
    level = 10 ** chance.uniform(-0.7, 2.2)
    course = np.exp(chance.uniform(0.2, 1.2) * np.sin(2 * np.pi * (steps / DAY - chance.random())))
    weekend = 1 - 0.3 * chance.random() * (steps // DAY % 7 >= 5)
    drift = np.zeros(len(steps))
    pushes = chance.normal(0, 1, len(steps)) * chance.uniform(0.02, 0.08)
    for place in range(1, len(steps)):
        drift[place] = 0.99 * drift[place - 1] + pushes[place]
    rates = level * course * weekend * np.exp(drift)
    for _ in range(STORMS):
        begin = int(chance.integers(2 * DAY, len(steps) - 200))
        rates[begin:] += storm(chance, level, len(steps) - begin)
    unevenness = chance.uniform(3, 40)
    rates *= chance.gamma(unevenness, 1 / unevenness, len(steps))
    return chance.poisson(rates).astype(float)


def storm(chance: np.random.Generator, level: float, length: int) -> Floats:
    """Exponential growth to a peak, then halving again and again."""
    size = (level + 1) * 10 ** chance.uniform(0.3, 1.8)
    doubling, halving = 10 ** chance.uniform(0.3, 1.6), 10 ** chance.uniform(0.9, 2.0)
    steps = np.arange(length)
    peak = int(doubling * np.log2(max(size / 0.3, 2)))
    rise = size * 2.0 ** (-np.maximum(peak - steps, 0) / doubling)
    fall = 0.5 ** (np.maximum(steps - peak, 0) / halving)
    course: Floats = rise * fall
    return course


def fit() -> None:
    parts = []
    for seed in FITTED:
        rates = product._rates(fortnight(seed))
        origins = np.arange(2 * DAY, len(rates) - product.AHEAD[-1], product.SPAN)
        excess, growth, _usual, bases = product._features(rates, origins)
        came = np.array([product._log(rates[origins + ahead]) for ahead in product.AHEAD])
        manners = product._manners(excess, growth, rates[origins])
        parts.append((excess, growth, manners, came - bases))
    excess, growth, manners, rose = (
        np.concatenate(each, axis=-1) for each in zip(*parts, strict=True)
    )
    for manner, name in enumerate(("calm", "storm", "fast")):
        alike = manners == manner
        columns = np.stack([excess, np.clip(growth, -1.1, 1.1)], axis=1)[alike]
        for place, ahead in enumerate(product.AHEAD):
            found, *_rest = np.linalg.lstsq(columns, rose[place][alike], rcond=None)
            misses = np.quantile(rose[place][alike] - columns @ found, (0.1, 0.9))
            print(f"{name:5s} {5 * ahead:4d} min", np.round(found, 2), np.round(misses, 2))


def cover() -> None:
    held: dict[bool, list[bool]] = {True: [], False: []}
    for seed in TRIED:
        counts = fortnight(seed)
        for end in range(3 * DAY, len(counts) - product.AHEAD[-1], 24):
            found = product.forecast(counts[:end])
            assert found is not None
            ahead = {each.minutes: each for each in found.ahead}
            for steps in product.AHEAD:
                came = 2 * counts[end + steps - product.SPAN : end + steps].sum()
                there = ahead[5 * steps]
                held[found.storm].append(bool(there.low <= came <= there.high))
    for stormy, every in held.items():
        print("storm" if stormy else "calm", f"{100 * np.mean(every):.1f} % of {len(every)} held")


if __name__ == "__main__":
    fit()
    cover()
