"""Kinds of alarm beside volume: each by its rule, grouped, silenced, and within expected peaks."""

from datetime import UTC, datetime, timedelta

import pytest

from accounts.models import Brand
from monitoring import judge, memory, reasons, steps
from monitoring.enums import DetectionKind, Sensitivity
from monitoring.models import Baseline, Detection, Step
from monitoring.models_signals import (
    DayRating,
    DetectionRule,
    ExpectedPeak,
    FarthestPost,
    RuleCount,
    Theme,
)
from monitoring.steps import STEP
from tests.factories.monitoring import SourceFactory, mention
from tests.monitoring.test_judge import NOW, _count, _history, _mark, _storm

pytestmark = pytest.mark.django_db


def _kinds() -> list[str]:
    return list(Detection.objects.order_by("pk").values_list("kind", flat=True))


def _rule(brand: Brand, kind: DetectionKind, **fields: object) -> DetectionRule:
    return DetectionRule.objects.create(brand=brand, kind=kind, **fields)


def test_a_source_that_broke_is_told_where_something_should_come(brand: Brand) -> None:
    _history(brand, 6, until=NOW - timedelta(hours=2))
    judge.judge_pending(NOW)
    # Nothing comes by itself: an import that ended is no silence.
    assert _kinds() == []
    SourceFactory.create(brand=brand, mention_at=NOW - timedelta(hours=2), failures=3, name="Feed")
    _mark(brand, NOW)
    judge.judge_pending(NOW)
    found = Detection.objects.get()
    assert found.kind == DetectionKind.SILENCE
    told = " ".join(reasons.sentences(found))
    assert "These sources fail: Feed." in told
    assert "mentions are missing" in told
    assert reasons.headline(found).startswith("Nothing said since")


def test_a_post_of_great_reach_is_told_with_itself_first(brand: Brand) -> None:
    _history(brand, 5)
    post = mention(brand, published_at=NOW - timedelta(minutes=4), reach=80_000, text="Never again")
    for day in range(1, 5):
        FarthestPost.objects.create(
            brand=brand,
            starts_at=NOW - timedelta(days=day),
            reach=4_000,
            published_at=NOW - timedelta(days=day),
            source_id=0,
            external_id=f"old-{day}",
        )
    judge.judge_pending(NOW)
    assert _kinds() == []
    FarthestPost.objects.create(
        brand=brand,
        starts_at=steps.floor(post.published_at),
        reach=post.reach,
        published_at=post.published_at,
        source_id=post.source_id,
        external_id=post.external_id,
    )
    _mark(brand, NOW)
    judge.judge_pending(NOW)
    found = Detection.objects.get()
    assert found.kind == DetectionKind.GREAT_POST
    assert found.samples[0]["id"] == post.pk
    assert reasons.sentences(found)[0] == (
        "One post reaches 80,000 people; the farthest of a day usually reaches 4,000."
    )


def test_a_falling_rating_is_told(brand: Brand) -> None:
    _history(brand, 5)
    today = NOW.date()
    for ago in range(60):
        stars = 2.0 if ago < 3 else 4.0
        DayRating.objects.create(
            brand=brand,
            network="trustpilot",
            day=today - timedelta(days=ago),
            reviews=5,
            stars=5 * stars,
            squares=5 * (stars**2 + 0.5),
        )
    judge.judge_pending(NOW)
    found = Detection.objects.get()
    assert found.kind == DetectionKind.RATING_FALL
    assert reasons.sentences(found)[0] == (
        "The last 15 reviews on Trustpilot average 2.0 stars; 4.0 is usual."
    )


def _theme(brand: Brand, **fields: object) -> Theme:
    values = {
        "name": "glass, porridge",
        "terms": ["glass"],
        "began_at": NOW - timedelta(minutes=20),
        "seen_at": NOW,
        "mentions": 30,
        "sampled": 100,
        "hourly": 40,
        "negative_share": 0.8,
        "course": [[1, 10], [2, 40]],
        "rank": 1,
    }
    return Theme.objects.create(brand=brand, **values | fields)


def test_a_new_theme_that_grows_is_told_once(brand: Brand) -> None:
    _history(brand, 5)
    theme = _theme(brand)
    judge.judge_pending(NOW)
    found = Detection.objects.get()
    assert found.kind == DetectionKind.NEW_THEME
    assert reasons.headline(found) == "New theme: glass, porridge"
    theme.refresh_from_db()
    assert theme.told_at == NOW
    later = NOW + timedelta(hours=25)
    _mark(brand, later)
    judge.judge_pending(later)
    assert DetectionKind.NEW_THEME not in _kinds()[1:]


@pytest.mark.parametrize(
    "fields",
    [
        {"negative_share": 0.1},
        {"hourly": 5},
        {"course": [[1, 90], [2, 40]]},
        {"began_at": NOW - timedelta(days=2)},
        {"mentions": 3},
    ],
)
def test_praise_whispers_and_what_fades_or_is_old_are_no_new_theme(
    brand: Brand, fields: dict[str, object]
) -> None:
    _history(brand, 5)
    _theme(brand, **fields)
    judge.judge_pending(NOW)
    assert _kinds() == []


def test_a_day_of_double_is_told_in_its_course(brand: Brand) -> None:
    # So even a past makes any rise a record: what is tried here is the day.
    _rule(brand, DetectionKind.VOLUME, is_active=False)
    _history(brand, 8, until=NOW - timedelta(days=1))
    judge.judge_pending(NOW - timedelta(days=1))
    for hour in range(1, 25):
        at = NOW - timedelta(hours=24 - hour)
        # More and more, never a burst.
        _history(brand, 1 / 24, each=9 + hour // 2, until=steps.floor(at))
        _mark(brand, at)
        judge.judge_pending(at)
    assert _kinds() == [DetectionKind.SLOW_RISE]
    found = Detection.objects.get()
    assert "a usual day has" in reasons.sentences(found)[0]
    assert found.negative_share > 0.03
    assert "minutes where" not in " ".join(reasons.sentences(found))


def test_signals_of_a_matter_stay_together_and_what_follows_is_not_told_twice(
    brand: Brand,
) -> None:
    _history(brand, 5)
    _storm(brand)
    judge.judge_pending(NOW)
    _theme(brand)
    for minutes in (5, 10, 15):
        at = NOW + timedelta(minutes=minutes)
        _storm(brand, 160, at=at)
        judge.judge_pending(at)
    first, second = Detection.objects.order_by("pk")
    assert (first.kind, second.kind) == (DetectionKind.VOLUME, DetectionKind.NEW_THEME)
    assert first.group is None
    assert second.group == first
    assert first.forecast["storm"] is True


def test_within_an_expected_peak_it_takes_so_many_times_as_much(brand: Brand) -> None:
    _history(brand, 5)
    ExpectedPeak.objects.create(
        brand=brand,
        title="Launch",
        occasion="LAUNCH",
        starts_at=NOW - timedelta(hours=1),
        ends_at=NOW + timedelta(hours=3),
        factor=10,
    )
    _count(brand, NOW, 60)
    judge.judge_pending(NOW)
    assert _kinds() == []
    later = NOW + timedelta(minutes=6)
    _count(brand, later, 900)
    judge.judge_pending(later)
    found = Detection.objects.get()
    assert "“Launch” was expected until" in " ".join(reasons.sentences(found))
    assert "10 times as much" in " ".join(reasons.sentences(found))
    # The chart's band is as wide as what is expected.
    assert found.expected_high > 80


def test_a_peak_does_not_become_the_usual(brand: Brand) -> None:
    _history(brand, 5, until=NOW - timedelta(hours=3))
    ExpectedPeak.objects.create(
        brand=brand,
        title="Campaign",
        occasion="CAMPAIGN",
        starts_at=NOW - timedelta(hours=3),
        ends_at=NOW - timedelta(hours=1),
        factor=20,
    )
    _history(brand, 2 / 24, each=160, until=NOW - timedelta(hours=1))
    _history(brand, 1 / 24)
    judge.judge_pending(NOW)
    assert _kinds() == []
    step = Step.objects.get(brand=brand, starts_at=steps.floor(NOW - timedelta(hours=2)))
    assert step.total > 150
    assert step.expected_high > step.total
    assert Step.objects.latest("starts_at").expected_high < 20


def test_sensitivity_and_switching_off(brand: Brand) -> None:
    _history(brand, 5)
    rule = _rule(brand, DetectionKind.VOLUME, is_active=False)
    _storm(brand)
    judge.judge_pending(NOW)
    assert DetectionKind.VOLUME not in _kinds()
    rule.is_active = True
    rule.sensitivity = Sensitivity.MORE
    rule.cooldown_hours = 2
    rule.save()
    _mark(brand, NOW)
    judge.judge_pending(NOW)
    found = Detection.objects.get(kind=DetectionKind.VOLUME)
    assert found.rule == rule
    until = datetime.fromisoformat(Baseline.objects.get().quiet_until["VOLUME"])
    assert until == NOW + timedelta(hours=2)


def test_a_rule_with_a_scope_counts_for_itself(brand: Brand) -> None:
    _history(brand, 5, each=60)
    rule = _rule(
        brand, DetectionKind.VOLUME, name="Breaches", crisis_types=["data_breach"], state={}
    )
    now = steps.floor(NOW)
    RuleCount.objects.bulk_create(
        RuleCount(rule=rule, starts_at=now - STEP * number, total=number % 2)
        for number in range(1, 5 * 288)
    )
    judge.judge_pending(NOW)
    assert _kinds() == []
    # For the brand this is nothing; for its breaches it is much.
    _count(brand, NOW, 20)
    RuleCount.objects.create(rule=rule, starts_at=now, total=30)
    judge.judge_pending(NOW)
    found = Detection.objects.get()
    assert found.rule == rule
    assert found.value == 30
    rule.refresh_from_db()
    assert memory.Memory.read(rule.state) is not None
    _mark(brand, NOW)
    judge.judge_pending(NOW)
    assert Detection.objects.count() == 1


def test_a_state_of_an_older_version_is_read_anew(brand: Brand) -> None:
    _history(brand, 3)
    judge.judge_pending(NOW)
    Baseline.objects.update(state={"detector": {"step": 300}}, closed_at=NOW - timedelta(hours=1))
    _mark(brand, NOW)
    _storm(brand)
    judge.judge_pending(NOW)
    assert _kinds() == [DetectionKind.VOLUME]
    assert datetime.fromisoformat(Baseline.objects.get().state["since"]).tzinfo == UTC
