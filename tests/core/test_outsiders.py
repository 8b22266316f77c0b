"""Callers without an account: counted together by every process, and alone without Redis."""

from collections.abc import Iterator

import pytest
from django.conf import LazySettings
from django.core.cache import cache
from django.test import RequestFactory

from core import outsiders
from core.live_sender import connect
from tests.outsiders import forget_calls

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nobody_called() -> Iterator[None]:
    forget_calls()
    cache.clear()
    outsiders.client.cache_clear()
    yield
    outsiders.client.cache_clear()


def calls(times: int, address: str = "192.0.2.1", door: str = "answers") -> list[bool]:
    request = RequestFactory().get("/", REMOTE_ADDR=address)
    return [outsiders.too_many(request, door, most=3) for _ in range(times)]


def test_an_address_is_held_up_at_one_door_and_no_other_is() -> None:
    assert calls(5) == [False, False, False, True, True]
    assert calls(1, address="192.0.2.2") == [False]
    assert calls(1, door="statement") == [False]


def test_another_process_counts_along_and_the_minute_is_not_made_longer() -> None:
    calls(1)
    other = connect()
    [key] = other.scan_iter(match=f"{outsiders.prefix()}*")
    other.expire(key, 7)
    other.incr(key, 2)
    assert calls(1) == [True]
    assert 0 < other.ttl(key) <= 7


def test_without_redis_each_process_counts_for_itself(settings: LazySettings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    assert calls(5) == [False, False, False, True, True]
