"""From a post to the page on somebody's phone: whichever link of the way breaks, it is said aloud.

Each link is what one loop or worker does. Here the links run by hand, ten minutes ago; the first
one that does not is what the auditor names, and it falls silent once that one runs.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from accounts.models import Brand, User
from connectors.models import SimulatedPost
from core.clock import database_now
from core.engine import AUDITS
from incidents import services as incidents
from incidents.models import Incident
from monitoring.judge import judge_pending
from monitoring.models import Mention, Source
from monitoring.services import polling, sources
from notifications.models import Delivery, Notice
from notifications.services import send_due
from tests.factories.incidents import DetectionFactory, on_the_ladder

pytestmark = pytest.mark.django_db
WATCHED = ("sources", "judging", "incidents", "notices")


@pytest.fixture
def past() -> datetime:
    return database_now() - timedelta(minutes=10)


@pytest.fixture
def source(brand: Brand, alice: User, past: datetime) -> Source:
    on_the_ladder(brand, alice)
    SimulatedPost.objects.create(
        world="way", network="x", author="a", text="The lid breaks", appears_at=past
    )
    made = sources.create_source(
        brand, kind="simulator", name="Way", config={"world": "way"}, by=None, now=past
    )
    return made.source


def said() -> list[str]:
    return [problem for name in WATCHED for problem in AUDITS[name]()]


def test_each_broken_link_is_said_and_a_mended_one_no_more(
    source: Source, brand: Brand, past: datetime
) -> None:
    # Asked seldom: what is asked often is noted as taken up now and then.
    Source.objects.update(poll_every=60)

    def sent() -> None:
        send_due(past)
        assert not Delivery.objects.due(past).exists()

    def called() -> None:
        incidents.fire_next(now=past)
        # The rung after it is another call.
        Incident.objects.update(escalate_at=database_now() + timedelta(hours=1))

    links: list[tuple[Callable[[], object], str]] = [
        (lambda: polling.claim_due(now=past), "1 sources wait for a worker to read them"),
        (lambda: polling.poll(source.pk, now=past), "1 brands have new mentions that nobody has"),
        (lambda: judge_pending(past), ""),
        (
            lambda: DetectionFactory.create(brand=brand, detected_at=past),
            "1 detections have not been taken up",
        ),
        (lambda: incidents.take_up_detections(past), "the next call is overdue"),
        (called, "messages to people are overdue"),
        (sent, ""),
    ]
    assert said() == []
    for link, broken in links:
        link()
        found = said()
        assert len(found) == bool(broken), (broken, found)
        assert not broken or broken in found[0]
    assert Mention.objects.count() == 1
    assert Notice.objects.exists()


def test_a_source_asked_every_other_second_is_said_to_wait_only_if_it_does(
    source: Source, past: datetime
) -> None:
    """It is noted as taken up every half a minute; what is not taken up at all stays noted."""
    for second in range(0, 500, 2):
        now = past + timedelta(seconds=second)
        assert polling.claim_due(now=now)
        polling.poll(source.pk, now=now)
    assert AUDITS["sources"]() == []
    for second in range(500, 520, 2):
        assert polling.claim_due(now=past + timedelta(seconds=second))
    Source.objects.update(asked_at=past)
    assert AUDITS["sources"]() == ["1 sources wait for a worker to read them"]


def test_after_the_desk_was_away_nothing_is_said_to_have_waited(
    source: Source, past: datetime
) -> None:
    Source.objects.update(asked_at=past, next_poll_at=past)
    polling.claim_due(now=database_now())
    assert AUDITS["sources"]() == []
