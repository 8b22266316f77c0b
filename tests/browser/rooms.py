"""An incident as tests of the war room find it in the browser: running, called for, with a past."""

from datetime import timedelta

from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import Brand, User
from incidents import services
from incidents.models import Incident
from monitoring.models import Step
from tests.factories.incidents import on_the_ladder


def begun(brand: Brand, by: User, called: User, *, title: str, minutes: int) -> Incident:
    """Open a SEV1 `minutes` ago, with one call made, five hours of volume to draw, no log yet."""
    now = timezone.now()
    on_the_ladder(brand, called, by, wait=900)
    Step.objects.bulk_create(
        Step(
            brand=brand, starts_at=now - timedelta(minutes=5 * ago), total=ago % 7 * 9, negative=4,
            positive=1, reach=10, expected_low=3, expected_high=20, score=0,
        )
        for ago in range(1, 60)
    )  # fmt: skip
    incident = services.open_incident(
        brand,
        title=title,
        crisis_type="product_safety",
        severity=1,
        severity_reasons=[{"code": "person", "name": "Alice"}],
        origin="PERSON",
        by=by,
        began_at=now - timedelta(minutes=minutes + 5),
        now=now - timedelta(minutes=minutes),
    )
    services.fire_next(now=now)
    return incident


def live(page: Page) -> None:
    """Wait until the page follows by itself."""
    expect(page.locator("cd-conn [data-state=live]")).to_be_attached()
