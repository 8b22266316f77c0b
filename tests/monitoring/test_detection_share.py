"""The share of negative, against the brand's own."""

import json

from monitoring.detection import NegativeShare


def _usual(share: float, steps: int = 500) -> NegativeShare:
    known = NegativeShare()
    for _ in range(steps):
        known.push(20, 20 * share)
    return known


def test_a_share_far_above_the_usual_alarms() -> None:
    verdict = _usual(0.1).judge(60, 42)
    assert verdict.alarm
    assert verdict.score >= 0.5
    assert verdict.share == 0.7
    assert 0.09 < verdict.usual < 0.11


def test_a_brand_that_is_always_scolded_is_not_called_for_it() -> None:
    assert not _usual(0.8).judge(60, 52).alarm


def test_few_mentions_say_nothing() -> None:
    verdict = _usual(0.1).judge(29, 29)
    assert not verdict.alarm
    assert verdict.score < 0.5


def test_without_history_nothing_is_called() -> None:
    assert not NegativeShare().judge(60, 55).alarm


def test_an_unsteady_brand_needs_more() -> None:
    unsteady = NegativeShare()
    for step in range(500):
        unsteady.push(20, 14 if step % 5 == 0 else 0)
    steady = _usual(unsteady.usual)
    assert unsteady.judge(40, 14).strength < steady.judge(40, 14).strength


def test_silence_and_restarts_are_fine() -> None:
    known = _usual(0.1)
    assert known.judge(0, 0).share == 0
    known.push(0, 0)
    again = NegativeShare.from_state(json.loads(json.dumps(known.state())))
    assert again.judge(60, 40) == known.judge(60, 40)
