#!/usr/bin/env python3
"""Measure the detector by NAB's rules: python tools/measure_detection.py DATA.

DATA holds `detection/nab_realTweets` and `tools/score_detector.py`, which does the scoring. For
each file the threshold is the one that was best on the other files; beside it stands the shipped
threshold of 0.5. One alarm per incident: 24 hours of silence after one.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from monitoring.detection import Detector

HOLD = 288
# Rows at the beginning of a file that NAB's rules do not judge.
PROBATION = 750
Scores = dict[str, list[float]]


def detect(files: dict[str, Any]) -> Scores:
    return {
        name: Detector().run([float(value) for value in file["val"]]).score.tolist()
        for name, file in files.items()
    }


def candidates(scores: Scores, count: int = 120) -> list[float]:
    """Thresholds from rarely to often passed, evenly in the logarithm of how often."""
    judged = [np.array(each[PROBATION:]) for each in scores.values()]
    highest = np.sort(np.concatenate(judged))[::-1]
    places = len(highest) * np.exp(np.linspace(np.log(1e-5), np.log(0.05), count))
    return sorted({float(highest[int(place)]) for place in places})


def left_out(tool: Any, files: dict[str, Any], scores: Scores, profile: str) -> float:
    """The score of all files together, each at the threshold that the others chose."""
    points: dict[str, list[float]] = {
        name: [_points(tool, files, scores, [name], at, profile) for at in candidates(scores)]
        for name in files
    }
    windows = {name: len(file["win"]) for name, file in files.items()}
    total = 0.0
    for name in files:
        others = np.sum([points[other] for other in files if other != name], axis=0)
        # The middle of equally good thresholds: the least likely to be good by luck.
        best = np.flatnonzero(others >= others.max() - 1e-9)
        total += points[name][best[len(best) // 2]]
    return total / sum(windows.values())


def _points(
    tool: Any, files: dict[str, Any], scores: Scores, names: Sequence[str], at: float, profile: str
) -> float:
    some = {name: files[name] for name in names}
    windows = sum(len(file["win"]) for file in some.values())
    return float(tool.score(some, scores, at, profile, HOLD)["score"]) * windows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    data = parser.parse_args().data
    sys.path.insert(0, str(data / "tools"))
    import score_detector as tool

    files = tool.load(str(data / "detection" / "nab_realTweets"))
    for file in files.values():
        file["wt"] = tool.weights(file["ts"], file["win"])
    scores = detect(files)
    for profile in tool.PROF:
        fixed = tool.score(files, scores, 0.5, profile, HOLD)
        carried = left_out(tool, files, scores, profile)
        print(
            f"{profile:20s} threshold of the other files {carried:.2f}"
            f"   shipped threshold {fixed['score']:.2f} ({fixed['windows']} windows, "
            f"{fixed['false_alerts_per_brand_week']:.2f} false alarms a brand and week)"
        )


if __name__ == "__main__":
    main()
