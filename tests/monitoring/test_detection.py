"""More than usual, for this brand: found early, once, and never from the future."""

import json
import random

import numpy as np
import pytest

from monitoring.detection import Detector, figures
from monitoring.detection.table import BadRow, judge_lines

DAY = 288


def _ordinary(days: int, level: float, seed: int = 1) -> list[int]:
    """Counts with a daily wave around `level` mentions a step."""
    source = np.random.default_rng(seed)
    wave = 1 + 0.6 * np.sin(np.arange(days * DAY) * 2 * np.pi / DAY)
    return source.poisson(level * wave).tolist()


def test_pushing_one_by_one_gives_the_same_figures_as_all_at_once() -> None:
    values = _ordinary(5, 8) + [150] * 20 + _ordinary(3, 8, seed=2)
    whole = Detector().run(values)
    single = Detector()
    for index, value in enumerate(values):
        assert single.push(value) == whole[index]


def test_chunks_of_any_size_give_the_same_figures() -> None:
    values = _ordinary(6, 20)
    whole = Detector().run(values)
    source, detector, scores, at = random.Random(4), Detector(), [], 0
    while at < len(values):
        size = source.randrange(1, 400)
        scores.extend(detector.run(values[at : at + size]).score.tolist())
        at += size
    assert scores == whole.score.tolist()


def test_a_verdict_depends_on_no_later_step() -> None:
    values = _ordinary(4, 8)
    changed = [*values[:800], *[9999] * (len(values) - 800)]
    before, after = Detector().run(values), Detector().run(changed)
    for name in ("score", "expected_low", "expected_high", "alarm"):
        assert (getattr(before, name)[:800] == getattr(after, name)[:800]).all()
    assert after.score[800] > before.score[800]


def test_peeking_says_what_pushing_would_and_remembers_nothing() -> None:
    detector = Detector()
    detector.run(_ordinary(3, 8))
    state = json.dumps(detector.state())
    for value in (0, 5, 500):
        peeked = detector.peek(value)
        assert json.dumps(detector.state()) == state
        assert peeked == Detector.from_state(json.loads(state)).push(value)


def test_the_state_survives_json_and_a_restart() -> None:
    values = _ordinary(4, 12) + [300] * 3 + _ordinary(1, 12, seed=3)
    straight, restarted = Detector(start=1_700_000_000), Detector(start=1_700_000_000)
    for value in values:
        restarted = Detector.from_state(json.loads(json.dumps(restarted.state())))
        assert restarted.push(value) == straight.push(value)


def test_a_storm_raises_one_alarm_and_then_silence_for_a_day() -> None:
    values = _ordinary(7, 10) + [200] * 250 + _ordinary(1, 10, seed=5)
    alarm = Detector().run(values).alarm
    raised = np.flatnonzero(alarm)
    assert 7 * DAY <= raised[0] <= 7 * DAY + 2
    assert alarm[: raised[0] + figures.HOLD // 300].sum() == 1


def test_ordinary_days_raise_no_alarm() -> None:
    assert not Detector().run(_ordinary(28, 15)).alarm.any()


def test_a_quiet_night_and_a_busy_morning_are_usual() -> None:
    day = [0] * 96 + list(range(0, 40, 2)) + [40] * 152 + [10] * 20
    noise = np.random.default_rng(6)
    values = noise.poisson(day * 21).tolist()
    assert not Detector().run(values).alarm[3 * DAY :].any()


def test_a_brand_with_three_mentions_a_day_is_not_alarmed_by_the_fourth() -> None:
    values = [0] * (DAY * 14)
    for day in range(14):
        for at in (100, 150, 200):
            values[day * DAY + at] = 1
    detector = Detector()
    assert not detector.run(values).alarm.any()
    verdicts = [detector.push(value) for value in (1, 1, 1, 1)]
    assert not any(verdict.alarm for verdict in verdicts)
    assert max(verdict.score for verdict in verdicts) < 0.5


def test_a_small_brand_in_a_real_storm_is_called() -> None:
    detector = Detector()
    detector.run([0, 0, 1] * (DAY * 2))
    assert detector.push(25).alarm


def test_a_storm_on_the_first_day_is_called_and_history_is_said_to_be_short() -> None:
    detector = Detector()
    detector.run([5, 6, 4, 7, 5, 5] * 20)
    verdict = detector.push(120)
    assert verdict.alarm
    assert not verdict.ready


def test_a_long_silence_neither_breaks_nor_alarms() -> None:
    detector = Detector()
    detector.run(_ordinary(7, 30))
    assert not detector.run([0] * DAY * 30).alarm.any()
    assert np.isfinite(detector.run(_ordinary(2, 30)).score).all()


def test_the_band_holds_most_ordinary_steps_and_knows_the_hour() -> None:
    values = np.array(_ordinary(35, 20))
    verdicts = Detector().run(values)
    last = slice(28 * DAY, None)
    inside = (values >= verdicts.expected_low) & (values <= verdicts.expected_high)
    assert 0.8 < inside[last].mean() < 0.99
    busy, quiet = 28 * DAY + DAY // 4, 28 * DAY + 3 * DAY // 4
    assert verdicts.expected_high[busy] > 2 * verdicts.expected_high[quiet]


def test_last_weeks_storm_does_not_move_this_weeks_band() -> None:
    calm = _ordinary(28, 20)
    stormy = list(calm)
    stormy[21 * DAY : 21 * DAY + 24] = [900] * 24
    usual, after = Detector().run(calm), Detector().run(stormy)
    same_hour = slice(28 * DAY - DAY, 28 * DAY - DAY + 24)
    assert after.expected_high[same_hour].max() < 2 * usual.expected_high[same_hour].max()


@pytest.mark.parametrize("step", [60, 300, 900, 3600, 86400])
def test_any_step_length_works(step: int) -> None:
    detector = Detector(step=step)
    source = np.random.default_rng(7)
    detector.run(source.poisson(step / 10, size=400))
    assert detector.push(step * 5).score > 0.5


def test_a_step_without_length_is_refused() -> None:
    with pytest.raises(ValueError, match="second"):
        Detector(step=0)


def _table(text: str) -> list[str]:
    return "".join(judge_lines(text.splitlines(keepends=True), step=300)).splitlines()


def test_the_table_keeps_times_as_given_in_the_agreed_columns() -> None:
    rows = _table("timestamp,value\n2015-02-26 21:42:53,104\n2015-02-26T21:47:53Z,100\n")
    assert rows[0] == "timestamp,value,expected_low,expected_high,score,alarm"
    assert [row.split(",")[:2] for row in rows[1:]] == [
        ["2015-02-26 21:42:53", "104"],
        ["2015-02-26T21:47:53Z", "100"],
    ]
    assert all(row.split(",")[5] in "01" for row in rows[1:])


def test_the_score_can_stand_last() -> None:
    lines = ["timestamp,value\n", "0,1\n", "300,2\n"]
    rows = "".join(judge_lines(lines, step=300, score_last=True)).splitlines()
    assert rows[0].endswith("alarm,score")
    assert float(rows[1].split(",")[-1]) >= 0


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "Line 1"),
        ("when,how many\n0,1\n", "Line 1"),
        ("timestamp,value\n0,1\n300\n", "Line 3"),
        ("timestamp,value\n0,1\n300,many\n", "Line 3"),
        ("timestamp,value\n0,1\n300,-4\n", "Line 3"),
        ("timestamp,value\n0,1\n300,nan\n", "Line 3"),
        ("timestamp,value\n0,1\n300,1e999\n", "Line 3"),
        ("timestamp,value\nyesterday,1\n", "Line 2"),
    ],
)
def test_a_bad_row_is_named(text: str, complaint: str) -> None:
    with pytest.raises(BadRow, match=complaint):
        _table(text)


def test_quotes_blank_lines_and_a_byte_order_mark_are_fine() -> None:
    rows = _table('\ufefftimestamp,value\n"2015-02-26 21:42:53","3"\n\n2015-02-26 21:47:53,4\n')
    assert len(rows) == 3
