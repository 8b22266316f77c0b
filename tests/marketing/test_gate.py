"""The resume gate: nothing that was held ever sends itself."""

from datetime import timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from accounts.models import User
from connectors.models import ConnectedAccount, SimulatedPost
from core.errors import Conflict, Forbidden, Refused
from marketing import services
from marketing.enums import PostState
from marketing.models import Pause, ScheduledPost
from marketing.sending import send_due
from marketing.services.deciding import next_free
from tests.factories.marketing import PostFactory

from .conftest import later

pytestmark = pytest.mark.django_db


@pytest.fixture
def pause(due: ScheduledPost, ahead: ScheduledPost, press) -> Pause:
    return press()


def state(post: ScheduledPost) -> str:
    post.refresh_from_db()
    return post.state


def test_when_the_pause_ends_nothing_starts_by_itself(
    pause: Pause, due: ScheduledPost, ahead: ScheduledPost, alice: User
):
    services.end(pause.pk, by=alice, now=timezone.now())

    for minutes in (0, 1, 60, 24 * 60 + 1, 48 * 60):
        send_due(now=later(minutes))

    assert (state(due), state(ahead)) == (PostState.HELD, PostState.HELD)
    assert not SimulatedPost.objects.exists()


def test_what_was_kept_goes_out_at_its_new_time_and_not_before_the_end(
    pause: Pause, due: ScheduledPost, ahead: ScheduledPost, alice: User
):
    at = later(120)
    services.keep(due.pk, by=alice, now=timezone.now(), at=at, text="Changed words.")
    send_due(now=later(121))
    assert state(due) == PostState.HELD

    services.end(pause.pk, by=alice, now=timezone.now())
    send_due(now=later(119))
    assert state(due) == PostState.QUEUED
    send_due(now=later(121))

    assert (state(due), state(ahead)) == (PostState.SENT, PostState.HELD)
    assert SimulatedPost.objects.get().text == "Changed words."


def test_what_was_kept_for_a_time_that_has_passed_by_the_end_waits_again(
    pause: Pause, due: ScheduledPost, alice: User
):
    services.keep(due.pk, by=alice, now=timezone.now(), at=later(20))

    services.end(pause.pk, by=alice, now=later(30))
    send_due(now=later(31))

    due.refresh_from_db()
    assert (due.state, due.is_kept) == (PostState.HELD, False)
    assert not SimulatedPost.objects.exists()


def test_a_post_that_another_pause_covers_stays_held(
    pause: Pause, ahead: ScheduledPost, alice: User, press
):
    other = press("Only this channel", networks=["simulator"])
    services.keep(ahead.pk, by=alice, now=timezone.now(), at=ahead.at)

    services.end(pause.pk, by=alice, now=timezone.now())

    ahead.refresh_from_db()
    assert (ahead.state, ahead.pause, ahead.is_kept) == (PostState.HELD, other, True)


def test_one_decides_and_another_takes_over_first(pause: Pause, due: ScheduledPost, bob: User):
    with pytest.raises(Conflict, match="Alice Andersen decides"):
        services.let_drop(due.pk, by=bob, now=timezone.now())

    services.take_over(pause.pk, by=bob, now=timezone.now())
    services.let_drop(due.pk, by=bob, now=timezone.now())

    assert state(due) == PostState.DROPPED
    with pytest.raises(Conflict, match="not held any more"):
        services.keep(due.pk, by=bob, now=timezone.now())


def test_who_may_not_plan_decides_nothing(pause: Pause, due: ScheduledPost, olga: User):
    with pytest.raises(Forbidden):
        services.keep(due.pk, by=olga, now=timezone.now())


def test_posts_of_an_account_are_spaced_out(
    account: ConnectedAccount, alice: User, bob: User, press
):
    posts = [PostFactory.create(account=account, author=bob) for _ in range(4)]
    press(gap=45)

    now = timezone.now()
    for post in posts:
        services.keep(post.pk, by=alice, now=now)

    times = sorted(ScheduledPost.objects.values_list("at", flat=True))
    assert times[0] >= now + timedelta(minutes=10)
    gaps = [after - before for before, after in pairwise(times)]
    assert gaps == [timedelta(minutes=45)] * 3


def test_a_time_too_close_to_another_post_is_refused_with_the_next_free_one(
    pause: Pause, due: ScheduledPost, ahead: ScheduledPost, alice: User
):
    services.keep(ahead.pk, by=alice, now=timezone.now(), at=ahead.at)

    with pytest.raises(Refused, match="closer than 30 minutes"):
        services.keep(due.pk, by=alice, now=timezone.now(), at=ahead.at + timedelta(minutes=29))
    services.keep(due.pk, by=alice, now=timezone.now(), at=ahead.at + timedelta(minutes=30))


def test_the_time_that_is_offered_is_taken_when_it_comes_back_in_minutes(
    pause: Pause, due: ScheduledPost, alice: User
):
    PostFactory.create(account=due.account, state=PostState.SENT, sent_at=timezone.now())
    ahead = PostFactory.create(account=due.account, at=later(25))
    for post in (due, ahead):
        ScheduledPost.objects.filter(pk=post.pk).update(
            state=PostState.HELD, hold="PAUSED", pause=pause
        )
        post.refresh_from_db()
        offered = next_free(post, now=timezone.now())
        assert offered == offered.replace(second=0, microsecond=0)
        services.keep(post.pk, by=alice, now=timezone.now(), at=offered)


def test_the_refusal_names_a_time_in_the_brands_hours(
    pause: Pause, due: ScheduledPost, ahead: ScheduledPost, alice: User
):
    due.brand.time_zone = "Asia/Tokyo"
    due.brand.save()
    services.keep(ahead.pk, by=alice, now=timezone.now(), at=ahead.at)
    free = timezone.localtime(ahead.at + timedelta(minutes=31), ZoneInfo("Asia/Tokyo"))

    with pytest.raises(Refused, match=f"Free from .*{free:%H:%M}\\.$"):
        services.keep(due.pk, by=alice, now=timezone.now(), at=ahead.at)


def test_a_time_that_has_passed_is_refused(pause: Pause, due: ScheduledPost, alice: User):
    with pytest.raises(Refused, match="has passed"):
        services.keep(due.pk, by=alice, now=timezone.now(), at=later(-1))


def test_all_that_is_ahead_is_kept_in_one_step_save_what_was_marked(
    pause: Pause, due: ScheduledPost, ahead: ScheduledPost, alice: User, account: ConnectedAccount
):
    marked = PostFactory.create(
        account=account, at=later(600), state=PostState.HELD, hold="PAUSED", pause=pause
    )

    assert services.keep_ahead(pause.pk, by=alice, now=timezone.now(), but=[marked.pk]) == 1

    kept = ScheduledPost.objects.filter(is_kept=True)
    assert list(kept) == [ahead]


def test_a_decision_is_taken_back_as_long_as_it_is_held(
    pause: Pause, ahead: ScheduledPost, alice: User
):
    services.keep(ahead.pk, by=alice, now=timezone.now(), at=ahead.at)
    services.undecide(ahead.pk, by=alice, now=timezone.now())

    services.end(pause.pk, by=alice, now=timezone.now())

    assert state(ahead) == PostState.HELD
