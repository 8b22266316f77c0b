"""How well alarms are called: on labelled streams of brands, and on crises of known onset.

The data is not part of the project: CRISISDESK_DATA names the folder that holds
`detection/nab_realTweets` and `tools/score_detector.py`, `tools/score_injection.py`, which score.
Without it these figures cannot be measured, and say so.
"""

import importlib
import os
import statistics
import sys
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from . import Measured, figure

# The best published detectors on the same files, by profile, and the best prototype's recall.
STANDARD, FEW_FALSE, FEW_MISSED = 83.0, 75.0, 88.7
RECALL = 62.5
BUDGET = 2.0
HOLD = 288
SEEDS = ("dev-1", "dev-2", "dev-3", "dev-4")


@figure(
    "detection, NAB standard, threshold of the other files", unit="points", must=">= 1", issue=3
)
def standard() -> Measured:
    return Measured(_nab("standard"), STANDARD)


@figure("detection, NAB few false alarms", unit="points", must=">= 1", issue=3)
def few_false() -> Measured:
    return Measured(_nab("reward_low_FP_rate"), FEW_FALSE)


@figure("detection, NAB few misses", unit="points", must=">= 1", issue=3)
def few_missed() -> Measured:
    return Measured(_nab("reward_low_FN_rate"), FEW_MISSED)


@figure("detection, injected crises found at 2 alarms a week", unit="%", must=">= 1", issue=3)
def injected() -> Measured:
    return Measured(100 * _injected()[0], RECALL)


@figure("forecast, share within the interval of four fifths", unit="%", must=">= 0.9375", issue=3)
def covered() -> Measured:
    """The same streams: each sixth hour, half an hour to six hours ahead."""
    return Measured(100 * _coverage(), 80)


def _folder() -> Path:
    """The data's folder; RuntimeError in plain words where there is none."""
    named = os.environ.get("CRISISDESK_DATA", "")
    folder = Path(named)
    if not named or not (folder / "detection" / "nab_realTweets").is_dir():
        raise RuntimeError(
            "CRISISDESK_DATA names no folder with detection/nab_realTweets: not measured."
        )
    return folder


@cache
def _tool(name: str) -> ModuleType:
    sys.path.insert(0, str(_folder() / "tools"))
    return importlib.import_module(name)


@cache
def _files() -> dict[str, Any]:
    tool = _tool("score_detector")
    files: dict[str, Any] = tool.load(str(_folder() / "detection" / "nab_realTweets"))
    for file in files.values():
        file["wt"] = tool.weights(file["ts"], file["win"])
        file["v"] = [float(value) for value in file["val"]]
    return files


@cache
def _scores() -> dict[str, list[float]]:
    return {name: _judged(file["v"]) for name, file in _files().items()}


def _judged(values: list[float]) -> list[float]:
    from monitoring.detection import Detector

    scores: list[float] = Detector().run(values).score.tolist()
    return scores


def _nab(profile: str) -> float:
    from tools.measure_detection import left_out

    return round(left_out(_tool("score_detector"), _files(), _scores(), profile), 2)


def _threshold(budget: float) -> float:
    """The lowest score that keeps to so many alarms a brand and week on the untouched streams."""
    alerts = _tool("score_injection").alerts
    weeks = sum((len(scores) - 750) / 2016 for scores in _scores().values())
    every = sorted({s for scores in _scores().values() for s in scores[750:]}, reverse=True)
    low, high = 0, len(every) - 1
    while low < high:
        middle = (low + high + 1) // 2
        raised = sum(len(alerts(scores, every[middle], HOLD)) for scores in _scores().values())
        low, high = (middle, high) if raised <= budget * weeks else (low, middle - 1)
    return every[low]


@cache
def _injected(budget: float = BUDGET) -> tuple[float, float]:
    """Return the share of injected crises that are found, and the median delay in minutes."""
    tool, threshold = _tool("score_injection"), _threshold(budget)
    delays: list[float | None] = []
    for name, file in _files().items():
        inside = [window >= 0 for _score, window, _probation in file["wt"]]
        for seed in SEEDS:
            values, events = tool.make(file["v"], inside, seed, name)
            scores = _judged([float(int(value)) for value in values])
            delays += [_delay(scores, event, threshold) for event in events]
    found = [delay for delay in delays if delay is not None]
    return len(found) / len(delays), statistics.median(found)


def _delay(scores: list[float], event: dict[str, Any], threshold: float) -> float | None:
    onset = event["onset"]
    limit = onset + (288 if event["shape"] == "slow" else 144)
    hit = next(
        (at for at in range(onset, min(limit, len(scores))) if scores[at] >= threshold), None
    )
    return None if hit is None else 5.0 * (hit - onset)


def _coverage(every: int = 72) -> float:
    from monitoring.detection.forecast import AHEAD, DAY, DAYS, forecast

    within = []
    for file in _files().values():
        values = np.array(file["v"])
        for end in range(3 * DAY, len(values) - AHEAD[-1], every):
            found = forecast(values[max(end - DAYS * DAY, 0) : end])
            if found is None:
                continue
            ahead = {each.minutes: each for each in found.ahead}
            for steps in AHEAD:
                came = 2 * values[end + steps - 6 : end + steps].sum()
                within.append(ahead[5 * steps].low <= came <= ahead[5 * steps].high)
    return float(np.mean(within))
