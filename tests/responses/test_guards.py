"""What the database refuses, tried with raw SQL: nobody gets past it by avoiding the services."""

from collections.abc import Callable

import pytest
from django.db import IntegrityError, connection, transaction

from responses.enums import DraftState, PublicationState, Verdict
from responses.models import Approval, Publication, Version
from responses.states import MOVES
from tests.factories.accounts import UserFactory
from tests.factories.connectors import AccountFactory
from tests.factories.responses import (
    ApprovalFactory,
    DraftFactory,
    PublicationFactory,
    VersionFactory,
    approved_version,
)

pytestmark = pytest.mark.django_db


def refused_by(constraint: str, sql: str, *values: object) -> None:
    """Run raw SQL and expect the named guard to refuse it."""
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        execute(sql, *values)
    assert caught.value.__cause__.diag.constraint_name == constraint


def execute(sql: str, *values: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


def approve_raw(version: Version, user_id: int, sha256: str | None = None) -> tuple[object, ...]:
    return (
        "INSERT INTO responses_approval (version_id, approver_id, verdict, sha256, comment, at)"
        " VALUES (%s, %s, 'APPROVED', %s, '', now())",
        version.pk,
        user_id,
        sha256 or version.sha256,
    )


def queue_raw(version: Version, account_id: int, sha256: str, state: str) -> tuple[object, ...]:
    return (
        "INSERT INTO responses_publication (version_id, account_id, state, sha256,"
        " idempotency_key, reply_to, publish_at, attempts, external_id, url, error, created_at)"
        " VALUES (%s, %s, %s, %s, 'raw', '', now(), 0, '', '', '', now())",
        version.pk,
        account_id,
        state,
        sha256,
    )


def test_the_author_cannot_approve():
    draft = DraftFactory.create()

    refused_by("four_eyes", *approve_raw(draft.versions.get(), draft.author_id))

    execute(*approve_raw(draft.versions.get(), UserFactory.create().pk))
    assert Approval.objects.count() == 1


def test_an_editor_of_any_version_cannot_approve_a_later_one():
    draft = DraftFactory.create()
    editor = UserFactory.create()
    VersionFactory.create(draft=draft, number=2, text="Changed.", editor=editor)
    third = VersionFactory.create(draft=draft, number=3, text="Changed again.")

    refused_by("four_eyes", *approve_raw(third, editor.pk))


def test_an_approval_cannot_be_turned_into_the_authors():
    approval = ApprovalFactory.create()
    author = approval.version.draft.author_id

    refused_by("approval_is_bound", "UPDATE responses_approval SET approver_id = %s", author)


def test_an_approval_carries_its_versions_digest():
    version = DraftFactory.create().versions.get()

    refused_by("approval_digest", *approve_raw(version, UserFactory.create().pk, "0" * 64))


def test_a_version_is_never_changed():
    version = DraftFactory.create().versions.get()

    refused_by("version_is_final", "UPDATE responses_version SET text = 'Buy our oats!'")
    refused_by("version_is_final", "UPDATE responses_version SET sha256 = %s", "0" * 64)
    refused_by("version_is_final", "UPDATE responses_version SET editor_id = NULL")

    assert Version.objects.get() == version


def test_a_version_carries_the_digest_of_its_own_text():
    draft = DraftFactory.create()

    with pytest.raises(IntegrityError, match="digest is not of this text"):
        VersionFactory.create(draft=draft, number=2, text="Ærligt", sha256="0" * 64)


def test_a_version_cannot_slip_in_before_the_latest():
    draft = DraftFactory.create()
    VersionFactory.create(draft=draft, number=3)

    with pytest.raises(IntegrityError, match="comes after"):
        VersionFactory.create(draft=draft, number=2)


@pytest.mark.parametrize("state", ["QUEUED", "SENDING", "SENT"])
def test_nothing_is_queued_without_an_approval(state: str):
    version = DraftFactory.create(state=DraftState.APPROVED).versions.get()
    account = AccountFactory.create(brand=version.draft.incident.brand)

    refused_by("approved_bytes_only", *queue_raw(version, account.pk, version.sha256, state))

    ApprovalFactory.create(version=version)
    execute(*queue_raw(version, account.pk, version.sha256, "QUEUED"))
    assert Publication.objects.count() == 1


def test_other_bytes_than_the_versions_are_not_queued():
    version = approved_version()
    account = AccountFactory.create(brand=version.draft.incident.brand)

    refused_by("approved_bytes_only", *queue_raw(version, account.pk, "0" * 64, "QUEUED"))


def newer_version(publication: Publication) -> None:
    VersionFactory.create(draft=publication.version.draft, number=2, text="Not approved.")


def approval_gone(publication: Publication) -> None:
    execute("DELETE FROM responses_approval")


def changes_asked(publication: Publication) -> None:
    Approval.objects.update(verdict=Verdict.CHANGES)


def draft_dropped(publication: Publication) -> None:
    execute("UPDATE responses_draft SET state = 'DROPPED'")


@pytest.mark.parametrize("spoil", [newer_version, approval_gone, changes_asked, draft_dropped])
def test_nothing_goes_out_once_the_approval_has_fallen(spoil: Callable[[Publication], None]):
    publication = PublicationFactory.create()
    with transaction.atomic():
        savepoint = transaction.savepoint()
        execute("UPDATE responses_publication SET state = 'SENDING'")
        transaction.savepoint_rollback(savepoint)

    spoil(publication)

    refused_by("approved_bytes_only", "UPDATE responses_publication SET state = 'SENDING'")


def test_what_a_publication_says_and_where_is_never_changed():
    publication = PublicationFactory.create()
    other = AccountFactory.create(brand=publication.version.draft.incident.brand)

    refused_by("publication_is_bound", "UPDATE responses_publication SET sha256 = %s", "0" * 64)
    refused_by("publication_is_bound", "UPDATE responses_publication SET account_id = %s", other.pk)
    refused_by("publication_is_bound", "UPDATE responses_publication SET reply_to = '7'")


def test_an_account_of_another_brand_can_neither_be_chosen_nor_published_through():
    version = approved_version()
    foreign = AccountFactory.create()

    refused_by(
        "account_of_the_brand",
        "INSERT INTO responses_draft_accounts (draft_id, connectedaccount_id) VALUES (%s, %s)",
        version.draft_id,
        foreign.pk,
    )
    refused_by("account_of_the_brand", *queue_raw(version, foreign.pk, version.sha256, "QUEUED"))


def test_a_draft_goes_out_once_through_an_account_whichever_version():
    first = PublicationFactory.create()
    for state in ("SENDING", "SENT"):
        execute("UPDATE responses_publication SET state = %s", state)
    second = VersionFactory.create(draft=first.version.draft, number=2, text="Better words.")
    ApprovalFactory.create(version=second)

    refused_by("once_an_account", *queue_raw(second, first.account_id, second.sha256, "QUEUED"))


@pytest.mark.parametrize("before", PublicationState)
@pytest.mark.parametrize("after", PublicationState)
def test_only_the_listed_moves_are_possible(before: str, after: str):
    publication = PublicationFactory.create()
    execute("SET CONSTRAINTS ALL IMMEDIATE")
    execute("ALTER TABLE responses_publication DISABLE TRIGGER USER")
    execute("UPDATE responses_publication SET state = %s", before)
    execute("ALTER TABLE responses_publication ENABLE TRIGGER USER")

    if before == after or after in MOVES[PublicationState(before)]:
        execute("UPDATE responses_publication SET state = %s", after)
        publication.refresh_from_db()
        assert publication.state == after
    else:
        refused_by("publication_moves", "UPDATE responses_publication SET state = %s", after)
