"""The order of telling: what is approved waits until those who come first have been told."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import AuditEntry, User
from core.errors import Conflict, Forbidden, Refused
from incidents import entries
from incidents.blocking import Looked
from incidents.models import Incident, TimelineEntry
from notifications.models import Notice
from responses import blocking, services
from responses.enums import DraftState, PublicationState
from responses.models import Draft, Publication
from responses.models_telling import EarlyWord, Telling
from responses.plan import order, reading, shape
from responses.publishing import publish_due
from responses.services.plan import keeping, telling

from .conftest import sha

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
ORDER = [
    {"audience": "STAFF", "how": "Intranet", "who": "HR"},
    {"audience": "REGULATOR"},
    {"audience": "PUBLIC"},
    {"audience": "PRESS"},
]


def write_order(brand: Any, by: User, rows: Any = ORDER) -> None:
    base = reading.digest(reading.content_of(brand.pk), "order")
    keeping.save_section(brand, keeping.Writing("order", rows, base), by=by, now=timezone.now())


@pytest.fixture
def ordered(incident: Incident, alice: User) -> Incident:
    """An incident that was detected after its brand had an order: staff, regulator, public."""
    write_order(incident.brand, alice)
    incident.detected_at = timezone.now()
    incident.save(update_fields=["detected_at"])
    return incident


@pytest.fixture
def held(ordered: Incident, draft: Draft, alice: User, bob: User) -> Publication:
    """Approved; the undo window is over, and staff know nothing yet."""
    services.submit(draft.pk, by=bob, now=timezone.now())
    services.approve(draft.pk, by=alice, sha256=sha(draft), now=timezone.now())
    Publication.objects.update(publish_at=timezone.now())
    return Publication.objects.get()


def go(publication: Publication) -> Publication:
    """Let the outbox look once more."""
    Publication.objects.update(publish_at=timezone.now() - timedelta(seconds=1))
    publish_due(now=timezone.now())
    publication.refresh_from_db()
    return publication


def tell_all(incident: Incident, by: User) -> None:
    for audience in ("STAFF", "REGULATOR"):
        telling.mark_told(incident.pk, audience, means="Intranet", by=by, now=timezone.now())


def test_what_is_approved_waits_until_those_who_come_first_are_told(
    ordered: Incident, held: Publication, bob: User
) -> None:
    publication = go(held)
    assert (publication.state, publication.error) == (PublicationState.QUEUED, "untold")
    assert publication.publish_at > timezone.now()
    telling.mark_told(ordered.pk, "STAFF", means="Intranet", by=bob, now=timezone.now())
    assert go(held).state == PublicationState.QUEUED
    telling.mark_told(ordered.pk, "REGULATOR", means="", by=bob, now=timezone.now())
    assert go(held).state == PublicationState.SENT
    assert held.error == ""


def test_it_is_said_aloud_that_an_approved_text_waits(
    ordered: Incident, held: Publication, bob: User
) -> None:
    told = Notice.objects.filter(kind="responses.held")
    assert bob.pk in set(told.values_list("user", flat=True))
    go(held)
    found = blocking.untold_first(ordered, Looked([ordered], now=timezone.now()))
    assert found
    assert found.detail == "Not told yet: Staff, Regulator"
    tell_all(ordered, bob)
    go(held)
    assert blocking.untold_first(ordered, Looked([ordered], now=timezone.now())) is None


def test_a_reason_lets_it_go_and_stays_in_the_timeline(
    ordered: Incident, held: Publication, bob: User, olga: User
) -> None:
    draft = held.version.draft
    with pytest.raises(Refused):
        telling.say_early(draft.pk, reason="  ", by=bob, now=timezone.now())
    with pytest.raises(Forbidden):
        telling.say_early(draft.pk, reason="Quick", by=olga, now=timezone.now())
    assert go(held).state == PublicationState.QUEUED
    telling.say_early(draft.pk, reason="Lives are at stake.", by=bob, now=timezone.now())
    assert go(held).state == PublicationState.SENT
    entry = TimelineEntry.objects.get(params__code="early")
    said = entries.words(entry.kind, entry.params, actor=str(bob), text="")
    assert "before these are told: Staff, Regulator. Lives are at stake." in said
    assert AuditEntry.objects.filter(action="draft.early").exists()
    assert EarlyWord.objects.get().untold == ["STAFF", "REGULATOR"]


def test_a_reason_may_be_given_before_the_approval_and_is_of_that_draft_alone(
    ordered: Incident, draft: Draft, alice: User, bob: User
) -> None:
    telling.say_early(draft.pk, reason="Lives.", by=bob, now=timezone.now())
    assert order.holding(draft) == []
    other = services.create_draft(
        ordered.pk, title="Other", text="Else", by=bob, now=timezone.now()
    )
    assert order.holding(other)
    with pytest.raises(Conflict):
        telling.say_early(draft.pk, reason="Again.", by=bob, now=timezone.now())


def test_who_need_not_be_told_holds_nothing_up(
    ordered: Incident, held: Publication, bob: User
) -> None:
    telling.mark_told(ordered.pk, "STAFF", means="", by=bob, now=timezone.now())
    with pytest.raises(Refused):
        telling.waive(ordered.pk, "REGULATOR", reason="", by=bob, now=timezone.now())
    telling.waive(ordered.pk, "REGULATOR", reason="No data lost", by=bob, now=timezone.now())
    assert go(held).state == PublicationState.SENT
    with pytest.raises(Conflict):
        telling.waive(ordered.pk, "STAFF", reason="Oops", by=bob, now=timezone.now())


def test_what_was_noted_by_mistake_is_taken_back_and_holds_again(
    ordered: Incident, held: Publication, bob: User
) -> None:
    tell_all(ordered, bob)
    telling.take_back(ordered.pk, "STAFF", by=bob, now=timezone.now())
    assert go(held).error == "untold"
    codes = list(TimelineEntry.objects.values_list("params__code", flat=True))
    assert codes.count("audience_told") == 2
    assert codes.count("audience_open") == 1


def test_telling_twice_is_telling_once(ordered: Incident, bob: User, alice: User) -> None:
    first = telling.mark_told(ordered.pk, "STAFF", means="Mail", by=bob, now=timezone.now())
    again = telling.mark_told(ordered.pk, "STAFF", means="Phone", by=alice, now=timezone.now())
    assert (again.told_at, again.told_by, again.means) == (first.told_at, bob, "Mail")
    assert Telling.objects.count() == len(ORDER)


def test_once_the_public_has_heard_nothing_waits(
    ordered: Incident, draft: Draft, held: Publication, bob: User
) -> None:
    telling.say_early(draft.pk, reason="Lives.", by=bob, now=timezone.now())
    go(held)
    second = services.create_draft(ordered.pk, title="2", text="More", by=bob, now=timezone.now())
    assert order.holding(Draft.objects.get(pk=second.pk)) == []


def test_who_comes_after_the_public_is_waited_for_by_nobody(ordered: Incident, bob: User) -> None:
    tell_all(ordered, bob)
    assert order.untold(ordered) == []
    assert [row.audience for row in order.order_of(ordered) if row.is_open] == ["PUBLIC", "PRESS"]


def test_an_order_written_in_the_middle_of_an_incident_waits_to_be_taken_over(
    incident: Incident, draft: Draft, alice: User, bob: User
) -> None:
    write_order(incident.brand, alice)
    assert incident.detected_at < timezone.now()
    assert order.order_of(incident) == []
    assert order.holding(draft) == []
    telling.take_order(incident.pk, by=bob, now=timezone.now())
    assert order.holding(draft)
    # A newer order keeps what was noted.
    telling.mark_told(incident.pk, "STAFF", means="Mail", by=bob, now=timezone.now())
    write_order(incident.brand, alice, shape.usual_order())
    telling.take_order(incident.pk, by=bob, now=timezone.now())
    rows = {row.audience: row for row in order.order_of(incident)}
    assert list(rows) == ["AFFECTED", "STAFF", "REGULATOR", "PARTNERS", "PUBLIC"]
    assert rows["STAFF"].means == "Mail"
    assert rows["AFFECTED"].is_open


def test_without_an_order_everything_goes_as_before(due: Publication) -> None:
    assert go(due).state == PublicationState.SENT


def test_only_who_runs_the_incident_notes_it(ordered: Incident, olga: User) -> None:
    with pytest.raises(Forbidden):
        telling.mark_told(ordered.pk, "STAFF", means="", by=olga, now=timezone.now())
    with pytest.raises(Forbidden):
        telling.take_order(ordered.pk, by=olga, now=timezone.now())


def test_the_panel_shows_the_order_and_notes_it(
    ordered: Incident, bob: User, olga: User, charlie: User, signed_in: SignIn
) -> None:
    address = f"/i/{ordered.reference}/telling/"
    shown = signed_in(bob).get(address).content.decode()
    assert "Intranet" in shown
    assert "2 before the public" in shown
    answer = signed_in(bob).post(
        address, {"do": "told", "audience": "STAFF", "note": "Town hall"}, HTTP_HX_REQUEST="true"
    )
    assert "Town hall" in answer.content.decode()
    refused = signed_in(bob).post(
        address, {"do": "waive", "audience": "REGULATOR"}, HTTP_HX_REQUEST="true"
    )
    assert refused.status_code == 422
    assert 'name="do"' not in signed_in(olga).get(address).content.decode()
    assert signed_in(olga).post(address, {"do": "told", "audience": "STAFF"}).status_code == 403
    assert signed_in(charlie).get(address).status_code == 404


def test_the_approval_says_for_whom_it_waits_and_takes_the_reason(
    ordered: Incident, submitted: Draft, alice: User, signed_in: SignIn
) -> None:
    client = signed_in(alice)
    page = f"/approvals/{ordered.reference}/{submitted.number}/"
    assert "Not told yet: Staff, Regulator" in client.get(page).content.decode()
    address = f"/i/{ordered.reference}/drafts/{submitted.number}/early/"
    client.post(address, {"reason": "Lives are at stake.", "approval": "1"})
    shown = client.get(page).content.decode()
    assert "Lives are at stake." in shown
    assert "Not told yet" not in shown
    review = client.get(f"/i/{ordered.reference}/telling/").content.decode()
    assert "went before Staff, Regulator" in review


def test_it_is_noted_over_the_api(
    ordered: Incident, draft: Draft, bob: User, olga: User, charlie: User, signed_in: SignIn
) -> None:
    client, address = signed_in(bob), f"/api/v1/incidents/{ordered.reference}/telling/"
    found = client.get(address).json()
    assert found["untold"] == ["STAFF", "REGULATOR"]
    told = client.post(
        address, {"do": "told", "audience": "STAFF", "note": "Mail"}, "application/json"
    ).json()
    assert told["untold"] == ["REGULATOR"]
    assert told["order"][0]["means"] == "Mail"
    early = f"/api/v1/drafts/{draft.pk}/early/"
    assert signed_in(charlie).post(early, {"reason": "x"}, "application/json").status_code == 404
    assert signed_in(olga).post(early, {"reason": "x"}, "application/json").status_code == 403
    said = client.post(early, {"reason": "Lives."}, "application/json")
    assert (said.status_code, said.json()["untold"]) == (201, ["REGULATOR"])


def test_a_dropped_draft_needs_no_reason(ordered: Incident, draft: Draft, bob: User) -> None:
    services.drop(draft.pk, by=bob, now=timezone.now())
    assert Draft.objects.get().state == DraftState.DROPPED
    with pytest.raises(Conflict):
        telling.say_early(draft.pk, reason="Late.", by=bob, now=timezone.now())
