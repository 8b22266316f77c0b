"""What people saw is asked after once a day, of networks that do not tell of deletions."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils.translation import gettext_noop as _

from accounts.models import Brand, User
from connectors.base import Batch, Can, Post, Quota, ReadError, Unauthorized
from connectors.network import Network
from connectors.registry import NETWORKS
from monitoring.models import Mention, ShownMention, Source
from monitoring.services import looking, showing
from tests.factories.monitoring import SourceFactory, mention

SignIn = Callable[[User], Client]
NOW = datetime.now(UTC)
DAY = timedelta(days=1)


class Register:
    """A network that knows which posts are gone, and remembers what it was asked."""

    def __init__(self) -> None:
        self.gone: set[str] = set()
        self.edits: list[Post] = []
        self.error: Exception | None = None
        self.quota: Quota | None = None
        self.asked: list[list[str]] = []

    def look_up(self, external_ids: list[str], *, now: datetime) -> Batch:
        self.asked.append(sorted(external_ids))
        if self.error:
            raise self.error
        gone = [each for each in external_ids if each in self.gone]
        return Batch(self.edits, {}, gone=gone, quota=self.quota)


@pytest.fixture
def register(monkeypatch: pytest.MonkeyPatch) -> Register:
    given = Register()
    network = Network(
        label="Register", icon="robot", can=Can.LOOK_UP,
        reader=lambda _connection, _wanted: None,  # type: ignore[arg-type, return-value]
        looker=lambda _connection, _wanted: given,
    )  # fmt: skip
    monkeypatch.setitem(NETWORKS, "register", network)
    return given


@pytest.fixture
def source(brand: Brand, register: Register) -> Source:
    return SourceFactory.create(brand=brand, kind="register", config={}, cursor={"at": 7})


def said(source: Source, number: int, **fields: Any) -> Mention:
    return mention(
        source.brand, source_id=source.pk, external_id=str(number), text=f"Text {number}",
        published_at=NOW - timedelta(hours=1), **fields,
    )  # fmt: skip


def enter(source: Source, *found: Mention) -> None:
    """Enter the keys, as ingest would have."""
    from monitoring.models import SeenMention
    from monitoring.rows import key_of

    for each in found:
        key = key_of(source.pk, each.external_id)
        SeenMention.objects.create(key=key.hex(), published_at=each.published_at)


def test_what_pages_and_the_api_show_is_remembered_and_nothing_else(
    source: Source, bob: User, signed_in: SignIn
) -> None:
    shown = said(source, 1)
    other = SourceFactory.create(brand=source.brand)
    mention(source.brand, source_id=other.pk, published_at=NOW)
    assert looking.due(now=NOW + 2 * DAY) == []
    signed_in(bob).get("/mentions/")
    assert [each.mention_id for each in ShownMention.objects.all()] == [shown.pk]
    late = said(source, 2)
    signed_in(bob).get(f"/api/v1/mentions/{late.pk}/")
    assert ShownMention.objects.count() == 2


def test_showing_again_writes_nothing(source: Source, django_assert_num_queries: Any) -> None:
    shown = said(source, 1)
    showing.note([shown], now=NOW)
    with django_assert_num_queries(0):
        showing.note([shown], now=NOW + timedelta(minutes=5))
    with django_assert_num_queries(1):
        showing.note([shown], now=NOW + timedelta(hours=2))


def test_once_a_day_for_a_week(source: Source, register: Register) -> None:
    showing.note([said(source, 1)], now=NOW)
    assert looking.due(now=NOW + DAY - timedelta(minutes=1)) == []
    for day in range(1, 9):
        now = NOW + day * DAY
        for pk in looking.due(now=now):
            looking.look_up(pk, now=now)
            looking.look_up(pk, now=now)
    assert register.asked == [["1"]] * 6
    assert looking.forget(now=NOW + 8 * DAY) == 1


def test_what_is_gone_there_goes_here_and_the_place_of_reading_stays(
    source: Source, register: Register
) -> None:
    kept, lost = said(source, 1), said(source, 2)
    enter(source, kept, lost)
    showing.note([kept, lost], now=NOW)
    register.gone = {"2"}
    edited = NOW + timedelta(hours=2)
    register.edits = [Post("1", "Edited since", published_at=kept.published_at, edited_at=edited)]
    assert looking.look_up(source.pk, now=NOW + DAY) == 1
    texts = dict(Mention.objects.values_list("external_id", "text"))
    assert texts == {"1": "Edited since", "2": ""}
    source.refresh_from_db()
    assert source.cursor == {"at": 7}
    looking.look_up(source.pk, now=NOW + 2 * DAY)
    assert register.asked[-1] == ["1"]


def test_a_network_that_does_not_answer_is_asked_again_soon(
    source: Source, register: Register
) -> None:
    showing.note([said(source, 1)], now=NOW)
    register.error = ReadError(_("Busy."))
    looking.look_up(source.pk, now=NOW + DAY)
    assert looking.due(now=NOW + DAY + timedelta(minutes=59)) == []
    assert looking.due(now=NOW + DAY + looking.AGAIN) == [source.pk]
    assert Mention.objects.get().text == "Text 1"
    register.error = Unauthorized(_("No."))
    looking.look_up(source.pk, now=NOW + DAY + looking.AGAIN)
    source.refresh_from_db()
    assert source.stopped_at is not None
    assert looking.due(now=NOW + 3 * DAY) == []


def test_it_stays_within_what_is_left_to_reading(
    source: Source, register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking, "BATCH", 2)
    showing.note([said(source, n) for n in range(10)], now=NOW)
    later = NOW + DAY
    register.quota = Quota(2, 10, later + timedelta(hours=1))
    looking.look_up(source.pk, now=later)
    assert len(register.asked) == 1
    register.quota = None
    looking.look_up(source.pk, now=later + timedelta(hours=1))
    assert sum(len(each) for each in register.asked) == 10


def test_where_each_is_a_call_by_itself_few_are_asked_after_at_once(
    source: Source, register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    network = replace(NETWORKS["register"], looked_up_a_minute=3)
    monkeypatch.setitem(NETWORKS, "register", network)
    rows = [said(source, n) for n in range(8)]
    enter(source, *rows)
    showing.note(rows, now=NOW - 2 * DAY)
    for _minute in range(3):
        looking.look_up(source.pk, now=NOW)
    assert [len(asked) for asked in register.asked] == [3, 3, 2]
