"""From counts to a detection: in time, once, with its reasons, whatever is killed or comes late."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from accounts.models import Brand
from monitoring import judge, memory, reasons, steps
from monitoring.enums import CrisisType, DetectionKind
from monitoring.events import detection_made
from monitoring.models import Baseline, Detection, Mention, MentionCount, Step
from monitoring.steps import STEP

NOW = datetime(2026, 3, 18, 10, 7, 30, tzinfo=UTC)
pytestmark = pytest.mark.django_db
_ENDINGS = ("check the batch", "my child ate it", "shame on you", "anybody else?", "call them back")


def _count(
    brand: Brand,
    minute: datetime,
    total: int,
    *,
    negative: int = 0,
    network: str = "x",
    crisis_type: str = CrisisType.NONE,
) -> None:
    """Add to a minute's counts and mark the brand, as ingest does."""
    row, _new = MentionCount.objects.get_or_create(
        brand=brand,
        minute=minute.replace(second=0, microsecond=0),
        network=network,
        crisis_type=crisis_type,
    )
    row.total += total
    row.negative += negative
    row.reach += 100 * total
    row.save()
    _mark(brand, minute)


def _mark(brand: Brand, minute: datetime) -> None:
    baseline, _new = Baseline.objects.get_or_create(brand=brand)
    baseline.pending_at = NOW
    baseline.changed_from = min(baseline.changed_from or minute, minute)
    baseline.save()


def _history(brand: Brand, days: float, *, each: int = 8, until: datetime = NOW) -> None:
    """Ordinary talk: `each` mentions in every step before `until`, one in eight negative."""
    first = steps.floor(until) - timedelta(days=days)
    rows = [
        MentionCount(
            brand=brand,
            minute=first + STEP * number,
            network="x",
            crisis_type=CrisisType.NONE,
            total=each + number % 3 - 1,
            negative=1,
        )
        for number in range(int(timedelta(days=days) / STEP))
    ]
    MentionCount.objects.bulk_create(rows)
    _mark(brand, first)


def _storm(brand: Brand, count: int = 150, at: datetime = NOW - timedelta(minutes=1)) -> None:
    """`count` mentions in one minute, with their posts."""
    negative = count * 7 // 10
    _count(brand, at, count, negative=negative, crisis_type=CrisisType.PRODUCT_SAFETY)
    Mention.objects.bulk_create(_post(brand, number, at) for number in range(min(count, 60)))


def _post(brand: Brand, number: int, at: datetime) -> Mention:
    return Mention(
        brand_id=brand.pk,
        source_id=1,
        external_id=f"storm-{at:%H%M}-{number}",
        network="x",
        author=f"writer{number}",
        title="",
        text=f"found plastic in the {brand.name} porridge, {_ENDINGS[number % len(_ENDINGS)]}",
        url="",
        lang="en",
        published_at=at,
        received_at=at,
        reach=number * 1000,
        sentiment="negative",
        sentiment_score=-0.8,
        confidence=0.9,
        crisis_type=CrisisType.PRODUCT_SAFETY,
    )


def _earlier_posts(brand: Brand, count: int = 200) -> None:
    posts = [
        _post(brand, number, NOW - timedelta(hours=2, minutes=number)) for number in range(count)
    ]
    for post in posts:
        post.text = f"nice coffee at {brand.name} this morning"
        post.crisis_type, post.sentiment = CrisisType.NONE, "neutral"
    Mention.objects.bulk_create(posts)


def _texts(detection: Detection) -> str:
    return " ".join(reasons.sentences(detection))


def test_an_ordinary_day_is_closed_into_steps_and_raises_nothing(brand: Brand) -> None:
    _history(brand, 2)
    assert judge.judge_pending(NOW) == 1
    baseline = Baseline.objects.get(brand=brand)
    assert baseline.pending_at is None
    assert baseline.closed_at == steps.floor(NOW - memory.GRACE) - STEP
    assert Step.objects.filter(brand=brand).count() == 2 * 288
    newest = Step.objects.filter(brand=brand).latest("starts_at")
    assert newest.starts_at == steps.floor(NOW) - STEP
    assert newest.expected_low < newest.total < newest.expected_high
    assert not Detection.objects.exists()


def test_nothing_is_left_to_judge_afterwards(brand: Brand) -> None:
    _history(brand, 1)
    assert judge.judge_pending(NOW) == 1
    assert judge.judge_pending(NOW) == 0


def test_a_storm_is_called_within_the_running_step(brand: Brand) -> None:
    _history(brand, 3)
    judge.judge_pending(NOW)
    _storm(brand)
    judge.judge_pending(NOW)
    detection = Detection.objects.get(brand=brand)
    assert detection.kind == DetectionKind.VOLUME
    assert detection.detected_at == NOW
    assert detection.started_at == steps.floor(NOW)
    assert detection.value == 150
    assert detection.expected_high < 20
    assert detection.score >= 0.5
    assert detection.negative_share == pytest.approx(0.7)
    assert detection.crisis_type == CrisisType.PRODUCT_SAFETY
    assert detection.reach == 15000


def test_the_reasons_are_told_in_plain_words(brand: Brand) -> None:
    _history(brand, 3)
    _earlier_posts(brand)
    _storm(brand, 412)
    judge.judge_pending(NOW)
    detection = Detection.objects.get(brand=brand)
    told = _texts(detection)
    assert reasons.headline(detection) == "412 mentions in 5 minutes"
    assert "412 mentions in 5 minutes where " in told
    assert "70% are negative; 1" in told
    assert "plastic" in told
    assert "porridge" in told
    assert brand.name.lower() not in told.lower()
    assert "X (412)" in told
    assert "writer59 (59,000 followers)" in told
    assert "It is about: Product safety." in told


def test_the_samples_are_the_posts_that_reach_most(brand: Brand) -> None:
    _history(brand, 1.5)
    _earlier_posts(brand)
    _storm(brand)
    judge.judge_pending(NOW)
    samples = Detection.objects.get(brand=brand).samples
    authors = dict(Mention.objects.values_list("pk", "author"))
    shown = [authors[sample["id"]] for sample in samples]
    assert shown[0] == "writer59"
    assert set(shown) == {f"writer{number}" for number in range(55, 60)}


def test_one_storm_is_one_alarm(brand: Brand, django_capture_on_commit_callbacks: Callable) -> None:
    told: list[int] = []
    listener = detection_made.listener(lambda *, detection_id: told.append(detection_id))
    _history(brand, 3)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            for minutes in range(0, 120, 5):
                moment = NOW + timedelta(minutes=minutes)
                _storm(brand, at=moment)
                judge.judge_pending(moment)
    finally:
        detection_made.listeners.remove(listener)
    assert [detection.pk for detection in Detection.objects.all()] == told
    assert len(told) == 1


def test_a_storm_that_grows_fourfold_is_told_again_and_no_more_often(brand: Brand) -> None:
    _history(brand, 3)
    _storm(brand, 40)
    judge.judge_pending(NOW)
    first = Detection.objects.get()
    for minutes, count in ((5, 100), (10, 150), (15, 190), (20, 210), (25, 190)):
        moment = NOW + timedelta(minutes=minutes)
        _storm(brand, count, at=moment)
        judge.judge_pending(moment)
    grown = Detection.objects.exclude(pk=first.pk).get()
    assert grown.kind == first.kind
    assert grown.value / grown.expected_high >= 4 * first.value / first.expected_high


def test_a_day_later_a_new_storm_is_called_again(brand: Brand) -> None:
    _history(brand, 3)
    _storm(brand)
    judge.judge_pending(NOW)
    later = NOW + judge.QUIET + timedelta(hours=1)
    _storm(brand, 400, at=later)
    judge.judge_pending(later)
    assert Detection.objects.count() == 2


def test_imported_history_warms_the_memory_and_raises_no_alarm(brand: Brand) -> None:
    _history(brand, 5, until=NOW - timedelta(hours=1))
    _storm(brand, 900, at=NOW - timedelta(hours=30))
    judge.judge_pending(NOW)
    assert not Detection.objects.exists()
    assert Step.objects.filter(brand=brand, total__gte=900, score__gte=0.5).count() == 1
    assert Baseline.objects.get(brand=brand).state["since"] < str(NOW - timedelta(days=4))


def test_history_from_before_the_first_step_is_learned_too(brand: Brand) -> None:
    _history(brand, 0.2)
    judge.judge_pending(NOW)
    assert not memory.Memory.read(Baseline.objects.get(brand=brand).state).detector.peek(8).ready
    _history(brand, 4, until=NOW - timedelta(days=1))
    judge.judge_pending(NOW)
    assert memory.Memory.read(Baseline.objects.get(brand=brand).state).detector.peek(8).ready


def test_late_mentions_change_the_step_but_raise_no_alarm(brand: Brand) -> None:
    _history(brand, 2)
    judge.judge_pending(NOW)
    late = NOW - timedelta(hours=3)
    step = Step.objects.get(brand=brand, starts_at=steps.floor(late))
    _count(brand, late, 40, negative=30)
    judge.judge_pending(NOW)
    after = Step.objects.get(pk=step.pk)
    assert (after.total, after.negative) == (step.total + 40, step.negative + 30)
    assert after.expected_high == step.expected_high
    assert not Detection.objects.exists()


def test_mentions_that_arrive_ten_minutes_late_are_still_judged(brand: Brand) -> None:
    _history(brand, 3)
    judge.judge_pending(NOW)
    _storm(brand, at=NOW - timedelta(minutes=9))
    judge.judge_pending(NOW)
    assert Detection.objects.get(brand=brand).started_at == steps.floor(NOW - timedelta(minutes=9))


def test_silence_is_counted_as_silence(brand: Brand) -> None:
    _history(brand, 2)
    judge.judge_pending(NOW)
    later = NOW + timedelta(hours=6)
    assert judge.judge_pending(later) == 1
    silent = Step.objects.filter(brand=brand, starts_at__gte=NOW)
    assert silent.count() == 6 * 12 - 1
    assert set(silent.values_list("total", flat=True)) == {0}


def test_a_gap_of_years_is_bounded(brand: Brand) -> None:
    _history(brand, 1)
    judge.judge_pending(NOW)
    later = NOW + timedelta(days=900)
    _count(brand, later, 3)
    judge.judge_pending(later)
    assert Step.objects.filter(brand=brand).count() <= 288 + 60 * 288 + 2


def test_an_unusual_share_of_negative_is_called_where_the_volume_is_usual(brand: Brand) -> None:
    _history(brand, 3, each=20)
    judge.judge_pending(NOW)
    for minutes in (1, 6, 11):
        row = MentionCount.objects.filter(
            brand=brand, minute__lte=NOW - timedelta(minutes=minutes)
        ).latest("minute")
        MentionCount.objects.filter(pk=row.pk).update(negative=row.total - 2)
    _count(brand, NOW, 12, negative=11)
    judge.judge_pending(NOW)
    detection = Detection.objects.get(brand=brand)
    assert detection.kind == DetectionKind.NEGATIVE_SHARE
    assert detection.negative_share > 0.5
    assert detection.score >= 0.5
    assert reasons.headline(detection).startswith("Unusually negative: ")
    assert reasons.sentences(detection)[0].endswith("% is usual.")


def test_a_short_history_is_admitted(brand: Brand) -> None:
    _history(brand, 0.4)
    _storm(brand, 300)
    judge.judge_pending(NOW)
    assert "less than a day of history" in _texts(Detection.objects.get(brand=brand))


def test_brands_do_not_mix(brand: Brand, other_brand: Brand) -> None:
    _history(brand, 2)
    _history(other_brand, 2)
    _storm(brand)
    assert judge.judge_pending(NOW) == 2
    assert [detection.brand for detection in Detection.objects.all()] == [brand]


@pytest.mark.django_db(transaction=True)
def test_two_judges_at_once_make_one_detection(brand: Brand) -> None:
    _history(brand, 2)
    judge.judge_pending(NOW)
    _storm(brand)
    ready = threading.Barrier(4)

    def run() -> None:
        ready.wait()
        try:
            judge.judge_pending(NOW)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Detection.objects.count() == 1
    assert Baseline.objects.get(brand=brand).pending_at is None


_KILLED = """
import django; django.setup()
from datetime import datetime
from monitoring import judge
create = judge.Detection.objects.create
def stop(**fields):
    detection = create(**fields)
    print("made", flush=True)
    import time; time.sleep(60)
    return detection
judge.Detection.objects.create = stop
judge.judge_pending(datetime.fromisoformat({now!r}))
"""


@pytest.mark.faults
@pytest.mark.django_db(transaction=True)
def test_a_judge_killed_in_the_middle_leaves_the_storm_to_the_next(brand: Brand) -> None:
    _history(brand, 2)
    _storm(brand)
    script = _KILLED.format(now=NOW.isoformat())
    settings = connection.settings_dict
    place = f"postgresql://{settings['USER']}@/{settings['NAME']}?host={settings['HOST']}"
    child = subprocess.Popen(
        [sys.executable, "-c", script],
        stdout=subprocess.PIPE,
        env={**os.environ, "DATABASE_URL": place},
    )
    assert child.stdout is not None
    assert child.stdout.readline() == b"made\n"
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    child.stdout.close()
    assert not Detection.objects.exists()
    deadline = time.monotonic() + 10
    while not judge.judge_pending(NOW) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert Detection.objects.count() == 1
