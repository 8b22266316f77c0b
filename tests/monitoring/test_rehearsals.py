"""Rehearsals: over history, over a scope, over an imported case; and what is counted for them."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile

from accounts.models import Brand, User
from connectors.base import Post
from core.errors import Refused
from incidents.models import Incident
from monitoring import ingest, onsets, rehearsing, steps, tallies
from monitoring.enums import DetectionKind, ImportState, RehearsalState, Sensitivity
from monitoring.models import FileImport, Step
from monitoring.models_signals import (
    DayRating,
    DetectionRule,
    FarthestPost,
    Rehearsal,
    RuleCount,
)
from monitoring.rehearsing import Known
from monitoring.services import detecting, rehearsals, scopes
from monitoring.services.rehearsals import Tried
from monitoring.steps import STEP, Count
from monitoring.views.rules import finding
from tests.factories.incidents import IncidentFactory
from tests.factories.monitoring import SourceFactory, mention

NOW = datetime(2026, 11, 23, 14, 2, tzinfo=UTC)
pytestmark = pytest.mark.django_db


def _past(brand: Brand, days: int, storms: dict[int, int]) -> None:
    """Closed steps; `storms` gives counts by how many steps ago."""
    now = steps.floor(NOW)
    Step.objects.bulk_create(
        Step(
            brand=brand, starts_at=now - STEP * ago, total=storms.get(ago, 8 + ago % 3),
            negative=1, positive=0, reach=100, expected_low=5, expected_high=13, score=0,
        )
        for ago in range(1, days * 288)
    )  # fmt: skip


def test_calls_are_held_against_the_brands_incidents(brand: Brand, alice: User) -> None:
    storm = {600 - place: 300 for place in range(5)}
    alone = {3000 - place: 300 for place in range(5)}
    _past(brand, 30, storm | alone)
    began = steps.floor(NOW) - STEP * 600
    incident = IncidentFactory.create(
        brand=brand, began_at=began, detected_at=began + timedelta(minutes=40)
    )
    made = rehearsals.rehearse(brand, Tried(DetectionKind.VOLUME), by=alice, now=NOW)
    assert made.state == RehearsalState.DONE
    result = made.result
    assert (result["number"], result["found"], result["others"]) == (2, 1, 1)
    [case] = result["known"]
    assert incident.reference in case["label"]
    assert 0 <= case["delay"] <= 600
    assert case["noticed_at"] is not None


def test_a_case_that_was_not_called_is_a_miss() -> None:
    counts = [Count(NOW + STEP * place, 5) for place in range(10)]
    outcome = rehearsing.weigh(
        [], [Known(NOW, "quiet")], since=counts[0].starts_at, until=counts[-1].starts_at
    )
    assert (outcome.found, outcome.weekly) == (0, 0)
    assert outcome.matches[0].delay is None


def test_what_is_not_made_from_counts_cannot_be_rehearsed(brand: Brand, alice: User) -> None:
    with pytest.raises(Refused):
        rehearsals.rehearse(brand, Tried(DetectionKind.NEW_THEME), by=alice, now=NOW)


def test_sensitivities_are_measured_on_the_brands_own_past(brand: Brand) -> None:
    _past(brand, 30, {1000: 40, 1001: 40, 2000: 90, 2001: 90, 4000: 300})
    measured = rehearsals.measure(brand.pk, DetectionKind.VOLUME, now=NOW)
    assert measured[Sensitivity.FEWER] <= measured[Sensitivity.BALANCED]
    assert measured[Sensitivity.BALANCED] <= measured[Sensitivity.MORE]
    assert rehearsals.measure(brand.pk, DetectionKind.GREAT_POST, now=NOW) == {}


def test_an_imported_case_is_read_from_its_file_by_one_worker(
    brand: Brand, alice: User, settings: Any, tmp_path: Path
) -> None:
    settings.MEDIA_ROOT = tmp_path
    source = SourceFactory.create(brand=brand, kind="file")
    onset = datetime(2024, 3, 10, 12, tzinfo=UTC)
    times = [onset - timedelta(minutes=10 * place) for place in range(1, 900)]
    times += [onset + timedelta(seconds=5 * place) for place in range(200)]
    lines = "".join(f"Never buying this again,{at.isoformat()}\n" for at in times)
    upload = FileImport(
        source=source,
        filename="case.csv",
        columns=["text", "published_at"],
        layout={"format": "csv", "encoding": "utf-8", "delimiter": ",", "packed": False,
                "columns": ["text", "published_at"]},
        mapping={"text": "text", "published_at": "published_at"},
        state=ImportState.DONE,
        position=len(times),
    )  # fmt: skip
    upload.file.save("import", ContentFile(f"text,published_at\n{lines}".encode()))
    upload.save()
    made = rehearsals.rehearse(
        brand, Tried(DetectionKind.VOLUME), upload=upload, onset=onset, by=alice, now=NOW
    )
    assert made.state == RehearsalState.QUEUED
    assert rehearsals.waiting(now=NOW) == [made.pk]
    rehearsals.run(made.pk, clock=lambda: NOW)
    made.refresh_from_db()
    assert (made.state, made.progress) == (RehearsalState.DONE, 100)
    assert made.result["found"] == 1
    assert made.result["known"][0]["delay"] <= 900
    assert rehearsals.waiting(now=NOW) == []
    # Done is done: a second worker changes nothing.
    Rehearsal.objects.update(progress=7)
    rehearsals.run(made.pk, clock=lambda: NOW)
    assert Rehearsal.objects.get().progress == 7


def test_a_scope_of_languages_is_left_to_a_worker(brand: Brand, alice: User) -> None:
    for place in range(40):
        mention(brand, lang="da", published_at=NOW - timedelta(hours=1, seconds=place))
        mention(brand, lang="en", published_at=NOW - timedelta(hours=2, seconds=place))
    tried = Tried(DetectionKind.VOLUME, scope=(("languages", ("da",)),))
    made = rehearsals.rehearse(brand, tried, by=alice, now=NOW)
    assert made.state == RehearsalState.QUEUED
    rehearsals.run(made.pk, clock=lambda: NOW)
    made.refresh_from_db()
    assert made.state == RehearsalState.DONE


def test_ingest_counts_for_rules_ratings_and_far_posts(brand: Brand) -> None:
    rule = DetectionRule.objects.create(
        brand=brand, kind=DetectionKind.VOLUME, name="Danish", languages=["da"]
    )
    tallies.forget_rules()
    source = SourceFactory.create(brand=brand, config={"network": "trustpilot"})
    at = NOW - timedelta(minutes=3)
    posts = [
        Post("1", "Det er en skandale, vi vil have pengene tilbage", published_at=at, lang="da",
             reach=5_000, stars=1.0),
        Post("2", "This is awful and broken", published_at=at, lang="en", reach=90_000, stars=2.0),
        Post("3", "En frygtelig oplevelse", published_at=at, lang="da", stars=3.0),
    ]  # fmt: skip
    for _twice in range(2):
        ingest.accept(source, posts, now=NOW)
    count = RuleCount.objects.get(rule=rule)
    assert (count.total, count.reach) == (2, 5_000)
    rating = DayRating.objects.get()
    assert (rating.reviews, rating.stars, rating.squares) == (3, 6.0, 14.0)
    farthest = FarthestPost.objects.get()
    assert (farthest.reach, farthest.external_id) == (90_000, "2")


def test_the_past_of_a_new_scope_is_counted_once(brand: Brand, alice: User) -> None:
    for place in range(6):
        mention(brand, lang="da", published_at=NOW - timedelta(days=place, hours=1))
    mention(brand, lang="en", published_at=NOW - timedelta(hours=1))
    wanted = detecting.Wanted(DetectionKind.VOLUME, name="Danish", languages=("da",))
    rule = detecting.save_rule(brand, wanted, by=alice, now=NOW)
    assert scopes.uncounted(now=NOW) == []
    later = NOW + timedelta(minutes=10)
    assert scopes.uncounted(now=later) == [rule.pk]
    for _twice in range(2):
        scopes.fill(rule.pk, now=later)
    assert sum(RuleCount.objects.filter(rule=rule).values_list("total", flat=True)) == 6
    assert scopes.uncounted(now=later) == []


def test_incidents_are_known_onsets(brand: Brand, other_brand: Brand) -> None:
    incident = IncidentFactory.create(brand=brand, began_at=NOW, detected_at=NOW)
    IncidentFactory.create(brand=other_brand, began_at=NOW, detected_at=NOW)
    [known] = onsets.of_brand(brand.pk, since=NOW - STEP, until=NOW + STEP)
    assert incident.reference in known.label
    assert Incident.objects.count() == 2


@pytest.mark.parametrize(
    ("weeks", "said"),
    [(0.02, "less than a day"), (0.14, "1 day"), (1.0, "7 days"), (8.24, "8.2 weeks")],
)
def test_how_long_it_looked_at_is_said_as_people_say_it(weeks: float, said: str) -> None:
    nothing = finding({"weeks": weeks, "number": 0})
    assert nothing == f"In {said} it would have called nothing."
    called = finding({"weeks": weeks, "number": 2, "known": []})
    assert called == f"In {said} it would have called 2 times."
