"""The second pair of eyes."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.enums import Role
from accounts.models import Membership, User
from core.errors import Conflict, Forbidden, Refused
from incidents.entries import words
from incidents.models import TimelineEntry
from notifications.models import Notice
from responses import services
from responses.enums import DraftState, PublicationState, Verdict
from responses.models import Approval, Draft, Publication
from responses.services.approving import UNDO_WINDOW
from tests.factories.accounts import MembershipFactory, UserFactory
from tests.factories.connectors import AccountFactory

from .conftest import sha

NOW = timezone.now()


def test_approving_queues_a_publication_an_account_after_the_undo_window(
    draft: Draft, alice: User, bob: User
):
    second = AccountFactory.create(brand=draft.incident.brand)
    chosen = [*draft.accounts.values_list("pk", flat=True), second.pk]
    services.set_accounts(draft.pk, account_ids=chosen, by=bob, now=NOW)
    services.submit(draft.pk, by=bob, now=NOW)

    services.approve(draft.pk, by=alice, sha256=sha(draft), now=NOW)

    draft.refresh_from_db()
    assert (draft.state, draft.approved_at) == (DraftState.APPROVED, NOW)
    queued = Publication.objects.values_list("account", "state", "sha256", "publish_at")
    due = (PublicationState.QUEUED, sha(draft), NOW + UNDO_WINDOW)
    assert sorted(queued) == sorted((pk, *due) for pk in chosen)
    assert Notice.objects.filter(user=bob, kind="responses.approved").exists()
    entry = TimelineEntry.objects.first()
    assert words(entry.kind, entry.params, actor="Alice Andersen") == (
        "Alice Andersen approved “Holding statement” version 1 for 2 accounts."
    )


def test_nobody_approves_their_own_draft(draft: Draft, bob: User, alice: User):
    Membership.objects.filter(user=bob).update(role=Role.LEAD)
    bob = User.objects.get(pk=bob.pk)
    services.submit(draft.pk, by=bob, now=NOW)

    with pytest.raises(Forbidden, match="Somebody else"):
        services.approve(draft.pk, by=bob, sha256=sha(draft), now=NOW)

    assert not Approval.objects.exists()


def test_nobody_approves_what_they_once_changed(draft: Draft, bob: User, alice: User):
    services.edit_draft(draft.pk, text="Alice's.", base_version=1, by=alice, now=NOW)
    services.edit_draft(draft.pk, text="Bob's.", base_version=2, by=bob, now=NOW)
    services.submit(draft.pk, by=bob, now=NOW)

    with pytest.raises(Forbidden, match="Somebody else"):
        services.approve(draft.pk, by=alice, sha256=sha(Draft.objects.get()), now=NOW)


def test_a_responder_does_not_approve(submitted: Draft):
    other = UserFactory.create()
    MembershipFactory.create(user=other, brand=submitted.incident.brand, role=Role.RESPONDER)

    with pytest.raises(Forbidden, match="Approve drafts"):
        services.approve(submitted.pk, by=other, sha256=sha(submitted), now=NOW)


def test_what_was_shown_must_be_what_is_there(submitted: Draft, alice: User, bob: User):
    shown = sha(submitted)
    services.edit_draft(submitted.pk, text="Buy coffee!", base_version=1, by=bob, now=NOW)
    services.submit(submitted.pk, by=bob, now=NOW)

    with pytest.raises(Conflict, match="text has changed"):
        services.approve(submitted.pk, by=alice, sha256=shown, now=NOW)

    assert not Publication.objects.exists()


def test_other_accounts_than_those_shown_are_a_change_too(submitted: Draft, alice: User, bob: User):
    other = AccountFactory.create(brand=submitted.incident.brand)
    services.set_accounts(submitted.pk, account_ids=[other.pk], by=bob, now=NOW)
    services.submit(submitted.pk, by=bob, now=NOW)

    with pytest.raises(Conflict, match="text has changed"):
        services.approve(submitted.pk, by=alice, sha256=sha(submitted), version=1, now=NOW)


def test_a_draft_that_is_being_written_cannot_be_approved(draft: Draft, alice: User):
    with pytest.raises(Conflict, match="not waiting"):
        services.approve(draft.pk, by=alice, sha256=sha(draft), now=NOW)


def test_approving_twice_is_approving_once(approved: Draft, alice: User):
    services.approve(approved.pk, by=alice, sha256=sha(approved), now=NOW)

    assert (Approval.objects.count(), Publication.objects.count()) == (1, 1)


def test_a_second_approver_is_told_that_somebody_was_quicker(approved: Draft):
    other = UserFactory.create()
    MembershipFactory.create(user=other, brand=approved.incident.brand, role=Role.APPROVER)

    with pytest.raises(Conflict, match="just approved"):
        services.approve(approved.pk, by=other, sha256=sha(approved), now=NOW)


def test_an_approval_can_be_taken_back_within_the_window_and_given_again(
    approved: Draft, alice: User
):
    services.undo_approval(approved.pk, by=alice, now=approved.approved_at + timedelta(seconds=9))

    approved.refresh_from_db()
    assert approved.state == DraftState.SUBMITTED
    assert not Approval.objects.exists()
    assert Publication.objects.get().state == PublicationState.CANCELLED

    services.approve(approved.pk, by=alice, sha256=sha(approved), now=NOW)
    again = Publication.objects.get()
    assert (again.state, again.publish_at) == (PublicationState.QUEUED, NOW + UNDO_WINDOW)


def test_after_the_window_it_is_too_late(approved: Draft, alice: User):
    with pytest.raises(Conflict, match="too late"):
        services.undo_approval(approved.pk, by=alice, now=approved.approved_at + UNDO_WINDOW)

    assert Publication.objects.get().state == PublicationState.QUEUED


def test_only_the_approver_takes_it_back(approved: Draft, bob: User):
    with pytest.raises(Conflict, match="no approval of yours"):
        services.undo_approval(approved.pk, by=bob, now=approved.approved_at)


def test_asking_for_changes_says_which(submitted: Draft, alice: User, bob: User):
    with pytest.raises(Refused, match="what should be changed"):
        services.ask_changes(submitted.pk, by=alice, comment=" ", now=NOW)

    services.ask_changes(submitted.pk, by=alice, comment="Name the batch.", now=NOW)

    submitted.refresh_from_db()
    assert submitted.state == DraftState.CHANGES
    assert Approval.objects.get().verdict == Verdict.CHANGES
    notice = Notice.objects.get(user=bob)
    assert notice.params["comment"] == "Name the batch."


def test_who_asked_for_changes_may_approve_the_same_words_after_all(
    submitted: Draft, alice: User, bob: User
):
    services.ask_changes(submitted.pk, by=alice, comment="Are you sure?", now=NOW)
    services.submit(submitted.pk, by=bob, now=NOW)

    services.approve(submitted.pk, by=alice, sha256=sha(submitted), now=NOW)

    assert Approval.objects.get().verdict == Verdict.APPROVED
