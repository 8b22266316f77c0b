"""Who is told of a comment, comments over the API, and that their words stand nowhere else."""

from collections.abc import Callable
from functools import partial

import pytest
from django.apps import apps
from django.test import Client
from django.utils import timezone

from accounts.enums import Role
from accounts.models import Brand, Membership, User
from connectors.models import SimulatedPost
from core.errors import Refused
from incidents.models import Incident
from incidents.models_cases import IncidentMember
from notifications.models import Notice
from responses import services
from responses.models import Draft, Publication
from responses.models_composing import DraftComment
from responses.publishing import publish_due
from tests.factories.accounts import UserFactory
from tests.threads import together

from .conftest import sha
from .test_comments import SECRET, say

SignIn = Callable[[User], Client]
pytestmark = pytest.mark.django_db


def told(user: User) -> list[str]:
    rows = Notice.objects.filter(user=user, kind__contains="comment").order_by("pk")
    return [kind.removeprefix("responses.") for kind in rows.values_list("kind", flat=True)]


def test_who_wrote_the_draft_is_told_and_whoever_says_it_is_not(
    draft: Draft, alice: User, bob: User
) -> None:
    say(draft, alice)
    assert told(bob) == ["commented"]
    assert told(alice) == []


def test_who_spoke_in_the_thread_and_whom_an_at_names_is_told_once(
    draft: Draft, alice: User, bob: User
) -> None:
    thread = say(draft, alice)
    Notice.objects.all().delete()
    say(draft, bob, "I do not think so.", thread_id=thread.pk)
    assert told(alice) == ["comment_answered"]
    say(draft, alice, f"But look, @{bob.email}.", thread_id=thread.pk)
    # Named, wrote it and spoke there: one notice.
    assert told(bob) == ["comment_named"]


def test_strangers_and_those_without_the_right_are_never_told(
    draft: Draft, alice: User, bob: User, olga: User, charlie: User
) -> None:
    # The negative case: the same words reach whoever may comment.
    say(draft, bob, f"@{alice.email} @{olga.email} @{charlie.email} please look")
    assert told(alice) == ["comment_named"]
    assert (told(olga), told(charlie)) == ([], [])
    Membership.objects.filter(user=bob).update(role=Role.OBSERVER)
    say(draft, alice, f"@{bob.email} did you?")
    assert told(bob) == []
    Membership.objects.filter(user=bob).delete()
    say(draft, alice, f"@{bob.email} still?")
    assert told(bob) == []


def test_in_a_private_incident_only_its_members_are_told_and_without_its_title(
    draft: Draft, incident: Incident, brand: Brand, alice: User, bob: User
) -> None:
    other = UserFactory.create(name="Lena Lund")
    Membership.objects.create(user=other, brand=brand, role=Role.LEAD)
    say(draft, bob, f"@{other.email} {SECRET}")
    assert told(other) == ["comment_named"]
    Notice.objects.all().delete()
    Incident.objects.filter(pk=incident.pk).update(is_private=True)
    for user in (alice, bob):
        IncidentMember.objects.create(
            incident=incident, user=user, added_by=alice, since=timezone.now()
        )
    say(draft, alice, f"@{other.email} @{bob.email} {SECRET}")
    assert told(other) == []
    assert told(bob) == ["comment_named"]
    assert draft.title not in str(Notice.objects.get().params)


def test_an_at_that_fits_several_says_which(draft: Draft, brand: Brand, bob: User) -> None:
    for number in range(2):
        twin = UserFactory.create(name=f"Kim Krog{number}")
        Membership.objects.create(user=twin, brand=brand, role=Role.LEAD)
    with pytest.raises(Refused, match="fits several people"):
        say(draft, bob, "@kim please")
    assert not DraftComment.objects.exists()


def test_a_notice_of_it_carries_none_of_its_words(draft: Draft, alice: User, bob: User) -> None:
    say(draft, alice, f"@{bob.email} {SECRET}")
    assert SECRET not in str(Notice.objects.values_list("params", "url"))


def everywhere(words: str) -> set[str]:
    """The tables in which these words stand, whatever the column."""
    return {
        model.__name__
        for model in apps.get_models()
        if model._meta.managed
        for row in model._base_manager.values()
        if words in str(row)
    }


def test_in_the_whole_database_its_words_stand_in_its_own_row_alone(
    submitted: Draft, alice: User, bob: User,
    django_capture_on_commit_callbacks: Callable[..., object],
) -> None:  # fmt: skip
    with django_capture_on_commit_callbacks(execute=True):
        thread = say(submitted, alice, f"{SECRET} @{bob.email}")
        say(submitted, bob, f"{SECRET}, too", thread_id=thread.pk)
        services.resolve_comment(submitted.pk, thread.pk, by=bob, now=timezone.now())
        services.approve(submitted.pk, by=alice, sha256=sha(submitted), now=timezone.now())
        Publication.objects.update(publish_at=timezone.now())
        publish_due()
        services.start_edit(
            Publication.objects.get().pk, by=bob, now=timezone.now()
        )  # what begins from a published text begins without them
    assert SimulatedPost.objects.exists()
    # The control: what was approved stands in more than one place.
    assert len(everywhere("Please do not drink batch 7.")) > 1
    assert everywhere(SECRET) == {"DraftComment"}


def test_they_are_read_written_and_settled_over_the_api(
    draft: Draft, alice: User, bob: User, signed_in: SignIn
) -> None:
    client, address = signed_in(alice), f"/api/v1/drafts/{draft.pk}/comments/"
    assert client.get(address).json() == []
    made = client.post(address, {"text": "Is that so?"}, "application/json")
    assert made.status_code == 201
    first = made.json()[0]["first"]
    assert (first["author"], first["version"]) == (alice.email, 1)
    assert told(bob) == ["commented"]
    answer = {"text": "It is.", "thread": first["id"]}
    shown = client.post(address, answer, "application/json").json()[0]
    assert [each["text"] for each in shown["answers"]] == ["It is."]
    one = f"{address}{first['id']}/"
    done = client.patch(one, {"resolved": True}, "application/json").json()[0]
    assert done["resolved_by"] == alice.email
    assert (
        client.patch(one, {"resolved": False}, "application/json").json()[0]["resolved_by"] is None
    )
    assert client.post(address, {"text": " "}, "application/json").status_code == 400
    assert client.post(address, {"text": "x" * 2001}, "application/json").status_code == 400
    # No comment has this number, whatever the sequence stood at.
    nowhere = {"text": "x", "thread": first["id"] + 1_000}
    assert client.post(address, nowhere, "application/json").status_code in (409, 400, 422)


def test_over_the_api_strangers_find_nothing_and_readers_only_read(
    draft: Draft, bob: User, olga: User, charlie: User, signed_in: SignIn
) -> None:
    thread = say(draft, bob)
    address, body = f"/api/v1/drafts/{draft.pk}/comments/", {"text": "x"}
    assert signed_in(olga).get(address).json()[0]["first"]["text"] == SECRET
    assert signed_in(olga).post(address, body, "application/json").status_code == 403
    stranger, one = signed_in(charlie), f"{address}{thread.pk}/"
    assert stranger.get(address).status_code == 404
    assert stranger.post(address, body, "application/json").status_code == 404
    assert stranger.patch(one, {"resolved": True}, "application/json").status_code == 404
    patched = signed_in(olga).patch(one, {"resolved": True}, "application/json")
    assert patched.status_code == 403
    other = services.create_draft(
        draft.incident_id, title="O", text="Other.", by=bob, now=timezone.now()
    )
    foreign = f"/api/v1/drafts/{other.pk}/comments/{thread.pk}/"
    patched = signed_in(bob).patch(foreign, {"resolved": True}, "application/json")
    assert patched.status_code == 404
    thread.refresh_from_db()
    assert thread.resolved_at is None


@pytest.mark.django_db(transaction=True)
def test_answers_at_the_same_moment_all_stand_and_everybody_hears_each_once(
    draft: Draft, alice: User, bob: User
) -> None:
    thread = say(draft, alice)
    Notice.objects.all().delete()
    together(
        *(partial(say, draft, bob, f"No. {n}", thread_id=thread.pk) for n in range(4)),
        *(partial(say, draft, alice, f"No. {n}", thread_id=thread.pk) for n in range(4)),
        partial(services.resolve_comment, draft.pk, thread.pk, by=bob, now=timezone.now()),
        bearing=Refused,
    )
    assert thread.answers.count() == 8
    assert len(told(alice)) == len(told(bob)) == 4
