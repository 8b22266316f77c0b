"""Drafts, approvals and publications over the API."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.enums import Role
from accounts.models import Membership, User
from connectors.models import ConnectedAccount
from incidents.models import Incident
from responses import services
from responses.models import Approval, Draft, Publication
from responses.publishing import publish_due
from tests.factories.connectors import AccountFactory

from .conftest import sha

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
DRAFTS = "/api/v1/drafts/"
PUBLICATIONS = "/api/v1/publications/"


def send(client: Client, path: str, data: dict[str, Any] | None = None) -> HttpResponse:
    return client.post(path, data or {}, content_type="application/json")


def test_the_whole_way_over_the_api(
    incident: Incident, account: ConnectedAccount, signed_in: SignIn, alice: User, bob: User
):
    begun = send(
        signed_in(bob),
        DRAFTS,
        {"incident": incident.reference, "title": "T", "text": "Sorry.", "accounts": [account.pk]},
    )
    assert begun.status_code == 201
    draft = begun.json()
    assert (draft["state"], draft["version"], draft["author"]) == (
        "WRITING",
        1,
        "bob@example.org",
    )
    here = f"{DRAFTS}{draft['id']}/"

    changed = signed_in(bob).patch(
        here, {"base_version": 1, "text": "We are sorry."}, content_type="application/json"
    )
    assert changed.json()["version"] == 2
    assert send(signed_in(bob), f"{here}submit/").json()["state"] == "SUBMITTED"
    approved = send(signed_in(alice), f"{here}approve/", {"sha256": changed.json()["sha256"]})
    assert approved.json()["state"] == "APPROVED"

    Publication.objects.update(publish_at=timezone.now())
    publish_due()

    [publication] = signed_in(alice).get(PUBLICATIONS).json()["results"]
    assert (publication["state"], publication["draft"], publication["incident"]) == (
        "SENT",
        draft["id"],
        incident.reference,
    )
    assert publication["sha256"] == changed.json()["sha256"]


def test_an_outdated_base_is_a_conflict(draft: Draft, signed_in: SignIn, alice: User, bob: User):
    services.edit_draft(draft.pk, text="Alice's.", base_version=1, by=alice, now=timezone.now())

    answer = signed_in(bob).patch(
        f"{DRAFTS}{draft.pk}/",
        {"base_version": 1, "text": "Bob's."},
        content_type="application/json",
    )

    assert answer.status_code == 409
    assert "version 2" in answer.json()["detail"]


def test_the_author_cannot_approve_over_the_api(submitted: Draft, signed_in: SignIn, bob: User):
    Membership.objects.filter(user=bob).update(role=Role.LEAD)

    answer = send(signed_in(bob), f"{DRAFTS}{submitted.pk}/approve/", {"sha256": sha(submitted)})

    assert answer.status_code == 403
    assert "Somebody else has to approve it." in answer.json()["detail"]
    assert not Approval.objects.exists()


@pytest.mark.parametrize(
    ("body", "status"), [({}, 400), ({"sha256": "x"}, 400), ({"sha256": "0" * 64}, 409)]
)
def test_an_approval_says_of_what(
    submitted: Draft, signed_in: SignIn, alice: User, body: dict, status: int
):
    answer = send(signed_in(alice), f"{DRAFTS}{submitted.pk}/approve/", body)

    assert answer.status_code == status
    assert not Approval.objects.exists()


def test_an_account_of_another_brand_is_refused(incident: Incident, signed_in: SignIn, bob: User):
    foreign = AccountFactory.create()

    answer = send(
        signed_in(bob),
        DRAFTS,
        {"incident": incident.reference, "title": "T", "text": "S.", "accounts": [foreign.pk]},
    )

    assert answer.status_code == 422
    assert not Draft.objects.exists()


def test_a_stranger_finds_neither_drafts_nor_publications(
    due: Publication, signed_in: SignIn, alice: User, charlie: User
):
    draft = due.version.draft
    assert signed_in(alice).get(f"{DRAFTS}{draft.pk}/").status_code == 200
    stranger = signed_in(charlie)

    assert stranger.get(DRAFTS).json()["results"] == []
    assert stranger.get(PUBLICATIONS).json()["results"] == []
    assert stranger.get(f"{DRAFTS}{draft.pk}/").status_code == 404
    assert stranger.get(f"{PUBLICATIONS}{due.pk}/").status_code == 404
    for action in ("submit", "approve", "undo", "changes"):
        assert send(stranger, f"{DRAFTS}{draft.pk}/{action}/").status_code == 404
    new = {"incident": draft.incident.reference, "title": "T", "text": "S."}
    assert send(stranger, DRAFTS, new).status_code == 422
    assert Client().get(DRAFTS).status_code == 401


def test_an_observer_reads_and_changes_nothing(draft: Draft, signed_in: SignIn, olga: User):
    observer = signed_in(olga)
    assert observer.get(f"{DRAFTS}{draft.pk}/").status_code == 200

    change = {"base_version": 1, "text": "Mine."}
    answer = observer.patch(f"{DRAFTS}{draft.pk}/", change, content_type="application/json")

    assert answer.status_code == 403
    assert send(observer, f"{DRAFTS}{draft.pk}/submit/").status_code == 403


def test_an_unsure_publication_is_settled(
    due: Publication, account: ConnectedAccount, signed_in: SignIn, bob: User, olga: User
):
    account.config["fail"] = "lost"
    account.save()
    publish_due()
    here = f"{PUBLICATIONS}{due.pk}/settle/"

    assert send(signed_in(olga), here, {"outcome": "sent"}).status_code == 403
    settled = send(signed_in(bob), here, {"outcome": "sent", "url": "https://x.example/1"})

    assert (settled.json()["state"], settled.json()["url"]) == ("SENT", "https://x.example/1")


def test_lists_are_filtered_and_cost_the_same_for_more(
    submitted: Draft, signed_in: SignIn, bob: User
):
    browser = signed_in(bob)
    waiting = f"{DRAFTS}?incident={submitted.incident.reference}&state=SUBMITTED"

    def counted(address: str) -> tuple[int, int]:
        with CaptureQueriesContext(connection) as queries:
            results = browser.get(address).json()["results"]
        return len(results), len(queries)

    found, one = counted(waiting)
    assert (found, counted(f"{DRAFTS}?state=DROPPED")[0]) == (1, 0)
    for number in range(3):
        services.create_draft(
            submitted.incident_id, title=str(number), text="S.", by=bob, now=timezone.now()
        )
    assert counted(DRAFTS) == (4, one)
