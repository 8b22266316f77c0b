"""What is usual for a brand, as `Baseline.state` holds it, and how it is kept up to the minute.

A step is closed into the memory some minutes after its end, because mentions arrive late. Until
then it is judged anew with every look, by a copy of the memory.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self

from . import steps
from .detection import Detector, NegativeShare
from .models import Baseline
from .steps import SECONDS, STEP, Count, Judged

# How long after its end a step still takes late mentions before it is remembered.
GRACE = timedelta(minutes=10)
# What is remembered at most, and how far a silent gap is filled with zeros.
HISTORY = timedelta(days=60)
# So many mentions that came after their step was closed make the memory worth reading anew.
LATE_MENTIONS = 100


@dataclass(slots=True)
class Memory:
    """The detectors as of `closed_until`; everything from `since` to there is in them."""

    detector: Detector
    share: NegativeShare
    since: datetime
    closed_until: datetime

    @classmethod
    def begin(cls, since: datetime) -> Self:
        """An empty memory of a brand that was first spoken of in the step `since`."""
        detector = Detector(step=SECONDS, start=since.timestamp())
        return cls(detector, NegativeShare(), since, since)

    @classmethod
    def read(cls, state: dict[str, Any]) -> Self:
        return cls(
            Detector.from_state(state["detector"]),
            NegativeShare.from_state(state["share"]),
            datetime.fromisoformat(state["since"]),
            datetime.fromisoformat(state["closed_until"]),
        )

    def state(self) -> dict[str, Any]:
        return {
            "detector": self.detector.state(),
            "share": self.share.state(),
            "since": self.since.isoformat(),
            "closed_until": self.closed_until.isoformat(),
        }

    def close(self, counts: Sequence[Count]) -> list[Judged]:
        """Remember finished steps, the next ones in order; return what they were worth."""
        verdicts = self.detector.run([count.total for count in counts])
        for count in counts:
            self.share.push(count.total, count.negative)
        self.closed_until += STEP * len(counts)
        return [Judged(count, verdicts[index]) for index, count in enumerate(counts)]

    def look(self, counts: Sequence[Count]) -> list[Judged]:
        """Judge the steps that follow without remembering them; the last one is still running."""
        trial = Detector.from_state(self.detector.state())
        *over, running = counts
        verdicts = trial.run([count.total for count in over])
        judged = [Judged(count, verdicts[index]) for index, count in enumerate(over)]
        return [*judged, Judged(running, trial.peek(running.total))]


def advance(baseline: Baseline, now: datetime) -> tuple[Memory | None, list[Judged]]:
    """Close into a locked baseline what is over for good; None where nothing was ever said.

    Returns the memory and the steps that were closed. Changes the row's fields, not the row.
    """
    memory = _recall(baseline, now)
    if memory is None:
        return None, []
    counts = steps.counts(
        baseline.brand_id, since=memory.closed_until, until=steps.floor(now - GRACE)
    )
    if not counts:
        return memory, []
    judged = memory.close(counts)
    steps.write(baseline.brand_id, judged)
    baseline.state = memory.state()
    baseline.closed_at = memory.closed_until - STEP
    return memory, judged


def _recall(baseline: Baseline, now: datetime) -> Memory | None:
    """The stored memory, or a new one where there is none or the past has changed too much."""
    oldest = steps.floor(now - HISTORY)
    memory = Memory.read(baseline.state) if baseline.state else None
    if memory is None or _outdated(memory, baseline, oldest):
        begin = steps.first(baseline.brand_id, since=oldest)
        return Memory.begin(begin) if begin else None
    # A gap longer than the history is not filled.
    memory.closed_until = max(memory.closed_until, oldest)
    return memory


def _outdated(memory: Memory, baseline: Baseline, oldest: datetime) -> bool:
    """Bring closed steps up to date; whether so much came late that all is to be read anew."""
    changed = baseline.changed_from
    if changed is None or changed >= memory.closed_until:
        return False
    since = max(steps.floor(changed), oldest)
    late = steps.recount(baseline.brand_id, since=since, until=memory.closed_until)
    return since < memory.since or late >= LATE_MENTIONS
