"""Breaking the glass: two people, a reason, a review."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import Brand, User
from connectors.models import SimulatedPost
from core.errors import Conflict, Forbidden, Refused
from incidents.entries import words
from incidents.models import Task, TimelineEntry
from responses import services
from responses.enums import DraftState, StepState
from responses.models import Draft
from responses.models_policy import ApprovalStep, BrokenGlass
from responses.publishing import publish_due

from .conftest import sha
from .test_steps import person, policy, step

NOW = timezone.now()


@pytest.fixture
def waiting(brand: Brand, draft: Draft, alice: User) -> Draft:
    """Waits for Legal, who does not answer; alice and carl may break the glass."""
    legal, carl = person(brand, "Lone Legal"), person(brand, "Carl Chief")
    policy(brand, alice, step("Legal", legal), glass=[alice.pk, carl.pk])
    return services.submit(draft.pk, by=draft.author, now=NOW)


@pytest.fixture
def carl(waiting: Draft) -> User:
    return User.objects.get(name="Carl Chief")


def begin(draft: Draft, by: User) -> BrokenGlass:
    return services.break_glass(
        draft.pk, by=by, sha256=sha(draft), reason="People are drinking it.", now=NOW
    )


def test_two_people_together_publish_without_the_steps_that_are_left(
    waiting: Draft, alice: User, carl: User
):
    begin(waiting, alice)
    assert Draft.objects.get().state == DraftState.SUBMITTED

    services.join_glass(waiting.pk, by=carl, sha256=sha(waiting), now=NOW)
    publish_due(now=NOW + timedelta(seconds=11))

    assert SimulatedPost.objects.get().text == waiting.versions.get().text
    assert ApprovalStep.objects.get().state == StepState.SKIPPED
    task = Task.objects.get()
    assert (task.done_at, task.title) == (
        None,
        "Review: “Holding statement” went out without Legal",
    )
    entry = next(e for e in TimelineEntry.objects.all() if e.params.get("code") == "glass_broken")
    assert words(entry.kind, entry.params, actor="Carl Chief") == (
        f"{alice} and Carl Chief broke the glass: “Holding statement” version 1 goes out without"
        " Legal. People are drinking it."
    )


def test_one_person_alone_publishes_nothing(waiting: Draft, alice: User):
    begin(waiting, alice)

    with pytest.raises(Forbidden, match="two people"):
        services.join_glass(waiting.pk, by=alice, sha256=sha(waiting), now=NOW)
    assert publish_due(now=NOW + timedelta(hours=1)) == 0
    assert not SimulatedPost.objects.exists()


def test_neither_of_them_may_have_written_it(waiting: Draft, alice: User, bob: User):
    with pytest.raises(Forbidden):
        begin(waiting, bob)
    services.edit_draft(waiting.pk, text="Mine.", base_version=1, by=alice, now=NOW)
    waiting.refresh_from_db()
    services.submit(waiting.pk, by=bob, now=NOW)
    with pytest.raises(Forbidden, match="wrote or changed"):
        begin(waiting, alice)


def test_those_whom_the_policy_does_not_name_cannot(waiting: Draft):
    with pytest.raises(Forbidden, match="names others"):
        begin(waiting, User.objects.get(name="Lone Legal"))


def test_a_reason_is_needed_and_the_text_that_was_shown(waiting: Draft, alice: User, carl: User):
    with pytest.raises(Refused, match="Say why"):
        services.break_glass(waiting.pk, by=alice, sha256=sha(waiting), reason=" ", now=NOW)
    begin(waiting, alice)
    with pytest.raises(Conflict, match="text has changed"):
        services.join_glass(waiting.pk, by=carl, sha256="0" * 64, now=NOW)


def test_after_half_an_hour_it_begins_anew(waiting: Draft, alice: User, carl: User):
    begin(waiting, alice)

    with pytest.raises(Conflict, match="Begin anew"):
        services.join_glass(
            waiting.pk, by=carl, sha256=sha(waiting), now=NOW + timedelta(minutes=31)
        )


def test_a_change_needs_two_people_again(waiting: Draft, alice: User, bob: User, carl: User):
    begin(waiting, alice)
    services.edit_draft(waiting.pk, text="Changed.", base_version=1, by=bob, now=NOW)
    waiting.refresh_from_db()
    services.submit(waiting.pk, by=bob, now=NOW)

    with pytest.raises(Conflict, match="Begin anew"):
        services.join_glass(waiting.pk, by=carl, sha256=sha(waiting), now=NOW)


def test_the_database_wants_two_people_too(waiting: Draft, alice: User, bob: User):
    glass = begin(waiting, alice)

    for second in (alice, bob):
        with pytest.raises(IntegrityError, match="two people"), transaction.atomic():
            BrokenGlass.objects.filter(pk=glass.pk).update(second=second)
