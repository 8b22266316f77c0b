"""What is usual for a brand, as `Baseline.state` holds it, and how it is kept up to the minute.

A step is closed into the memory some minutes after its end, because mentions arrive late. Until
then it is judged anew with every look, by a copy of the memory. A rule that counts for itself has a
memory of its own (`DetectionRule.state`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Self

from . import steps
from .detection import DayRise, Detector, NegativeShare, RiseVerdict, Silence, SilenceVerdict
from .detection.detector import Verdict
from .models import Baseline
from .models_signals import DetectionRule
from .peaks import Peaks
from .steps import SECONDS, STEP, Count, Judged

# How long after its end a step still takes late mentions before it is remembered.
GRACE = timedelta(minutes=10)
# What is remembered at most, and how far a silent gap is filled with zeros.
HISTORY = timedelta(days=60)
# So many mentions that came after their step was closed make the memory worth reading anew.
LATE_MENTIONS = 100
# A state of another version is read anew from the counts.
VERSION = 2
# Reach is far from evenly spread: its root is judged, in units of a hundred people.
REACH_UNIT = 100


@dataclass(slots=True)
class Outlook:
    """The steps that are not remembered yet, judged; the last of them is still running."""

    steps: list[Judged]
    reach: list[Verdict]
    rise: RiseVerdict
    silence: SilenceVerdict


@dataclass(slots=True)
class Memory:
    """The detectors as of `closed_until`; everything from `since` to there is in them.

    Within an expected peak each mention counts as 1/factor, in judging and in remembering: a
    launch neither alarms as long as it stays within what was expected, nor is it usual later.
    """

    detector: Detector
    reach: Detector
    share: NegativeShare
    since: datetime
    closed_until: datetime
    rise: DayRise = field(default_factory=DayRise)
    silence: Silence = field(default_factory=Silence)

    @classmethod
    def begin(cls, since: datetime, *, windows: Sequence[int] | None = None) -> Self:
        """An empty memory of a brand that was first spoken of in the step `since`."""
        start = since.timestamp()
        return cls(
            Detector(step=SECONDS, start=start, windows=windows),
            Detector(step=SECONDS, start=start, windows=windows),
            NegativeShare(),
            since,
            since,
        )

    @classmethod
    def read(cls, state: dict[str, Any]) -> Self | None:
        """The memory that `state()` wrote; None for one of another version, or for none."""
        if state.get("version") != VERSION:
            return None
        return cls(
            Detector.from_state(state["detector"]),
            Detector.from_state(state["reach"]),
            NegativeShare.from_state(state["share"]),
            datetime.fromisoformat(state["since"]),
            datetime.fromisoformat(state["closed_until"]),
            DayRise.from_state(state["rise"]),
            Silence.from_state(state["silence"]),
        )

    def state(self) -> dict[str, Any]:
        parts = {name: getattr(self, name).state() for name in _PARTS}
        return {
            "version": VERSION,
            "since": self.since.isoformat(),
            "closed_until": self.closed_until.isoformat(),
            **parts,
        }

    def close(self, counts: Sequence[Count], peaks: Peaks) -> list[Judged]:
        """Remember finished steps, the next ones in order; return what they were worth."""
        factors = [peaks.factor(count.starts_at) for count in counts]
        verdicts = self.detector.run(_volumes(counts, factors))
        self.reach.run(_reaches(counts, factors))
        judged = []
        for index, (count, factor) in enumerate(zip(counts, factors, strict=True)):
            verdict = verdicts[index]
            self.share.push(count.total, count.negative)
            self.rise.push(count.total / factor)
            self.silence.push(count.total, verdict.expected)
            judged.append(Judged(count, _scaled(verdict, factor)))
        self.closed_until += STEP * len(counts)
        return judged

    def look(self, counts: Sequence[Count], peaks: Peaks) -> Outlook:
        """Judge the steps that follow without remembering them; the last one is still running."""
        factors = [peaks.factor(count.starts_at) for count in counts]
        volumes = _volumes(counts, factors)
        verdicts = _tried(self.detector, volumes)
        expected = [verdict.expected for verdict in verdicts]
        gap = [(count.total, usual) for count, usual in zip(counts, expected, strict=True)]
        pairs = zip(counts, verdicts, factors, strict=True)
        return Outlook(
            [Judged(count, _scaled(verdict, factor)) for count, verdict, factor in pairs],
            _tried(self.reach, _reaches(counts, factors)),
            self.rise.judge(volumes),
            # The running step may yet be spoken in.
            self.silence.judge([(float(a), b) for a, b in (gap if gap[-1][0] else gap[:-1])]),
        )


_PARTS = ("detector", "reach", "share", "rise", "silence")


def _volumes(counts: Sequence[Count], factors: Sequence[float]) -> list[float]:
    return [count.total / factor for count, factor in zip(counts, factors, strict=True)]


def _reaches(counts: Sequence[Count], factors: Sequence[float]) -> list[float]:
    pairs = zip(counts, factors, strict=True)
    return [(count.reach / factor / REACH_UNIT) ** 0.5 for count, factor in pairs]


def _tried(detector: Detector, values: Sequence[float]) -> list[Verdict]:
    """Judge by a copy: all but the last value as finished, the last one as it stands."""
    trial = Detector.from_state(detector.state())
    verdicts = trial.run(values[:-1])
    return [*(verdicts[index] for index in range(len(values) - 1)), trial.peek(values[-1])]


def _scaled(verdict: Verdict, factor: float) -> Verdict:
    """What was judged as 1/factor each, in mentions again."""
    if factor == 1:
        return verdict
    return replace(
        verdict,
        expected_low=verdict.expected_low * factor,
        expected_high=verdict.expected_high * factor,
        mentions=verdict.mentions * factor,
        expected=verdict.expected * factor,
    )


def advance(baseline: Baseline, now: datetime, peaks: Peaks) -> tuple[Memory | None, list[Judged]]:
    """Close into a locked baseline what is over for good; None where nothing was ever said.

    Returns the memory and the steps that were closed. Changes the row's fields, not the row.
    """
    memory = _recall(baseline, now)
    if memory is None:
        return None, []
    until = steps.floor(now - GRACE)
    counts = steps.counts(baseline.brand_id, since=memory.closed_until, until=until)
    if not counts:
        return memory, []
    judged = memory.close(counts, peaks)
    steps.write(baseline.brand_id, judged)
    baseline.state = memory.state()
    baseline.closed_at = memory.closed_until - STEP
    return memory, judged


def advance_rule(rule: DetectionRule, now: datetime, peaks: Peaks) -> Memory | None:
    """The same for a rule that counts for itself; writes its `state` where a step was closed."""
    memory = Memory.read(rule.state)
    own = rule.pk if rule.scope else None
    if memory is None:
        since = _rule_begins(rule, steps.floor(now - HISTORY))
        if since is None:
            return None
        memory = Memory.begin(since, windows=_windows(rule))
    memory.closed_until = max(memory.closed_until, steps.floor(now - HISTORY))
    until = steps.floor(now - GRACE)
    counts = steps.counts(rule.brand_id, since=memory.closed_until, until=until, rule_id=own)
    if counts:
        memory.close(counts, peaks)
        rule.state = memory.state()
        rule.save(update_fields=["state"])
    return memory


def _rule_begins(rule: DetectionRule, oldest: datetime) -> datetime | None:
    if not rule.scope:
        return steps.first(rule.brand_id, since=oldest)
    first = steps.first_of_rule(rule.pk)
    return None if first is None else max(first, oldest)


def _windows(rule: DetectionRule) -> list[int] | None:
    return [rule.window_minutes * 60] if rule.window_minutes else None


def _recall(baseline: Baseline, now: datetime) -> Memory | None:
    """The stored memory, or a new one where there is none or the past has changed too much."""
    oldest = steps.floor(now - HISTORY)
    memory = Memory.read(baseline.state)
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
