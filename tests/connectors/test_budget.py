from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread

import pytest
from django.db import connection

from connectors import budget
from connectors.base import Quota
from connectors.models import Budget

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
RESET = NOW + timedelta(minutes=5)


def learn(left: int, *, limit: int = 100, resets_at: datetime | None = RESET) -> None:
    budget.learn("account:1", Quota(left, limit, resets_at), now=NOW)


def taken(times: int, now: datetime = NOW) -> int:
    return sum(budget.take("account:1", now=now) is None for _ in range(times))


def test_of_what_nothing_is_known_nothing_is_counted() -> None:
    assert taken(50) == 50
    assert not Budget.objects.exists()


def test_reading_leaves_a_fifth_to_publishing() -> None:
    learn(100)
    assert taken(200) == 80
    assert Budget.objects.get().left == 20
    assert budget.take("account:1", now=NOW) == RESET - NOW


def test_it_begins_anew_at_the_networks_time_and_no_earlier() -> None:
    learn(15)
    assert taken(1) == 0
    assert taken(1, RESET - timedelta(seconds=1)) == 0
    assert taken(200, RESET) == 80


def test_answers_that_overtake_each_other_give_nothing_back() -> None:
    learn(50)
    learn(60)
    assert Budget.objects.get().left == 50
    learn(99, resets_at=RESET + timedelta(minutes=5))
    assert Budget.objects.get().left == 99


def test_without_a_limit_the_most_that_was_left_is_it() -> None:
    learn(40, limit=0)
    learn(30, limit=0)
    found = Budget.objects.get()
    assert (found.left, found.limit) == (30, 40)
    assert taken(100) == 22


def test_a_network_that_names_no_end_begins_anew_after_a_while() -> None:
    learn(5, resets_at=None)
    assert taken(1) == 0
    assert taken(1, NOW + budget.WINDOW) == 1


def test_when_asked_to_stay_away_nobody_calls() -> None:
    learn(100)
    budget.hold("account:1", seconds=30, now=NOW)
    budget.hold("account:1", seconds=10, now=NOW)
    assert budget.take("account:1", now=NOW + timedelta(seconds=29)) == timedelta(seconds=1)
    assert taken(1, NOW + timedelta(seconds=30)) == 1


def test_a_hold_on_what_nothing_else_is_known_of_ends() -> None:
    budget.hold("account:1", seconds=30, now=NOW)
    assert taken(1) == 0
    assert taken(5, NOW + timedelta(seconds=30)) == 5


@pytest.mark.django_db(transaction=True)
def test_eight_workers_together_take_what_one_may() -> None:
    learn(100)
    got: list[int] = []
    ready = Barrier(8)

    def work() -> None:
        ready.wait()
        try:
            got.append(taken(30))
        finally:
            connection.close()

    threads = [Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(got) == 80
