"""Signals, rules, rehearsals, the calendar, themes and the forecast over the API."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.enums import Role
from accounts.models import Brand, Membership, User
from core.clock import database_now
from monitoring.models import Step
from monitoring.models_signals import DetectionRule, ExpectedPeak, Theme, Vote
from monitoring.steps import STEP, floor
from tests.factories.monitoring import detection

SignIn = Callable[[User], Client]
pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(alice: User) -> User:
    Membership.objects.filter(user=alice).update(role=Role.ADMINISTRATOR)
    return alice


def _send(client: Client, path: str, *, how: str = "post", **body: Any) -> Any:
    call = getattr(client, how)
    return call(f"/api/v1/{path}", json.dumps(body), content_type="application/json")


def test_a_signal_comes_with_summary_group_and_forecast_and_takes_votes(
    brand: Brand, bob: User, charlie: User, signed_in: SignIn
) -> None:
    found = detection(brand)
    client = signed_in(bob)
    told = client.get(f"/api/v1/detections/{found.pk}/").json()
    assert told["summary"].startswith("412 mentions in 5 minutes, 70% of it negative")
    assert told["group"] is None
    assert told["forecast"]["storm"] is True
    path = f"detections/{found.pk}/vote/"
    answer = _send(client, path, opinion="NOISE", why="a quiz").json()
    assert (answer["real"], answer["noise"]) == (0, 1)
    assert _send(client, path, opinion="MAYBE").status_code == 400
    assert _send(signed_in(charlie), path, opinion="REAL").status_code == 404
    assert Vote.objects.get().why == "a quiz"


def test_rules_are_made_changed_and_deleted_by_who_may(
    brand: Brand, admin: User, bob: User, charlie: User, signed_in: SignIn
) -> None:
    wanted = {"brand": brand.slug, "kind": "VOLUME", "name": "Danish", "languages": ["da"]}
    assert _send(signed_in(bob), "detection-rules/", **wanted).status_code == 403
    assert _send(signed_in(charlie), "detection-rules/", **wanted).status_code == 404
    client = signed_in(admin)
    made = _send(client, "detection-rules/", **wanted)
    assert made.status_code == 201
    path = f"detection-rules/{made.json()['id']}/"
    changed = _send(client, path, how="put", **wanted, sensitivity="MORE")
    assert changed.json()["sensitivity"] == "MORE"
    # A silence cannot be limited to a language: refused with words.
    refused = _send(client, "detection-rules/", **(wanted | {"kind": "SILENCE", "name": "No"}))
    assert refused.status_code in {400, 409, 422}
    assert signed_in(charlie).get(f"/api/v1/{path}").status_code == 404
    assert client.delete(f"/api/v1/{path}").status_code == 204
    assert not DetectionRule.objects.exists()


def test_the_calendar_and_rehearsals(
    brand: Brand, admin: User, bob: User, signed_in: SignIn
) -> None:
    now = database_now()
    peak = {
        "brand": brand.slug,
        "title": "Launch",
        "starts_at": now.isoformat(),
        "ends_at": (now + timedelta(hours=3)).isoformat(),
        "factor": 4,
    }
    assert _send(signed_in(bob), "expected-peaks/", **peak).status_code == 403
    made = _send(signed_in(admin), "expected-peaks/", **peak).json()
    assert signed_in(bob).get("/api/v1/expected-peaks/").json()["results"][0]["title"] == "Launch"
    gone = signed_in(admin).delete(f"/api/v1/expected-peaks/{made['id']}/")
    assert gone.status_code == 204
    assert not ExpectedPeak.objects.exists()
    tried = _send(signed_in(admin), "rehearsals/", brand=brand.slug, kind="VOLUME")
    assert tried.json()["state"] == "DONE"
    assert tried.json()["result"]["number"] == 0


def test_themes_and_the_forecast_of_ones_own_brands(
    brand: Brand, bob: User, charlie: User, signed_in: SignIn
) -> None:
    now = floor(database_now())
    path = f"/api/v1/brands/{brand.slug}/forecast/"
    Step.objects.bulk_create(
        Step(
            brand=brand, starts_at=now - STEP * ago, total=10, negative=1, positive=0, reach=0,
            expected_low=5, expected_high=15, score=0,
        )
        for ago in range(1, 600)
    )  # fmt: skip
    told = signed_in(bob).get(path).json()
    assert told["rate"] == pytest.approx(120, rel=0.3)
    assert len(told["ahead"]) == 36
    assert told["words"]
    assert signed_in(charlie).get(path).status_code == 404
    Theme.objects.create(brand=brand, name="glass", began_at=now, seen_at=now, rank=1)
    assert [t["name"] for t in signed_in(bob).get("/api/v1/themes/").json()["results"]] == ["glass"]
    assert signed_in(charlie).get("/api/v1/themes/").json()["results"] == []
