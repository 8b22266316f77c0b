import threading
from collections.abc import Mapping
from typing import Any

import pytest
from django.db import connection as database

from accounts.models import Brand
from connectors import connections, credentials
from connectors.models import ConnectedAccount


@pytest.fixture
def account(brand: Brand) -> ConnectedAccount:
    made = ConnectedAccount.objects.create(brand=brand, network="bluesky", name="desk")
    credentials.store(made, {"token": 0})
    return made


def next_token(secrets: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"token": secrets["token"] + 1}


def test_a_connection_that_lives_long_renews_again_and_again(account: ConnectedAccount) -> None:
    connection = connections.of(account)
    assert [connection.renew(next_token)["token"] for _ in range(3)] == [1, 2, 3]
    account.refresh_from_db()
    assert credentials.load(account) == {"token": 3}


def test_what_another_has_renewed_is_taken_without_an_exchange(account: ConnectedAccount) -> None:
    mine, other = connections.of(account), connections.of(account)
    assert other.renew(next_token) == {"token": 1}
    assert mine.renew(next_token) == {"token": 1}
    assert mine.renew(next_token) == {"token": 2}


def test_an_exchange_that_fails_leaves_what_was_kept_and_holds_nobody_up(
    account: ConnectedAccount,
) -> None:
    def fail(_secrets: Mapping[str, Any]) -> Mapping[str, Any]:
        raise RuntimeError("no network")

    with pytest.raises(RuntimeError):
        connections.of(account).renew(fail)
    account.refresh_from_db()
    assert connections.of(account).renew(next_token) == {"token": 1}


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_one_exchanges(account: ConnectedAccount) -> None:
    exchanged, got = [], []
    together = threading.Barrier(4)

    def exchange(secrets: Mapping[str, Any]) -> Mapping[str, Any]:
        exchanged.append(1)
        return next_token(secrets)

    def renew() -> None:
        mine = connections.of(account)
        together.wait()
        got.append(mine.renew(exchange))
        database.close()

    threads = [threading.Thread(target=renew) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == [{"token": 1}] * 4
    assert len(exchanged) == 1
