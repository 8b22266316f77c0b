"""The review of a long incident: working it out, and its page."""

import functools
import statistics
import time
from datetime import timedelta

from .figures import Measured, figure
from .pages import _milliseconds, _people_and_incident
from .room import _fill

PUBLICATIONS = 6
ROUNDS = 5
# Fourteen days before it, a minute and network each, and the storm of the last hours.
_COUNTS = """
INSERT INTO monitoring_mentioncount (brand_id, minute, network, crisis_type, total, negative,
    positive, reach)
SELECT %(brand)s, date_trunc('minute', %(now)s::timestamptz) - n * interval '1 minute', network,
    'none', CASE WHEN n < 600 THEN 200 ELSE 2 END, CASE WHEN n < 600 THEN 90 ELSE 1 END, 0, 1000
FROM generate_series(0, 14 * 1440) AS n, unnest(ARRAY['x', 'facebook', 'tiktok']) AS network
ON CONFLICT DO NOTHING
"""


@figure("review of 20,000 events and 500,000 mentions, worked out", unit="s", must="<= 1", issue=6)
def worked_out() -> Measured:
    return Measured(_made()[0], 10.0)


@figure("review of 20,000 events and 500,000 mentions, page", unit="CPU ms", must="<= 1", issue=6)
def page() -> Measured:
    """The page; what was worked out is fetched by it as parts of their own, 10 to 20 ms each."""
    return Measured(_made()[1], 100.0)


@functools.cache
def _made() -> tuple[float, float]:
    from django.core.management import call_command
    from django.db import connection

    from core.clock import database_now
    from incidents import services
    from incidents.models import Incident
    from reviews.models import Reckoning
    from reviews.services import enrol_ended, reckon_next

    call_command("collectstatic", interactive=False, verbosity=0)
    room, session = _people_and_incident()
    _fill(room)
    incident = Incident.objects.get(reference=room.split("/")[2])
    now = database_now()
    with connection.cursor() as cursor:
        cursor.execute(_COUNTS, {"brand": incident.brand_id, "now": now})
        cursor.execute("VACUUM ANALYZE")
    by = incident.brand.memberships.select_related("user").all()[0].user
    _publish(incident, by, now)
    services.resolve(incident.pk, by=by, now=now)
    began = time.perf_counter()
    enrol_ended(now)
    if not reckon_next(now):
        raise AssertionError("Nothing was due.")
    took = time.perf_counter() - began
    if len(Reckoning.objects.get().figures["moments"]) != PUBLICATIONS:
        raise AssertionError("Not every publication was looked at.")
    rounds = [_milliseconds(f"{room}review/", session) for _round in range(ROUNDS)]
    return took, statistics.median(rounds)


def _publish(incident, by, now) -> None:  # type: ignore[no-untyped-def]
    from responses.models import Publication
    from responses.publishing import publish_due
    from tests.factories.connectors import AccountFactory
    from tests.factories.responses import ApprovalFactory, DraftFactory, PublicationFactory

    for number in range(PUBLICATIONS):
        draft = DraftFactory.create(incident=incident, state="APPROVED")
        version = draft.versions.get()
        ApprovalFactory.create(version=version, approver=by)
        account = AccountFactory.create(
            brand=incident.brand, name=f"A{number}", network="simulator", config={"world": "w"}
        )
        made = PublicationFactory.create(version=version, account=account)
        publish_due()
        sent = Publication.objects.filter(pk=made.pk, state="SENT")
        sent.update(sent_at=now - timedelta(hours=9) + number * timedelta(hours=1, minutes=20))
