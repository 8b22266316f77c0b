"""Writing a draft and asking for an approval of it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import AuditEntry, User
from connectors.models import ConnectedAccount
from core.errors import Conflict, Forbidden, Refused
from incidents.entries import words
from incidents.models import Incident, TimelineEntry
from notifications.models import Notice, Urgency
from responses import services
from responses.enums import DraftState, PublicationState
from responses.models import Draft, Publication, Version
from tests.factories.connectors import AccountFactory

from .conftest import sha

NOW = timezone.now()
TEXT = "We are sorry. Please do not drink batch 7."


def test_a_draft_gets_the_incidents_next_number_and_its_first_version(
    incident: Incident, account: ConnectedAccount, bob: User
):
    first, second = (
        services.create_draft(incident.pk, title=" A\n title ", text=f"{TEXT}\r\n", by=bob, now=NOW)
        for _ in range(2)
    )

    assert [first.number, second.number] == [1, 2]
    assert first.title == "A title"
    version = second.versions.get()
    assert (version.number, version.text, version.editor) == (1, TEXT, bob)


def test_a_draft_is_told_on_the_timeline_and_in_the_audit_trail(draft: Draft):
    entry = TimelineEntry.objects.get()

    assert words(entry.kind, entry.params, actor=entry.actor.name) == (
        "Bob Berg started the draft “Holding statement”."
    )
    audited = AuditEntry.objects.get(action="draft.created")
    assert audited.subject == "CD-2026-014/1"


@pytest.mark.parametrize(("title", "text"), [("", TEXT), ("Title", " \n"), ("Title", "x" * 10_001)])
def test_nothing_to_say_or_far_too_much_is_refused(
    incident: Incident, bob: User, title: str, text: str
):
    with pytest.raises(Refused):
        services.create_draft(incident.pk, title=title, text=text, by=bob, now=NOW)
    assert not Draft.objects.exists()


def test_an_account_of_another_brand_cannot_be_chosen(incident: Incident, bob: User):
    foreign = AccountFactory.create()

    with pytest.raises(Refused, match="cannot be used"):
        services.create_draft(
            incident.pk, title="T", text=TEXT, by=bob, account_ids=[foreign.pk], now=NOW
        )
    assert not Draft.objects.exists()


def test_an_observer_writes_nothing(draft: Draft, olga: User):
    with pytest.raises(Forbidden):
        services.edit_draft(draft.pk, text="Other.", base_version=1, by=olga, now=NOW)
    with pytest.raises(Forbidden):
        services.submit(draft.pk, by=olga, now=NOW)


def test_a_new_text_makes_a_new_version_and_the_same_text_none(draft: Draft, bob: User):
    services.edit_draft(draft.pk, text=TEXT, base_version=1, title="New", by=bob, now=NOW)
    services.edit_draft(draft.pk, text="Changed.", base_version=1, by=bob, now=NOW)

    draft.refresh_from_db()
    assert (draft.title, draft.version) == ("New", 2)
    assert list(draft.versions.values_list("text", flat=True)) == ["Changed.", TEXT]


def test_saving_on_an_outdated_version_is_a_conflict_that_writes_nothing(
    draft: Draft, alice: User, bob: User
):
    services.edit_draft(draft.pk, text="Alice's.", base_version=1, by=alice, now=NOW)

    with pytest.raises(Conflict, match="version 2"):
        services.edit_draft(draft.pk, text="Bob's.", base_version=1, title="X", by=bob, now=NOW)

    draft.refresh_from_db()
    assert (draft.title, draft.version) == ("Holding statement", 2)


def test_submitting_calls_those_who_may_approve_and_never_the_writers(
    draft: Draft, alice: User, bob: User, charlie: User
):
    services.submit(draft.pk, by=bob, now=NOW)

    notice = Notice.objects.get()
    assert (notice.user, notice.kind, notice.urgency) == (
        alice,
        "responses.approval_wanted",
        Urgency.PAGE,
    )


def test_an_approver_who_changed_the_draft_is_not_called(draft: Draft, alice: User, bob: User):
    services.edit_draft(draft.pk, text="Alice's.", base_version=1, by=alice, now=NOW)

    services.submit(draft.pk, by=bob, now=NOW)

    assert not Notice.objects.exists()


def test_submitting_twice_calls_once(submitted: Draft, bob: User):
    services.submit(submitted.pk, by=bob, now=NOW + timedelta(seconds=5))

    assert Notice.objects.count() == 1


def test_a_draft_without_an_account_is_not_submitted(draft: Draft, bob: User):
    services.set_accounts(draft.pk, account_ids=[], by=bob, now=NOW)

    with pytest.raises(Refused, match="at least one account"):
        services.submit(draft.pk, by=bob, now=NOW)


def test_a_text_too_long_for_an_account_is_not_submitted(draft: Draft, bob: User):
    services.edit_draft(draft.pk, text="\u00e6" * 5_001, base_version=1, by=bob, now=NOW)

    with pytest.raises(Refused, match="5001 characters, at most 5000"):
        services.submit(draft.pk, by=bob, now=NOW)


def test_an_account_that_was_switched_off_is_not_submitted_to(
    draft: Draft, account: ConnectedAccount, bob: User
):
    ConnectedAccount.objects.update(is_active=False)

    with pytest.raises(Refused, match="switched off"):
        services.submit(draft.pk, by=bob, now=NOW)


def test_changing_an_approved_draft_loses_the_approval_and_calls_it_back(
    approved: Draft, bob: User
):
    services.edit_draft(approved.pk, text="Buy coffee!", base_version=1, by=bob, now=NOW)

    approved.refresh_from_db()
    assert approved.state == DraftState.WRITING
    assert Publication.objects.get().state == PublicationState.CANCELLED
    entry = TimelineEntry.objects.first()
    assert "The approval is lost" in words(entry.kind, entry.params, actor="Bob Berg")


def test_changing_a_submitted_draft_takes_it_back(submitted: Draft, bob: User):
    services.edit_draft(submitted.pk, text="Better.", base_version=1, by=bob, now=NOW)

    submitted.refresh_from_db()
    assert (submitted.state, submitted.submitted_at) == (DraftState.WRITING, None)


def test_other_accounts_need_a_new_approval_too(approved: Draft, brand: object, bob: User):
    second = AccountFactory.create(brand=brand)

    services.set_accounts(approved.pk, account_ids=[second.pk], by=bob, now=NOW)

    approved.refresh_from_db()
    assert (approved.state, approved.version) == (DraftState.WRITING, 2)
    assert Version.objects.filter(text=TEXT).count() == 2
    assert Publication.objects.get().state == PublicationState.CANCELLED


def test_a_dropped_draft_goes_nowhere(approved: Draft, bob: User):
    services.drop(approved.pk, by=bob, now=NOW)

    assert Publication.objects.get().state == PublicationState.CANCELLED
    with pytest.raises(Conflict, match="dropped"):
        services.edit_draft(approved.pk, text="Again.", base_version=1, by=bob, now=NOW)
    assert sha(approved) == sha(Draft.objects.get())
