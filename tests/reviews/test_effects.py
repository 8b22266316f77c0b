"""What is taken for an effect of a publication, and what is not.

The storms are made here: a level of its own by the hour, one storm of some hours, chance on top.
docs/reviews.md says what came of real streams.
"""

import numpy as np
import pytest
from numpy.typing import NDArray

from reviews.effects import Verdict, effect

DAY = 288
STORMS = 120


def course(seed: int, *, age: int, height: float = 12.0) -> tuple[NDArray[np.int64], int]:
    """Eight days of counts with a storm that began `age` steps before the place returned."""
    chance = np.random.default_rng(seed)
    steps = np.arange(8 * DAY + 60)
    usual = 4 + 3 * np.sin(2 * np.pi * (steps % DAY) / DAY)
    place = 8 * DAY
    begun = place - age
    since = np.maximum(steps - begun, 0)
    # Some storms fade within hours, some hardly.
    fading = np.exp(-since / chance.uniform(60, 400))
    wander = np.exp(np.cumsum(chance.normal(0, 0.03, len(steps))) * (since > 0))
    storm = np.where(steps >= begun, height * usual.mean() * fading * wander, 0.0)
    return chance.poisson(usual + storm), place


def cut(counts: NDArray[np.int64], place: int, share: float) -> list[int]:
    """What would have come, of which each was said with the chance `share`."""
    after = counts[place + 1 : place + 25]
    found: list[int] = np.random.default_rng(place).binomial(after, share).tolist()
    return found


def verdicts(share: float, *, age: int) -> list[Verdict]:
    found = []
    for seed in range(STORMS):
        counts, place = course(seed, age=age)
        found.append(effect(counts[:place].tolist(), cut(counts, place, share)).verdict)
    return found


@pytest.mark.parametrize("age", [6, 24, 48])
def test_where_nothing_changed_hardly_anything_is_taken_for_an_effect(age: int) -> None:
    """Nine times in ten at least: half a minute after a storm broke out as hours later."""
    found = verdicts(1.0, age=age)
    assert sum(each in {Verdict.FEWER, Verdict.MORE} for each in found) <= STORMS * 0.1


def test_in_a_storm_that_lasted_a_great_change_is_seen() -> None:
    found = verdicts(0.2, age=48)
    assert sum(each == Verdict.FEWER for each in found) >= STORMS * 0.7


def test_a_spike_that_ends_by_itself_is_no_merit() -> None:
    """It stood for twenty minutes, and is over: as spikes are."""
    counts, place = course(1, age=4)
    told = effect(counts[:place].tolist(), cut(counts, place, 0.1))
    assert told.verdict == Verdict.UNCLEAR
    assert told.expected is not None
    assert told.expected > told.seen


def test_what_grows_beyond_all_expectation_is_more() -> None:
    counts, place = course(2, age=48)
    told = effect(counts[:place].tolist(), (counts[place + 1 : place + 25] * 12).tolist())
    assert told.verdict == Verdict.MORE
    assert told.change is not None
    assert told.change > 1


def test_where_hardly_anybody_speaks_nothing_is_said() -> None:
    chance = np.random.default_rng(3)
    assert effect(chance.poisson(0.2, 600).tolist(), [0] * 24).verdict == Verdict.TOO_FEW


@pytest.mark.parametrize(("before", "after"), [(600, 5), (600, 0), (11, 24), (0, 24)])
def test_too_little_before_or_after_is_too_short(before: int, after: int) -> None:
    assert effect([30] * before, [30] * after).verdict == Verdict.TOO_SHORT


def test_it_looks_as_far_as_nothing_else_disturbs() -> None:
    assert [effect([30] * 600, [30] * steps).minutes for steps in (6, 11, 12, 23, 24, 90)] == [
        *(30, 30, 60, 60, 120, 120),
    ]
