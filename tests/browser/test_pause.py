"""The pause, pressed in a browser in the very second in which posts are due; then the resume gate.

The whole desk runs, its engine sends to a server here that writes down when each post came. When
the pause was committed is seen from outside: the first moment at which another connection reads it.
"""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import LazySettings
from django.conf.global_settings import PASSWORD_HASHERS
from django.db import connection
from django.utils import timezone
from playwright.sync_api import Browser, expect

from accounts.enums import Role
from accounts.models import Brand
from connectors import services as accounts
from connectors.models import ConnectedAccount
from marketing.enums import Chore, PostState
from marketing.models import Pause, ScheduledPost
from tests.browser.answering import member
from tests.browser.axe import violations
from tests.browser.living import DESKTOP, Seat, running, seat
from tests.core.live_rig import wait_until
from tests.crisisdesk.installation import Installation
from tests.factories.marketing import PostFactory
from tests.peer import Answer, Call, Peer, peer

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
ACCOUNTS, POSTS, APART = 4, 20, timedelta(seconds=0.2)
# When the button is pressed, after the post in the middle is due: the engine looks once a second,
# and is met before, at and after its look.
OFFSETS = (-0.3, 0.0, 0.4)


@dataclass
class Arrivals:
    """What came to the brand's own system, and when, by its text."""

    server: Peer
    at: dict[str, list[datetime]] = field(default_factory=dict)

    def take(self, call: Call) -> Answer:
        now = datetime.now(UTC)
        self.at.setdefault(json.loads(call.body)["text"], []).append(now)
        return Answer(json.dumps({"id": str(len(self.at))}).encode())


@pytest.fixture
def arrivals() -> Iterator[Arrivals]:
    with peer() as server:
        found = Arrivals(server)
        server.answers["/"] = found.take
        yield found


@dataclass
class Desk:
    """A brand with accounts at the server, and its lead at a browser."""

    brand: Brand
    installation: Installation
    lead: Seat
    arrivals: Arrivals

    def go(self, path: str) -> None:
        self.lead.page.goto(f"http://127.0.0.1:{self.installation.port}{path}")


@pytest.fixture
def desk(
    browser: Browser, brand: Brand, arrivals: Arrivals, settings: LazySettings
) -> Iterator[Desk]:
    settings.PASSWORD_HASHERS = PASSWORD_HASHERS
    chief = member(brand, "Karen Krogh", Role.ADMINISTRATOR, "en")
    lead = member(brand, "Alice Andersen", Role.LEAD, "en")
    for number in range(ACCOUNTS):
        url = {"url": arrivals.server.url + "/"}
        accounts.connect(brand, "outbound_webhook", name=f"Site {number}", values=url, by=chief)
    with (
        running(OUTBOUND_ALLOW="127.0.0.1") as installation,
        seat(browser, installation, lead, viewport=DESKTOP) as at,
    ):
        yield Desk(brand, installation, at, arrivals)


@contextmanager
def committed() -> Iterator[list[datetime]]:
    """Watch for a pause; afterwards the list holds when another connection could first see it."""
    seen: list[datetime] = []
    known, over = Pause.objects.count(), threading.Event()

    def watch() -> None:
        while not over.is_set() and Pause.objects.count() == known:
            time.sleep(0.002)
        seen.append(datetime.now(UTC))
        connection.close()

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield seen
    finally:
        over.set()
        watcher.join()


def planned(brand: Brand, first: datetime) -> list[ScheduledPost]:
    """Posts all around the moment, a fifth of a second apart, through all accounts in turn."""
    channels = list(ConnectedAccount.objects.filter(brand=brand).order_by("pk"))
    return [
        PostFactory.create(account=channels[number % ACCOUNTS], at=first + number * APART)
        for number in range(POSTS)
    ]


def pressed(desk: Desk, offset: float) -> tuple[Pause, list[ScheduledPost], datetime]:
    """Press the pause `offset` seconds after the post in the middle is due."""
    page = desk.lead.page
    desk.go("/calendar/pause/")
    page.locator("#id_reason").fill("Plastik i kaffen")
    button = page.get_by_role("button", name="Pause now", exact=True)
    button.scroll_into_view_if_needed()
    posts = planned(desk.brand, timezone.now() + timedelta(seconds=1))
    due = posts[POSTS // 2].at
    with committed() as seen:
        time.sleep(max(0.0, (due - timezone.now()).total_seconds() + offset))
        button.click()
        page.wait_for_url("**/calendar/pauses/*/")
    return Pause.objects.latest("pk"), posts, seen[0]


def settled(posts: list[ScheduledPost]) -> dict[str, ScheduledPost]:
    """The posts as they stand once all are due and none is on its way, by text."""
    rows = ScheduledPost.objects.filter(pk__in=[post.pk for post in posts])
    wait_until(lambda: timezone.now() > posts[-1].at + timedelta(seconds=2))
    wait_until(lambda: not rows.filter(state__in=[PostState.SENDING, PostState.QUEUED]).exists())
    return {post.text: post for post in rows}


@pytest.mark.timeout(240)
def test_a_post_due_in_the_second_of_the_pause_is_held_and_goes_on_by_a_decision_alone(
    desk: Desk,
) -> None:
    sent, held = 0, []
    for offset in OFFSETS:
        pause, posts, commit = pressed(desk, offset)
        found = settled(posts)
        held = nothing_left_after(pause, found, commit, desk.arrivals)
        sent += len(found) - len(held)
        same_second = [post for post in held if post.at.replace(microsecond=0) == second(commit)]
        assert same_second, "posts were due in that very second"
        it_is_shown(desk, pause, held)
        if offset != OFFSETS[-1]:
            desk.lead.page.get_by_role("button", name="Let marketing go on").click()
            expect(desk.lead.page.get_by_text("over", exact=True)).to_be_visible()
    # It was a race: the engine did send what was due before.
    assert sent
    the_gate_lets_go_of_what_is_decided(desk, held)


def second(moment: datetime) -> datetime:
    return moment.replace(microsecond=0)


def nothing_left_after(
    pause: Pause, posts: dict[str, ScheduledPost], commit: datetime, arrivals: Arrivals
) -> list[ScheduledPost]:
    """Each post is out once, before the commit, or held and never out; return those held."""
    underway = pause.checklist.filter(chore=Chore.UNDERWAY).values_list("post", flat=True)
    for text, post in posts.items():
        times = arrivals.at.get(text, [])
        if post.state == PostState.SENT:
            # A call that was under way for longer than the pause may wait is named by it.
            assert len(times) == 1
            assert times[0] <= commit or post.pk in underway, (times[0] - commit, post)
        else:
            assert (post.state, post.pause_id, times) == (PostState.HELD, pause.pk, [])
        if post.at > commit:
            assert post.state == PostState.HELD
    return [post for post in posts.values() if post.state == PostState.HELD]


def it_is_shown(desk: Desk, pause: Pause, held: list[ScheduledPost]) -> None:
    page = desk.lead.page
    desk.go(f"/calendar/pauses/{pause.pk}/")
    rows = page.locator("#pause-held .gate-rows > li")
    expect(rows).to_have_count(len(held))
    assert violations(page) == []
    desk.go(f"/calendar/posts/{held[0].pk}/")
    expect(page.locator("main")).to_contain_text("Held by a pause: Plastik i kaffen")
    expect(page.get_by_text("Marketing of Fjordkaffe is paused")).to_be_visible()
    desk.go(f"/calendar/pauses/{pause.pk}/")


def the_gate_lets_go_of_what_is_decided(desk: Desk, held: list[ScheduledPost]) -> None:
    """One is kept, one changed, one dropped, the others left: then the pause is ended."""
    page = desk.lead.page
    kept, changed, dropped, *left = held

    def row(post: ScheduledPost):
        return page.locator("#pause-held li", has_text=post.text)

    for post in (kept, changed):
        row(post).locator("summary").click()
        if post == changed:
            row(post).locator("textarea").fill("We listen to you")
        row(post).get_by_role("button", name="Keep it so").click()
    expect(page.locator("#pause-held .pill-green")).to_have_count(2)
    row(dropped).get_by_role("button", name="Drop it").click()
    expect(page.locator("#pause-held .gate-rows > li")).to_have_count(len(left) + 2)
    before = dict(desk.arrivals.at)
    page.get_by_role("button", name="Let marketing go on").click()
    expect(page.get_by_text("over", exact=True)).to_be_visible()

    decided = ScheduledPost.objects.filter(pk__in=[kept.pk, changed.pk])
    assert {post.state for post in decided} == {PostState.QUEUED}
    assert all(post.send_at > timezone.now() for post in decided)
    # Their new time comes.
    decided.update(send_at=timezone.now())
    wait_until(lambda: not decided.exclude(state=PostState.SENT).exists())
    new = set(desk.arrivals.at) - set(before)
    assert new == {kept.text, "We listen to you"}
    states = ScheduledPost.objects.filter(pk__in=[post.pk for post in left])
    assert set(states.values_list("state", flat=True)) == {PostState.HELD}
    dropped.refresh_from_db()
    assert dropped.state == PostState.DROPPED
