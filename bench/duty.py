"""Who is on duty, as each fired step asks: with a rota made today, and after ten years of it.

Ten years are a version a week, a cover a day and an absence a week: 520, 3,650 and 520 rows.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from .figures import Measured, figure, median_of_rounds

YEARS, ASKED = 10, 400
NOW = datetime(2026, 11, 19, 12, tzinfo=UTC)
WEEK, DAY = timedelta(weeks=1), timedelta(days=1)


@figure(
    "who is on duty, after ten years against the first day", unit="CPU ms", must="<= 1.3", issue=4
)
def years() -> Measured:
    """By the clock: working it out and waiting for the database."""
    from tests.factories.accounts import BrandFactory

    young, old = BrandFactory.create(), BrandFactory.create()
    _made(young, weeks=0)
    _made(old, weeks=52 * YEARS)
    return median_of_rounds(_asking(old.pk), _asking(young.pk))


def _asking(brand: int) -> Callable[[], float]:
    from incidents.selectors import duty

    def ask() -> float:
        begun = time.perf_counter()
        for _each in range(ASKED):
            assert len(duty.on_call(brand, NOW)) == 2
        return (time.perf_counter() - begun) / ASKED * 1000

    return ask


def _made(brand: object, *, weeks: int) -> None:
    from django.db import connection

    from accounts.enums import Role
    from accounts.models import Brand
    from incidents import rotation
    from incidents.models_rota import Absence, Override, RotaVersion
    from tests.factories.accounts import MembershipFactory
    from tests.factories.rota import line_of, plan_of, rota_of

    assert isinstance(brand, Brand)
    people = [MembershipFactory.create(brand=brand, role=Role.RESPONDER).user for _each in range(8)]
    lines = (line_of(*people[:4]), line_of(*people[4:], key=2))
    rota = rota_of(brand, *lines, since=NOW - WEEK)
    plan = rotation.write(plan_of(*lines))
    RotaVersion.objects.bulk_create(
        RotaVersion(
            rota=rota, plan=plan, made_at=NOW,
            valid_from=NOW - (ago + 2) * WEEK, valid_until=NOW - (ago + 1) * WEEK,
        )
        for ago in range(weeks)
    )  # fmt: skip
    Override.objects.bulk_create(
        Override(
            rota=rota, line=1, user=people[ago % 8], made_at=NOW,
            starts_at=NOW - (ago + 2) * DAY, ends_at=NOW - (ago + 1) * DAY,
        )
        for ago in range(weeks * 7)
    )  # fmt: skip
    Absence.objects.bulk_create(
        Absence(
            user=people[ago % 8], made_at=NOW,
            starts_at=NOW - (ago + 2) * WEEK, ends_at=NOW - (ago + 1) * WEEK,
        )
        for ago in range(weeks)
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
