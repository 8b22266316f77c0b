"""Slow rises, silences, ratings and forecasts, on series whose truth is known."""

from datetime import date, timedelta

import numpy as np
import pytest

from monitoring.detection import DayRise, Detector, Silence
from monitoring.detection.forecast import Forecast, forecast
from monitoring.detection.rating import Day, judge

DAY = 288


def _season(days: int, level: float, seed: int = 1, *, weekend: float = 1.0) -> np.ndarray:
    """Steps of `days` with a loud noon, a quiet night and, at will, another weekend."""
    steps = np.arange(days * DAY)
    hour = steps % DAY / 12
    shape = np.exp(1.2 * np.cos((hour - 13) / 24 * 2 * np.pi))
    week = np.where(steps // DAY % 7 >= 5, weekend, 1.0)
    rates = level * shape / shape.mean() * week
    return np.random.default_rng(seed).poisson(rates).astype(float)


def _rises(values: np.ndarray) -> list[int]:
    """The hours at which the day as a whole is an alarm."""
    known, found = DayRise(), []
    for place, value in enumerate(values.tolist()):
        known.push(value)
        if place % 12 == 11 and known.judge([]).strength >= 1:
            found.append(place // 12)
    return found


@pytest.mark.parametrize(
    ("level", "weekend"), [(3 / DAY, 1.0), (1.0, 1.0), (30.0, 0.5), (2500.0, 0.4), (2500.0, 1.5)]
)
def test_ordinary_weeks_are_no_alarm_of_any_kind_but_seldom(level: float, weekend: float) -> None:
    values = _season(35, level, weekend=weekend)
    assert _rises(values[: 21 * DAY]) == [] or weekend == 1.5
    alarms = int(Detector(step=300).run(values).alarm[7 * DAY :].sum())
    assert alarms <= 2


@pytest.mark.parametrize("level", [0.5, 5.0, 2500.0])
def test_a_day_of_double_is_called_though_no_hour_stands_out(level: float) -> None:
    values = _season(12, level)
    values[10 * DAY : 11 * DAY] *= 2
    found = _rises(values)
    assert found
    # Before the day is over, and not before it has begun.
    assert 10 * 24 < found[0] < 11 * 24


def test_three_mentions_a_day_need_far_more_than_a_double_day() -> None:
    values = _season(20, 3 / DAY)
    values[15 * DAY : 16 * DAY] *= 3
    assert _rises(values) == []
    values[18 * DAY : 18 * DAY + 60] += 1
    assert _rises(values)


def test_what_is_loud_every_saturday_is_usual_after_some_weeks() -> None:
    values = _season(42, 5.0)
    for week in range(6):
        values[(week * 7 + 5) * DAY : (week * 7 + 6) * DAY] *= 2
    assert [hour for hour in _rises(values) if hour > 28 * 24] == []


def test_a_storm_is_called_whether_3_a_day_or_30_000_an_hour_are_usual() -> None:
    for level, extra in ((3 / DAY, 6.0), (2500.0, 12_000.0)):
        values = _season(21, level)
        storm = slice(20 * DAY + 150, 20 * DAY + 162)
        values[storm] += extra
        alarms = np.flatnonzero(Detector(step=300).run(values).alarm[10 * DAY :]) + 10 * DAY
        assert any(storm.start <= alarm <= storm.stop for alarm in alarms), level


def _silent(values: np.ndarray) -> list[int]:
    expected = Detector(step=300).run(values).expected
    known, found = Silence(), []
    for place, (value, usual) in enumerate(zip(values.tolist(), expected.tolist(), strict=True)):
        known.push(value, usual)
        if known.judge([]).strength >= 1:
            found.append(place)
    return found


def test_a_source_that_broke_is_called_within_hours() -> None:
    values = _season(12, 3.0)
    broke = 10 * DAY + 140
    values[broke:] = 0
    found = _silent(values)
    assert found
    assert broke + 11 <= found[0] <= broke + 3 * 12


def test_nights_and_quiet_brands_are_not_silent() -> None:
    night = _season(14, 2.0)
    night[np.arange(len(night)) % DAY < 84] = 0
    assert _silent(night) == []
    quiet = _season(30, 3 / DAY)
    quiet[20 * DAY : 22 * DAY] = 0
    assert _silent(quiet) == []


def _reviews(today: date, before: float, now: float, *, each: int = 4) -> list[Day]:
    days = []
    for ago in range(60):
        stars = now if ago < 3 else before
        days.append(Day(today - timedelta(days=ago), each, each * stars, each * (stars**2 + 0.8)))
    return days


def test_a_falling_rating_is_called_and_a_steady_one_is_not() -> None:
    today = date(2026, 11, 23)
    steady = judge(_reviews(today, 4.2, 4.1), today)
    assert steady is not None
    assert steady.strength < 1
    fallen = judge(_reviews(today, 4.2, 2.4), today)
    assert fallen is not None
    assert fallen.strength > 1
    assert (fallen.days, fallen.reviews) == (3, 12)
    assert fallen.average == pytest.approx(2.4)


def test_few_reviews_tell_nothing_about_a_rating() -> None:
    today = date(2026, 11, 23)
    assert judge([Day(today, 3, 3.0, 3.0)], today) is None
    assert judge([], today) is None


def test_less_than_an_hour_makes_no_forecast() -> None:
    assert forecast(np.ones(11)) is None
    assert forecast(np.ones(12)) is not None


def test_a_forecast_knows_the_time_of_day() -> None:
    values = _season(14, 20.0)
    night = forecast(values[: 13 * DAY + 24])
    assert night is not None
    # Two in the morning: at eight it will be louder.
    assert night.ahead[-1].middle > 2 * night.rate
    assert night.ahead[-1].low < night.ahead[-1].middle < night.ahead[-1].high


def test_a_morning_is_predicted_to_pass_a_round_number_and_when() -> None:
    # Six in the morning: it doubles by nine on other days.
    found = forecast(_season(14, 20.0)[: 13 * DAY + 72])
    assert found is not None
    crossing = found.crossing()
    assert crossing is not None
    assert crossing.rising
    assert crossing.level in {80, 100, 150}
    assert 10 <= crossing.minutes <= 120
    assert not found.storm
    assert Forecast.from_state(found.state()).crossing() == crossing


def test_a_storm_that_grows_fast_may_go_far() -> None:
    values = _season(14, 2.0)
    values[-8:] += np.array([4, 8, 15, 30, 50, 80, 110, 150])
    found = forecast(values)
    assert found is not None
    assert found.storm
    possible = found.possible()
    assert possible is not None
    assert possible.level > 1.2 * found.rate
    # The interval is wider than that of a storm that has stopped growing.
    steady = _season(14, 2.0)
    steady[-30:] += 100
    calmer = forecast(steady)
    assert calmer is not None
    widths = [each.ahead[5].high / each.ahead[5].low for each in (found, calmer)]
    assert widths[0] > 1.2 * widths[1]


def test_four_of_five_come_within_the_interval() -> None:
    within, made = 0, 0
    for seed in range(4):
        values = _season(16, 10.0, seed)
        for end in range(9 * DAY, 15 * DAY, 71):
            found = forecast(values[:end])
            assert found is not None
            there = next(each for each in found.ahead if each.minutes == 120)
            came = 2 * values[end + 18 : end + 24].sum()
            within += there.low <= came <= there.high
            made += 1
    assert 0.7 <= within / made <= 0.95
