"""Pausing and sending at the same moment, with real threads and a network that tells its time."""

import threading
import time
from datetime import datetime

import pytest
from django.db import transaction
from django.utils import timezone

from accounts.models import Brand, User
from connectors.base import Receipt
from connectors.models import ConnectedAccount
from connectors.outbox import Claim, Outbox
from core.clock import database_now
from core.errors import Conflict
from marketing import gate, services
from marketing.enums import Chore, PostState
from marketing.models import Pause, ScheduledPost
from marketing.sending import Posts
from marketing.services import outcome
from tests.factories.connectors import AccountFactory
from tests.factories.marketing import PostFactory
from tests.threads import together

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 25
POSTS = 6


class Timed(Posts):
    """Notes when each call begins, by the database's clock, and takes a while over it."""

    def __init__(self, takes: float = 0.0) -> None:
        self.takes = takes
        self.begun: list[datetime] = []
        self.done: list[datetime] = []

    def send(self, claim: Claim) -> Receipt:
        self.begun.append(database_now())
        time.sleep(self.takes)
        self.done.append(database_now())
        return Receipt(str(claim.row_id))


class Naive(Timed):
    """The control: the pause is asked in the claim alone, as a simple scheduler would."""

    def may_send(self, claim: Claim):
        from contextlib import nullcontext

        time.sleep(0.02)
        return nullcontext(True)


def race(brand: Brand, alice: User, book: Timed, wait: float) -> tuple[int, datetime]:
    """Send what is due and press the pause meanwhile; return how many calls began after the
    commit, and when that was."""
    accounts = list(ConnectedAccount.objects.filter(brand=brand))
    for account in accounts:
        PostFactory.create(account=account)
    outbox = Outbox(book, workers=POSTS)
    committed: list[datetime] = []
    ready = threading.Barrier(2)

    def send() -> None:
        ready.wait()
        for _ in range(3):
            outbox.cycle()
        outbox.close()

    def press() -> None:
        ready.wait()
        time.sleep(wait)
        services.press(brand, services.Terms("Now"), by=alice, now=timezone.now())
        committed.append(database_now())

    together(send, press)
    return sum(at > committed[0] for at in book.begun), committed[0]


@pytest.fixture
def accounts(brand: Brand) -> list[ConnectedAccount]:
    return [AccountFactory.create(brand=brand) for _ in range(POSTS)]


def again(brand: Brand) -> None:
    ScheduledPost.objects.all().delete()
    Pause.objects.all().delete()


def test_no_call_begins_after_the_pause_is_committed(brand: Brand, alice: User, accounts):
    sent, wait = [], 0.05
    for _ in range(ROUNDS):
        book = Timed()
        late, _at = race(brand, alice, book, wait)
        assert late == 0
        sent.append(len(book.begun))
        wait = wait * 1.5 if len(book.begun) < POSTS / 2 else wait * 0.6
        states = set(ScheduledPost.objects.values_list("state", flat=True))
        assert states <= {PostState.SENT, PostState.HELD}
        again(brand)
    # The race was one: sometimes the pause was quicker, sometimes the posts.
    assert 0 < sum(sent) < ROUNDS * POSTS


def test_the_same_race_catches_a_scheduler_that_asks_only_when_it_claims(
    brand: Brand, alice: User, accounts
):
    wait = 0.05
    for _ in range(ROUNDS * 2):
        book = Naive()
        late, _at = race(brand, alice, book, wait)
        if late:
            return
        wait = wait * 1.5 if len(book.begun) < POSTS / 2 else wait * 0.6
        again(brand)
    pytest.fail("Fifty naive races and nothing left after the pause: the race is none.")


def test_a_network_that_hangs_holds_the_pause_up_less_than_a_second_and_is_told_by_name(
    brand: Brand, alice: User, accounts
):
    book = Timed(takes=3.0)
    first = PostFactory.create(account=accounts[0])
    outbox = Outbox(book, workers=2)
    outbox.cycle()
    deadline = time.monotonic() + 20
    while not book.begun and time.monotonic() < deadline:
        time.sleep(0.01)
    assert book.begun

    began = time.monotonic()
    pause = services.press(brand, services.Terms("Now"), by=alice, now=timezone.now())
    took = time.monotonic() - began

    assert not book.done
    assert took < 2.0
    assert [item.post for item in pause.checklist.filter(chore=Chore.UNDERWAY)] == [first]
    outbox.close()
    first.refresh_from_db()
    assert first.state == PostState.SENT


def test_while_a_pause_waits_for_the_gate_nobody_else_gets_in(brand: Brand):
    order: list[str] = []
    holding, leave = threading.Event(), threading.Event()

    def sender() -> None:
        with gate.inside(brand.pk):
            holding.set()
            leave.wait(10)
            order.append("first out")

    def pauser() -> None:
        holding.wait(10)
        with transaction.atomic():
            threading.Timer(0.2, leave.set).start()
            assert gate.close(brand.pk)
            order.append("closed")
            time.sleep(0.3)
            order.append("committing")

    def latecomer() -> None:
        leave.wait(10)
        with gate.inside(brand.pk):
            order.append("second in")

    together(sender, pauser, latecomer)

    assert order.index("second in") > order.index("committing") or order[0] == "second in"
    assert order.index("closed") > order.index("first out")


def test_two_who_press_at_once_make_one_pause(brand: Brand, alice: User, accounts):
    refused: list[Conflict] = []

    def press() -> None:
        try:
            services.press(brand, services.Terms("Now"), by=alice, now=timezone.now())
        except Conflict as conflict:
            refused.append(conflict)

    together(*[press] * 4)

    assert (Pause.objects.count(), len(refused)) == (1, 3)


def test_the_last_word_holds_what_a_pause_covers(brand: Brand, alice: User, accounts):
    post = PostFactory.create(account=accounts[0], state=PostState.SENDING, attempts=1)
    assert outcome.hold_if_paused(post.pk, 1) is False
    services.press(brand, services.Terms("Now"), by=alice, now=timezone.now())

    assert outcome.hold_if_paused(post.pk, 1) is True
