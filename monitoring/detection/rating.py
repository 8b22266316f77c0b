"""Does a review site's average fall? From counts a day, so that no review is read again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

# The last days, in which there must be so many reviews; more days where reviews are few …
RECENT_DAYS = (3, 7, 14)
LEAST_RECENT = 8
# … against so many days before, with so many reviews.
BEFORE_DAYS = 90
LEAST_BEFORE = 20
# An alarm is so many stars lower, and so many standard errors.
FALL = 0.4
DEVIATIONS = 3.0
# Opinions stray by half a star at least, however alike the first ones were.
LEAST_STRAY = 0.5


@dataclass(frozen=True, slots=True)
class Day:
    """Reviews of a day: how many, the sum of their stars, and of their squares."""

    day: date
    reviews: int
    stars: float
    squares: float


@dataclass(frozen=True, slots=True)
class RatingVerdict:
    """The `average` of the last `days` against the `usual` one; `strength` 1 is an alarm."""

    average: float
    usual: float
    reviews: int
    days: int
    strength: float

    @property
    def score(self) -> float:
        return self.strength / (self.strength + 1)


def judge(days: Sequence[Day], today: date) -> RatingVerdict | None:
    """Judge one review site by its days, in any order; None where too little is known."""
    found = [_compare(days, today, length) for length in RECENT_DAYS]
    return max((each for each in found if each), key=lambda each: each.strength, default=None)


def _compare(days: Sequence[Day], today: date, length: int) -> RatingVerdict | None:
    edge = today - timedelta(days=length)
    recent = [each for each in days if each.day > edge]
    before = [each for each in days if edge - timedelta(days=BEFORE_DAYS) < each.day <= edge]
    now, then = _sums(recent), _sums(before)
    if now.reviews < LEAST_RECENT or then.reviews < LEAST_BEFORE:
        return None
    average, usual = now.stars / now.reviews, then.stars / then.reviews
    variance = max(then.squares / then.reviews - usual**2, LEAST_STRAY**2)
    error = (variance * (1 / now.reviews + 1 / then.reviews)) ** 0.5
    fall = usual - average
    strength = max(min(fall / FALL, fall / error / DEVIATIONS), 0.0)
    return RatingVerdict(average, usual, now.reviews, length, strength)


def _sums(days: Sequence[Day]) -> Day:
    return Day(
        date.min,
        sum(each.reviews for each in days),
        sum(each.stars for each in days),
        sum(each.squares for each in days),
    )
