"""The outbox worker, one call at a time: what goes out, and the three ways in which it does not."""

from datetime import datetime, timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from accounts.enums import Role
from accounts.models import Membership, User
from connectors.models import ConnectedAccount, SimulatedPost
from connectors.outbox import STALE_AFTER
from core.errors import Conflict, Forbidden
from incidents.entries import words
from incidents.models import Incident, TimelineEntry
from notifications.models import Notice, Urgency
from responses import problems, services
from responses.enums import DraftState, PublicationState
from responses.models import Draft, Publication
from responses.publishing import claim_due, deliver, publish_due
from responses.services.publications import RETRY_DELAYS
from tests.factories.connectors import AccountFactory
from tests.factories.responses import approved_version

from .conftest import sha

pytestmark = pytest.mark.django_db


def later(seconds: float) -> datetime:
    return timezone.now() + timedelta(seconds=seconds)


def fail(how: str) -> None:
    """Tell the simulated network to fail in this way; "" to work again."""
    for account in ConnectedAccount.objects.all():
        account.config["fail"] = how
        account.save(update_fields=["config"])


def told() -> str:
    """The latest line of the timeline, in words."""
    entry = TimelineEntry.objects.first()
    return words(entry.kind, entry.params, actor=str(entry.actor or ""))


def test_exactly_the_approved_bytes_go_out(
    incident: Incident, account: ConnectedAccount, alice: User, bob: User
):
    text = "Undskyld — 👩‍👩‍👧 «æøå»\n\n  indrykket\tog e\u0301"
    draft = services.create_draft(
        incident.pk, title="T", text=text, by=bob, account_ids=[account.pk], now=timezone.now()
    )
    services.submit(draft.pk, by=bob, now=timezone.now())
    services.approve(draft.pk, by=alice, sha256=sha(draft), now=timezone.now())

    publish_due(now=later(11))

    assert SimulatedPost.objects.get().text.encode() == text.encode()


def test_what_went_out_is_told_everywhere(due: Publication, bob: User):
    assert publish_due() == 1

    due.refresh_from_db()
    post = SimulatedPost.objects.get()
    assert (due.state, due.external_id, due.attempts) == (PublicationState.SENT, str(post.pk), 1)
    assert Draft.objects.get().state == DraftState.PUBLISHED
    assert Incident.objects.get().responded_at == due.sent_at
    assert Notice.objects.filter(user=bob, kind="responses.sent").exists()
    assert told() == "“Holding statement” went out through @fjordkaffe."


def test_nothing_leaves_within_the_undo_window(approved: Draft):
    assert publish_due(now=approved.approved_at + timedelta(seconds=9.9)) == 0
    assert not SimulatedPost.objects.exists()

    assert publish_due(now=approved.approved_at + timedelta(seconds=10)) == 1


def test_what_is_refused_for_good_is_shown_and_not_repeated(due: Publication, bob: User):
    fail("permanent")

    publish_due()
    publish_due(now=later(3600))

    due.refresh_from_db()
    assert (due.state, due.attempts) == (PublicationState.FAILED, 1)
    assert "refuses this" in due.error
    assert "did not go out through @fjordkaffe" in told()
    notice = Notice.objects.get(user=bob, kind="responses.failed")
    assert notice.urgency == Urgency.PAGE


def test_what_surely_was_not_sent_is_tried_again_until_it_is_enough(due: Publication):
    fail("temporary")

    waits = []
    at = timezone.now()
    for _ in RETRY_DELAYS:
        publish_due(now=at)
        due.refresh_from_db()
        assert due.state == PublicationState.QUEUED
        waits.append(round((due.publish_at - timezone.now()).total_seconds()))
        at = due.publish_at
    publish_due(now=at)

    due.refresh_from_db()
    assert waits == list(RETRY_DELAYS)
    assert (due.state, due.attempts) == (PublicationState.FAILED, len(RETRY_DELAYS) + 1)


def test_a_temporary_failure_that_passes_leaves_one_post(due: Publication):
    fail("temporary")
    publish_due()
    fail("")

    publish_due(now=later(3))

    assert SimulatedPost.objects.count() == 1
    assert Publication.objects.get().state == PublicationState.SENT


def test_a_failed_one_is_sent_again_by_a_person(due: Publication, bob: User, olga: User):
    fail("permanent")
    publish_due()
    fail("")
    with pytest.raises(Forbidden):
        services.retry(due.pk, by=olga, now=timezone.now())

    services.retry(due.pk, by=bob, now=timezone.now())
    publish_due()

    assert SimulatedPost.objects.count() == 1
    assert Draft.objects.get().state == DraftState.PUBLISHED


def test_a_lost_answer_is_settled_by_finding_the_post(due: Publication):
    fail("uncertain")

    publish_due()

    due.refresh_from_db()
    assert due.state == PublicationState.SENT
    assert due.external_id == str(SimulatedPost.objects.get().pk)


@pytest.fixture
def unsure(due: Publication) -> Publication:
    """The network gave no answer and does not show the post."""
    fail("lost")
    publish_due()
    fail("")
    due.refresh_from_db()
    assert due.state == PublicationState.UNCERTAIN
    return due


def test_what_is_unsure_is_shown_at_once_to_all_who_may_settle_it(
    unsure: Publication, alice: User, bob: User
):
    notices = Notice.objects.filter(kind="responses.uncertain", urgency=Urgency.PAGE)
    assert {notice.user for notice in notices} == {alice, bob}
    assert "Somebody has to look" in told()


def test_what_is_unsure_is_never_sent_again_by_a_machine(unsure: Publication):
    for seconds in (31, 121, 601, 3601, 90_000):
        publish_due(now=later(seconds))

    unsure.refresh_from_db()
    assert (unsure.state, unsure.attempts) == (PublicationState.UNCERTAIN, 1)
    assert problems.words(unsure.error).startswith("The network does not show it")
    assert not SimulatedPost.objects.exists()


def test_a_post_that_turns_up_later_settles_it(unsure: Publication):
    SimulatedPost.objects.create(
        world="test",
        author="@fjordkaffe",
        text="…",
        appears_at=timezone.now(),
        idempotency_key=unsure.idempotency_key,
    )

    publish_due(now=later(31))

    assert Publication.objects.get().state == PublicationState.SENT


def test_a_person_who_saw_it_settles_it(unsure: Publication, bob: User):
    services.settle(unsure.pk, "sent", by=bob, url="https://x.example/7", now=timezone.now())

    unsure.refresh_from_db()
    assert (unsure.state, unsure.url) == (PublicationState.SENT, "https://x.example/7")
    assert Incident.objects.get().responded_at == unsure.sending_since
    assert told() == "Bob Berg looked: “Holding statement” is out through @fjordkaffe."
    with pytest.raises(Conflict, match="already settled"):
        services.settle(unsure.pk, "failed", by=bob, now=timezone.now())


def test_a_person_who_did_not_see_it_may_send_it_again_and_it_is_out_once(
    unsure: Publication, bob: User
):
    services.settle(unsure.pk, "failed", by=bob, now=timezone.now())
    services.retry(unsure.pk, by=bob, now=timezone.now())

    publish_due()

    assert SimulatedPost.objects.count() == 1
    assert Publication.objects.get().state == PublicationState.SENT


def test_who_may_not_publish_does_not_settle(unsure: Publication, olga: User):
    with pytest.raises(Forbidden):
        services.settle(unsure.pk, "sent", by=olga, now=timezone.now())


def test_a_late_proof_counts_and_a_late_failure_does_not(unsure: Publication, bob: User):
    services.settle(unsure.pk, "failed", by=bob, now=timezone.now())
    services.retry(unsure.pk, by=bob, now=timezone.now())
    [second] = claim_due(now=timezone.now(), limit=1)
    from connectors.base import Receipt
    from responses.services import publications as outcome

    stale = outcome.record_failed(unsure.pk, 1, "late", now=timezone.now())
    proof = outcome.record_sent(unsure.pk, 2, Receipt("7"), now=timezone.now())

    assert (stale, proof, second.attempt) == (False, True, 2)
    assert Publication.objects.get().state == PublicationState.SENT


def test_whoever_lost_the_right_to_approve_has_not_approved(due: Publication, alice: User):
    Membership.objects.filter(user=alice).update(role=Role.OBSERVER)

    publish_due()

    due.refresh_from_db()
    assert due.state == PublicationState.CANCELLED
    assert Draft.objects.get().state == DraftState.SUBMITTED
    assert "no longer stands" in told()
    assert not SimulatedPost.objects.exists()


def test_an_account_that_was_switched_off_sends_nothing(due: Publication):
    ConnectedAccount.objects.update(is_active=False)

    publish_due()

    due.refresh_from_db()
    assert due.state == PublicationState.FAILED
    assert problems.words(due.error) == (
        "The account is switched off. Switch it on, then try again."
    )
    assert not SimulatedPost.objects.exists()


def test_an_account_that_moved_to_another_brand_sends_nothing(
    due: Publication, other_brand: object
):
    ConnectedAccount.objects.update(brand=other_brand)

    publish_due()

    due.refresh_from_db()
    assert (due.state, due.error) == (PublicationState.FAILED, "account_foreign")
    assert not SimulatedPost.objects.exists()


def test_an_account_without_its_settings_fails_with_words(due: Publication):
    ConnectedAccount.objects.update(config={})

    publish_due()

    assert Publication.objects.get().state == PublicationState.FAILED
    assert "lacks the setting" in Publication.objects.get().error


def test_a_claim_that_waited_too_long_is_not_sent_but_looked_for(
    due: Publication, monkeypatch: pytest.MonkeyPatch
):
    [claim] = claim_due(now=timezone.now(), limit=1)
    monkeypatch.setattr("connectors.outbox.CLAIM_GRACE", -1.0)
    deliver(claim)
    assert not SimulatedPost.objects.exists()
    monkeypatch.undo()

    publish_due(now=later(1) + STALE_AFTER)
    publish_due(now=later(5) + STALE_AFTER)

    assert SimulatedPost.objects.count() == 1
    assert Publication.objects.get().state == PublicationState.SENT


def test_a_row_that_breaks_its_claim_holds_up_nobody_else(due: Publication):
    version = approved_version()
    other = Publication.objects.create(
        version=version,
        account=AccountFactory.create(brand=version.draft.incident.brand),
        sha256=version.sha256,
        idempotency_key="other",
        publish_at=timezone.now(),
        created_at=timezone.now(),
    )
    Membership.objects.create(
        user=version.approvals.get().approver,
        brand=version.draft.incident.brand,
        role=Role.APPROVER,
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION 'disk on fire'; END $$"
        )
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(
            "CREATE TRIGGER broken BEFORE UPDATE ON responses_publication FOR EACH ROW"
            f" WHEN (NEW.id = {due.pk} AND NEW.state = 'SENDING') EXECUTE FUNCTION broken()"
        )

    assert publish_due() == 1

    other.refresh_from_db()
    due.refresh_from_db()
    assert other.state == PublicationState.SENT
    assert (due.state, due.attempts) == (PublicationState.QUEUED, 0)
    assert due.publish_at > later(50)


def test_three_of_five_accounts_are_shown_as_they_are_and_can_be_finished_or_withdrawn(
    draft: Draft, alice: User, bob: User
):
    brand = draft.incident.brand
    accounts = [
        AccountFactory.create(brand=brand, config={"world": "five", "fail": how})
        for how in ("", "permanent", "", "lost", "")
    ]
    services.set_accounts(
        draft.pk, account_ids=[each.pk for each in accounts], by=bob, now=timezone.now()
    )
    services.submit(draft.pk, by=bob, now=timezone.now())
    services.approve(draft.pk, by=alice, sha256=sha(draft), now=timezone.now())

    publish_due(now=later(11))

    states = [Publication.objects.get(account=each).state for each in accounts]
    assert states == ["SENT", "FAILED", "SENT", "UNCERTAIN", "SENT"]
    draft.refresh_from_db()
    assert draft.state == DraftState.APPROVED

    failed, unsure = (Publication.objects.get(account=accounts[at]) for at in (1, 3))
    services.withdraw(failed.pk, by=bob, now=timezone.now())
    services.settle(unsure.pk, "sent", by=bob, now=timezone.now())
    draft.refresh_from_db()
    assert draft.state == DraftState.PUBLISHED


def test_what_waited_in_a_restored_copy_is_looked_for_before_it_is_published(
    due: Publication,
) -> None:
    """It may have gone out since the backup was made."""
    call_command("hold", stdout=StringIO())
    call_command("hold", "--end", stdout=StringIO())
    due.refresh_from_db()
    assert (due.state, SimulatedPost.objects.count()) == (PublicationState.SENDING, 0)
    publish_due(now=timezone.now())
    publish_due(now=timezone.now() + timedelta(seconds=10))
    due.refresh_from_db()
    assert (due.state, SimulatedPost.objects.count()) == (PublicationState.SENT, 1)
    said = StringIO()
    call_command("hold", "--end", stdout=said)
    assert said.getvalue() == "It was not held.\n"
