"""Lists that come newest first: order of reading, gaps, what a list that was cut means."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.base import Batch, Post, Quota, ReadError
from connectors.boards import Listing, follow
from connectors.rest import Declined
from connectors.walking import MOST_OPEN, Page, Walk, in_turn

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


class List:
    """Items a second apart, named by their number; pages of ten."""

    def __init__(self, count: int, *, until: datetime = NOW) -> None:
        self.items = [(n, until - timedelta(seconds=count - n)) for n in range(count)]
        self.asked: list[str] = []
        self.lost: set[str] = set()
        self.window = 10_000

    def add(self, count: int, *, until: datetime) -> None:
        first = len(self.items)
        self.items += [(first + n, until - timedelta(seconds=count - n)) for n in range(count)]

    def page(self, _name: str, token: str, _floor: datetime) -> Page:
        self.asked.append(token)
        if token in self.lost:
            raise Declined("no such page")
        shown = list(reversed(self.items))[: self.window]
        start = next((i for i, (n, _at) in enumerate(shown) if str(n) == token), 0)
        found = shown[start : start + 10]
        after = shown[start + 10 : start + 11]
        return Page(
            [Post(external_id=str(n), text="x", published_at=at) for n, at in found],
            [at for _n, at in found],
            next=str(after[0][0]) if after else "",
            cut=not after and self.window < len(self.items),
        )


def numbers(batch: Batch) -> list[int]:
    return [int(post.external_id) for post in batch.posts]


def test_what_is_new_is_read_before_what_is_left_of_a_backlog() -> None:
    served = List(300)
    walk, cursor = Walk(), {}
    for _round in range(3):
        batch = walk.fetch(cursor, ["a"], served.page, now=NOW)
        cursor = batch.cursor
    assert numbers(batch)[0] == 279
    later = NOW + timedelta(minutes=1)
    served.add(5, until=later)
    batch = walk.fetch(cursor, ["a"], served.page, now=later)
    assert numbers(batch)[0] == 304
    kept = set(numbers(batch)) | set(range(270, 300))
    while batch.more:
        batch = walk.fetch(batch.cursor, ["a"], served.page, now=later)
        kept |= set(numbers(batch))
    assert kept == set(range(305))


def test_lists_take_turns_so_that_a_loud_one_does_not_keep_a_quiet_one_waiting() -> None:
    loud, quiet = List(200), List(5)
    asked: list[str] = []

    def page(name: str, token: str, floor: datetime) -> Page:
        asked.append(name)
        return (loud if name == "loud" else quiet).page(name, token, floor)

    cursor: dict[str, Any] = {}
    for _round in range(4):
        cursor = Walk().fetch(cursor, ["loud", "quiet"], page, now=NOW).cursor
    assert asked == ["loud", "quiet", "loud", "loud"]


def test_a_storm_that_never_lets_a_walk_end_does_not_grow_the_cursor() -> None:
    """Each minute brings more pages than are read in it; all of it is still on the list to do."""
    served = List(100)
    walk, cursor, now = Walk(), {}, NOW
    kept: set[int] = set()
    for _minute in range(40):
        for _round in range(2):
            batch = walk.fetch(cursor, ["a"], served.page, now=now)
            cursor = batch.cursor
            kept |= set(numbers(batch))
        now += timedelta(minutes=1)
        served.add(35, until=now)
    assert len(cursor["places"]["a"]["open"]) <= MOST_OPEN
    for _round in range(500):
        batch = walk.fetch(cursor, ["a"], served.page, now=now)
        cursor = batch.cursor
        kept |= set(numbers(batch))
        if not batch.more:
            break
    assert kept == {n for n, _at in served.items}


def test_a_pinned_item_at_the_top_does_not_end_the_walk() -> None:
    served = List(30)
    pinned = Post(external_id="pinned", text="x")

    def page(name: str, token: str, floor: datetime) -> Page:
        found = served.page(name, token, floor)
        if token:
            return found
        old = NOW - timedelta(days=400)
        return Page([pinned, *found.posts], [old, *found.marks], next=found.next)

    batch = Walk().fetch({}, ["a"], page, now=NOW)
    assert batch.more


def test_a_time_in_the_future_does_not_blind_the_next_walk() -> None:
    served = List(3)
    served.items.append((99, NOW + timedelta(days=900)))
    batch = Walk().fetch({}, ["a"], served.page, now=NOW)
    later = NOW + timedelta(minutes=5)
    served.items.insert(0, (7, later - timedelta(seconds=1)))
    served.items.sort(key=lambda item: item[1])
    assert 7 in numbers(Walk().fetch(batch.cursor, ["a"], served.page, now=later))


def test_a_list_that_shows_only_its_newest_says_what_may_be_missing() -> None:
    served = List(5)
    walk = Walk(overlap=timedelta(0))
    cursor = walk.fetch({}, ["a"], served.page, now=NOW).cursor
    served.window = 20
    later = NOW + timedelta(minutes=5)
    served.add(100, until=later)
    batch = walk.fetch(cursor, ["a"], served.page, now=later)
    batch = walk.fetch(batch.cursor, ["a"], served.page, now=later)
    assert not batch.more
    assert len(batch.refused) == 1


def test_nothing_left_of_the_quota_ends_the_poll_and_says_until_when() -> None:
    served = List(50)
    ends = NOW + timedelta(minutes=9)

    def page(name: str, token: str, floor: datetime) -> Page:
        found = served.page(name, token, floor)
        return Page(found.posts, found.marks, next=found.next, quota=Quota(0, 100, ends))

    batch = Walk().fetch({}, ["a"], page, now=NOW)
    assert (batch.more, batch.wait) == (False, 540.0)
    batch = Walk().fetch(batch.cursor, ["a"], served.page, now=ends)
    assert numbers(batch)[0] == 49
    assert Walk().fetch(batch.cursor, ["a"], served.page, now=ends).posts


def test_ways_of_reading_take_turns_until_each_is_done() -> None:
    asked: list[str] = []

    def part(name: str, rounds: int) -> Any:
        def fetch(cursor: dict[str, Any]) -> Batch:
            asked.append(name)
            done = cursor.get("n", 0) + 1
            return Batch([], {"n": done % rounds}, more=done < rounds)

        return fetch

    parts = {"a": part("a", 3), "b": part("b", 1)}
    cursor: dict[str, Any] = {}
    more = True
    while more:
        batch = in_turn(cursor, parts, now=NOW)
        cursor, more = batch.cursor, batch.more
    assert asked == ["a", "b", "a", "a"]
    assert in_turn(cursor, parts, now=NOW).more


def test_only_posts_whose_number_of_comments_changed_are_read() -> None:
    counts = {"p1": 3, "p2": 0, "p3": 5}
    asked: list[str] = []

    def comments(board: str, _token: str, _floor: datetime) -> Page:
        asked.append(board)
        return Page([Post(external_id=f"{board}-{len(asked)}", text="x")], [NOW])

    def drain(cursor: dict[str, Any], now: datetime) -> dict[str, Any]:
        more = True
        while more:
            batch = follow(cursor, lambda: Listing(list(counts.items())), comments, now=now)
            cursor, more = batch.cursor, batch.more
        return cursor

    cursor = drain({}, NOW)
    assert asked == ["p1", "p3"]
    cursor = drain(cursor, NOW + timedelta(minutes=5))
    assert asked == ["p1", "p3"]
    counts["p3"], counts["p2"] = 6, 1
    cursor = drain(cursor, NOW + timedelta(minutes=10))
    assert asked == ["p1", "p3", "p2", "p3"]
    del counts["p1"]
    cursor = drain(cursor, NOW + timedelta(minutes=15))
    assert set(cursor["boards"]) == {"p2", "p3"}


def test_a_post_taken_down_meanwhile_is_passed_over() -> None:
    def comments(_board: str, _token: str, _floor: datetime) -> Page:
        raise Declined("no such post")

    cursor = follow({}, lambda: Listing([("p1", 2)]), comments, now=NOW).cursor
    batch = follow(cursor, lambda: Listing([]), comments, now=NOW)
    assert (batch.posts, batch.more) == ([], False)


def test_a_source_that_names_nothing_says_so() -> None:
    with pytest.raises(ReadError, match="Nothing is chosen"):
        Walk().fetch({}, [], List(1).page, now=NOW)
