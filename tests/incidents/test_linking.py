"""Linking many mentions from the stream: one line in the timeline, tags on the rows."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Brand, User
from core.errors import Refused
from incidents import services
from incidents.entries import words
from incidents.linking import tags
from monitoring.selectors import Filters
from monitoring.services import many
from tests.factories.accounts import BrandFactory, MembershipFactory
from tests.factories.incidents import IncidentFactory
from tests.factories.monitoring import mention

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
NOW = timezone.now()


def test_many_are_linked_with_one_line_and_twice_changes_nothing(alice: User, brand: Brand) -> None:
    incident = IncidentFactory.create(brand=brand)
    ids = [mention(brand).pk for _ in range(4)]
    params = {"incident": incident.reference}
    job = many.do_now("link", params, ids, by=alice, now=NOW)
    assert (job.done, job.skipped) == (4, 0)
    last = incident.entries.order_by("number").last()
    assert last
    assert words(last.kind, last.params, actor=str(last.actor)) == (
        "Alice Andersen linked mentions: 4."
    )
    again = many.do_now("link", params, ids, by=alice, now=NOW)
    assert (again.done, again.skipped) == (0, 4)
    assert incident.entries.count() == last.number
    assert [tag.text for tag in tags(ids)[ids[0]]] == [incident.reference]


def test_mentions_of_other_brands_are_left_out(alice: User, brand: Brand) -> None:
    second = BrandFactory.create()
    MembershipFactory.create(user=alice, brand=second)
    alice.__dict__.pop("roles", None)
    incident = IncidentFactory.create(brand=brand)
    ids = [mention(brand).pk, mention(second).pk]
    job = many.do_now("link", {"incident": incident.reference}, ids, by=alice, now=NOW)
    assert (job.done, job.skipped) == (1, 1)


def test_an_incident_that_one_may_not_see_is_not_there(
    alice: User, brand: Brand, other_brand: Brand
) -> None:
    foreign = IncidentFactory.create(brand=other_brand)
    for reference in (foreign.reference, "CD-1-1", ""):
        with pytest.raises(Refused, match="no such incident"):
            many.do_now("link", {"incident": reference}, [mention(brand).pk], by=alice, now=NOW)


def test_all_that_match_are_linked_to_a_closed_case(
    signed_in: SignIn, alice: User, brand: Brand
) -> None:
    case = IncidentFactory.create(brand=brand, title="The plastic of last year")
    services.resolve(case.pk, by=alice, now=NOW)
    for number in range(3):
        mention(brand, network="x" if number else "reddit")
    client = signed_in(alice)
    page = client.get(reverse("incidents:link") + "?query=network%3Dx").content.decode()
    assert "Closed cases" in page
    assert case.reference in page
    values: dict[str, Any] = {"reference": case.reference, "query": "network=x"}
    assert client.post(reverse("incidents:link"), values).status_code == 302
    [job] = many.waiting(now=timezone.now())
    assert job.total == 2
    many.run(job.pk, clock=timezone.now)
    assert case.linked_mentions.count() == 2


def test_a_stranger_links_nothing(signed_in: SignIn, charlie: User, brand: Brand) -> None:
    incident = IncidentFactory.create(brand=brand)
    found = mention(brand)
    values = {"reference": incident.reference, "mention": [found.pk]}
    signed_in(charlie).post(reverse("incidents:link"), values)
    assert not incident.linked_mentions.exists()
    assert many.summary(charlie, Filters(), most=5).total == 0
