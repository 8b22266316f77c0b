"""Scheduled posts go out once, on time, or say why not."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Brand, User
from connectors.models import ConnectedAccount, SimulatedPost
from core.errors import Conflict, Refused
from marketing import problems, services
from marketing.enums import Hold, PostState
from marketing.models import ScheduledPost
from marketing.selectors import publishing_accounts
from marketing.sending import OUTBOX, send_due
from marketing.services import Planned
from notifications.models import Notice
from responses.services.publications import RETRY_DELAYS
from tests.factories.connectors import AccountFactory

from .conftest import later

pytestmark = pytest.mark.django_db


def fail(how: str) -> None:
    for account in ConnectedAccount.objects.all():
        account.config["fail"] = how
        account.save(update_fields=["config"])


def test_what_is_due_goes_out_once(due: ScheduledPost):
    send_due()
    send_due()

    due.refresh_from_db()
    assert due.state == PostState.SENT
    assert [post.text for post in SimulatedPost.objects.all()] == ["Kaffe, som den skal smage."]


def test_nothing_goes_out_before_its_time(ahead: ScheduledPost):
    assert send_due() == 0
    assert not SimulatedPost.objects.exists()


def test_a_post_that_is_late_is_never_sent_by_itself(due: ScheduledPost, bob: User):
    """The engine stood still over its time: nobody wants the good-morning post at noon."""
    ScheduledPost.objects.update(at=later(-16), send_at=later(-16))

    send_due()

    due.refresh_from_db()
    assert (due.state, due.hold, due.pause) == (PostState.HELD, Hold.MISSED, None)
    assert problems.words(due.error).startswith("Its time had passed")
    assert Notice.objects.filter(user=bob, kind="marketing.missed").exists()
    assert not SimulatedPost.objects.exists()


def test_a_post_a_little_late_still_goes(due: ScheduledPost):
    """The control to the test above."""
    ScheduledPost.objects.update(at=later(-14), send_at=later(-14))

    send_due()

    assert SimulatedPost.objects.count() == 1


def test_what_surely_was_not_sent_is_tried_again_until_it_is_enough(due: ScheduledPost):
    fail("temporary")
    at = timezone.now()
    for _ in RETRY_DELAYS:
        send_due(now=at)
        due.refresh_from_db()
        assert due.state == PostState.QUEUED
        at = due.send_at

    send_due(now=at)

    due.refresh_from_db()
    assert (due.state, due.attempts) == (PostState.FAILED, len(RETRY_DELAYS) + 1)


def test_a_retry_under_a_pause_is_held(due: ScheduledPost, press):
    fail("temporary")
    send_due()
    fail("")
    press()

    send_due(now=later(1))

    due.refresh_from_db()
    assert due.state == PostState.HELD
    assert not SimulatedPost.objects.exists()


def test_a_lost_answer_is_shown_and_never_repeated(due: ScheduledPost, bob: User):
    fail("lost")
    send_due()
    fail("")
    for minutes in (1, 3, 11, 61):
        send_due(now=later(minutes))

    due.refresh_from_db()
    assert (due.state, due.attempts) == (PostState.UNCERTAIN, 1)
    assert not SimulatedPost.objects.exists()
    services.settle(due.pk, "failed", by=bob, now=timezone.now())
    due.refresh_from_db()
    assert due.state == PostState.FAILED
    with pytest.raises(Conflict, match="already settled"):
        services.settle(due.pk, "sent", by=bob, now=timezone.now())


def test_an_account_that_was_switched_off_sends_nothing(due: ScheduledPost):
    ConnectedAccount.objects.update(is_active=False)

    send_due()

    due.refresh_from_db()
    assert (due.state, due.error) == (PostState.FAILED, "account_inactive")


def test_a_dead_process_s_post_is_found_and_sent_once(due: ScheduledPost):
    [claim] = OUTBOX.claim_due(now=timezone.now(), limit=1)
    assert claim.row_id == due.pk

    send_due(now=timezone.now() + timedelta(seconds=31))
    send_due(now=timezone.now() + timedelta(seconds=40))

    due.refresh_from_db()
    assert due.state == PostState.SENT
    assert SimulatedPost.objects.count() == 1


def test_a_dead_process_s_post_is_held_where_marketing_was_paused_meanwhile(
    due: ScheduledPost, press
):
    OUTBOX.claim_due(now=timezone.now(), limit=1)
    press()

    send_due(now=timezone.now() + timedelta(seconds=31))
    send_due(now=timezone.now() + timedelta(seconds=40))

    due.refresh_from_db()
    assert due.state == PostState.HELD
    assert not SimulatedPost.objects.exists()


def test_the_statement_page_carries_no_marketing(
    brand: Brand, account: ConnectedAccount, bob: User
):
    page = AccountFactory.create(brand=brand, network="statement", name="Fjordkaffe")
    for account_id in (account.pk, None):
        services.plan(brand, Planned("Kaffe", later(60), account_id), by=bob, now=timezone.now())
    with pytest.raises(Refused, match="Nothing can be published through Fjordkaffe"):
        services.plan(brand, Planned("Kaffe", later(60), page.pk), by=bob, now=timezone.now())
    assert publishing_accounts([brand.pk]) == [account]
