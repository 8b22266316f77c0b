"""Triage, saved searches and work on many over the API: rights, conflicts, and what comes back."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from accounts.enums import Role
from accounts.models import Brand, User
from monitoring.models_triage import MentionState, SavedSearch, StreamJob
from monitoring.services import exporting
from tests.factories.accounts import MembershipFactory, UserFactory
from tests.factories.monitoring import mention

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
API = "/api/v1"
JSON = "application/json"


def observer_of(brand: Brand) -> User:
    user = UserFactory.create()
    MembershipFactory.create(user=user, brand=brand, role=Role.OBSERVER)
    return user


def test_a_mention_is_taken_and_the_second_is_refused(
    signed_in: SignIn, alice: User, bob: User, brand: Brand
) -> None:
    address = f"{API}/mentions/{mention(brand).pk}/triage/"
    first, second = signed_in(alice), signed_in(bob)
    assert first.get(address).json()["state"] == "new"
    taken = first.patch(address, {"state": "doing", "version": 0}, JSON).json()
    assert (taken["state"], taken["assignee"], taken["version"]) == ("doing", alice.pk, 1)
    refused = second.patch(address, {"state": "done", "version": 0}, JSON)
    assert refused.status_code == 409
    assert MentionState.objects.get().state == "doing"


def test_the_chart_and_the_person_are_set(
    signed_in: SignIn, alice: User, bob: User, brand: Brand
) -> None:
    address = f"{API}/mentions/{mention(brand).pk}/triage/"
    client = signed_in(alice)
    answers = {"truth": "true", "kind": "unhappy", "course": "restore"}
    assert client.patch(address, answers, JSON).json()["course"] == "restore"
    assert client.patch(address, {"assignee": bob.pk}, JSON).json()["assignee"] == bob.pk
    assert client.patch(address, {"assignee": 10**9}, JSON).status_code == 400
    assert client.patch(address, {"assignee": None}, JSON).json()["assignee"] is None


def test_strangers_find_nothing_and_observers_change_nothing(
    signed_in: SignIn, charlie: User, brand: Brand
) -> None:
    address = f"{API}/mentions/{mention(brand).pk}/triage/"
    stranger, observer = signed_in(charlie), signed_in(observer_of(brand))
    assert stranger.get(address).status_code == 404
    assert stranger.patch(address, {"state": "done"}, JSON).status_code == 404
    assert observer.get(address).status_code == 200
    assert observer.patch(address, {"state": "done"}, JSON).status_code == 403
    assert not MentionState.objects.exists()


def test_searches_are_saved_listed_and_deleted(
    signed_in: SignIn, alice: User, bob: User, charlie: User, brand: Brand
) -> None:
    body = {"name": "Angry", "query": "emotion=anger&x=1", "brand": brand.slug}
    made = signed_in(alice).post(f"{API}/saved-searches/", body, JSON).json()
    assert (made["query"], made["brand"]) == ("emotion=anger", brand.slug)
    listed = signed_in(bob).get(f"{API}/saved-searches/").json()
    assert [each["name"] for each in listed["results"]] == ["Angry"]
    assert signed_in(charlie).get(f"{API}/saved-searches/").json()["results"] == []
    address = f"{API}/saved-searches/{made['id']}/"
    assert signed_in(charlie).delete(address).status_code == 404
    assert signed_in(bob).delete(address).status_code == 403
    assert signed_in(alice).delete(address).status_code == 204
    assert not SavedSearch.objects.exists()


def test_many_are_changed_and_taken_back(signed_in: SignIn, alice: User, brand: Brand) -> None:
    ids = [mention(brand).pk for _ in range(3)]
    client = signed_in(alice)
    body = {"kind": "state", "params": {"state": "done"}, "mentions": ids}
    answer = client.post(f"{API}/mention-jobs/", body, JSON)
    assert answer.status_code == 201
    assert answer.json()["done"] == 3
    undone = client.post(f"{API}/mention-jobs/{answer.json()['id']}/undo/").json()
    assert undone["undone_at"]
    assert set(MentionState.objects.values_list("state", flat=True)) == {"new"}
    wrong = {"kind": "state", "params": {"state": "furious"}, "mentions": ids}
    assert client.post(f"{API}/mention-jobs/", wrong, JSON).status_code in {400, 409, 422}
    assert client.post(f"{API}/mention-jobs/", {"kind": "state"}, JSON).status_code == 400


def test_an_export_is_queued_written_and_fetched_by_its_owner_only(
    signed_in: SignIn, alice: User, bob: User, brand: Brand
) -> None:
    mention(brand, text="=1+1")
    body = {"kind": "export", "params": {"format": "jsonl"}, "query": ""}
    answer = signed_in(alice).post(f"{API}/mention-jobs/", body, JSON)
    assert answer.status_code == 202
    job = StreamJob.objects.get()
    exporting.run(job.pk, clock=timezone.now)
    address = f"{API}/mention-jobs/{job.pk}/file/"
    assert signed_in(bob).get(address).status_code == 404
    fetched = signed_in(alice).get(address)
    assert b'"=1+1"' in b"".join(fetched.streaming_content)  # type: ignore[attr-defined]
    refused = signed_in(observer_of(brand)).post(f"{API}/mention-jobs/", body, JSON)
    assert refused.status_code == 403


def test_the_list_of_mentions_is_filtered_by_state_and_never_folded(
    signed_in: SignIn, alice: User, brand: Brand
) -> None:
    ids = {mention(brand, fingerprint=7).pk for _ in range(3)}
    client = signed_in(alice)
    found = client.get(f"{API}/mentions/?state=new").json()["results"]
    assert {each["id"] for each in found} == ids
    assert client.get(f"{API}/mentions/?state=done").json()["results"] == []
