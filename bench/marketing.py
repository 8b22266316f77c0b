"""Pausing marketing while fifty posts are on their way: how soon nothing more leaves."""

import multiprocessing
import time
from datetime import datetime, timedelta
from multiprocessing.queues import SimpleQueue
from multiprocessing.synchronize import Event

from django.db import connections
from django.urls import reverse
from django.utils import timezone

from accounts.enums import Role
from accounts.models import Brand, Membership, User
from connectors.base import Receipt
from connectors.models import ConnectedAccount
from connectors.outbox import Claim, Outbox
from core.clock import database_now
from marketing import services
from marketing.enums import PostState
from marketing.models import ScheduledPost
from marketing.sending import Posts

from .figures import Measured, figure

POSTS, WAITING = 50, 150
# A call takes so long before the simulated network has the post.
CALL = 0.5


FORK = multiprocessing.get_context("fork")


class Watched(Posts):
    """The real book on the simulated network, in an engine's process; tells ours when each call
    begins, and None when one ends."""

    def __init__(self) -> None:
        self.told: SimpleQueue[datetime | None] = FORK.SimpleQueue()
        self.begun: list[datetime] = []
        self.in_flight = 0

    def send(self, claim: Claim) -> Receipt:
        self.told.put(database_now())
        try:
            time.sleep(CALL)
            return super().send(claim)
        finally:
            self.told.put(None)

    def listen(self) -> None:
        """Take in what was told."""
        while not self.told.empty():
            at = self.told.get()
            self.in_flight += 1 if at else -1
            self.begun += [at] if at else []


def _planned() -> tuple[Brand, User]:
    """A brand with many due posts, each through an account of its own."""
    now = timezone.now()
    brand = Brand.objects.create(name="Paused", slug="paused")
    lead = User.objects.create_user("pause@bench.example", name="Lead")
    Membership.objects.create(user=lead, brand=brand, role=Role.LEAD)
    accounts = ConnectedAccount.objects.bulk_create(
        ConnectedAccount(
            brand=brand, network="simulator", name=f"p{number}", config={"world": "bench"}
        )
        for number in range(POSTS + WAITING)
    )
    ScheduledPost.objects.bulk_create(
        ScheduledPost(
            brand=brand, account=account, text="Sale.", at=now, send_at=now, created_at=now,
            idempotency_key=f"pause-{account.pk}",
        )
        for account in accounts
    )  # fmt: skip
    return brand, lead


@figure(
    "pause pressed to nothing more leaving, 50 posts in flight (limit: 1 s)",
    unit="s",
    must="<= 1",
    issue=5,
)
def pause_to_silence() -> Measured:
    """From pressing to the last call that began, or to the commit if that was later.

    Raises if a call began after the commit, or if nothing was in flight: then it measured nothing.
    """
    brand, lead = _planned()
    # A process that serves pages has its addresses loaded.
    reverse("marketing:calendar")
    book, stop = Watched(), FORK.Event()
    # A forked engine must not share our connection.
    connections.close_all()
    engine = FORK.Process(target=_engine, args=(book, stop))
    engine.start()
    _wait_for_flight(book)
    pressed = database_now()
    services.press(brand, services.Terms("Bench"), by=lead, now=pressed)
    committed = database_now()
    time.sleep(3 * CALL)
    stop.set()
    engine.join()
    book.listen()
    _check(book, pressed, committed)
    return Measured((max([*book.begun, committed]) - pressed) / timedelta(seconds=1), 1)


def _engine(book: Watched, stop: Event) -> None:
    outbox = Outbox(book, workers=POSTS)
    while not stop.wait(0.01):
        outbox.cycle()
    outbox.close()


def _wait_for_flight(book: Watched) -> None:
    deadline = time.monotonic() + 60
    while book.in_flight < POSTS:
        book.listen()
        if time.monotonic() > deadline:
            raise AssertionError(f"Only {book.in_flight} posts were on their way at once.")
        time.sleep(0.001)


def _check(book: Watched, pressed: datetime, committed: datetime) -> None:
    late = sum(at > committed for at in book.begun)
    if late:
        raise AssertionError(f"{late} posts left after the pause had committed.")
    held = ScheduledPost.objects.filter(state=PostState.HELD).count()
    if not held or not any(at < pressed for at in book.begun):
        raise AssertionError("The pause stopped nothing, or nothing was on its way.")
