"""What every network is held to: subclass, give a `script` fixture, and these run as your tests.

A script is the network played by a server on loopback: it keeps posts, can be told to fail, and
makes readers and publishers as a process that has just started would. See bluesky_server.py.
"""

import json
import random
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import pytest

from connectors.base import (
    Batch,
    LookUp,
    Message,
    PermanentError,
    Post,
    Publisher,
    PublishError,
    Reader,
    ReadError,
    Receipt,
    Retractor,
    TemporaryError,
    Unauthorized,
    UncertainError,
)
from monitoring import rows

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
# When a publication was queued: the same for every attempt at it.
QUEUED = datetime.now(UTC) - timedelta(minutes=1)
# Posts a fetch where a test wants many fetches.
FEW = 30
# Texts that broke somebody before.
POISON = [
    "NUL \0 inside",
    "bell \x07 and escape \x1b[31m",
    "half a pair \ud83d here",
    "right to left \u202egnp.exe",
    "<script>alert(1)</script> &amp; <b>bold</b>",
    "{{ 7*7 }} %(name)s {0} ${x}",
    "Zalgo z̷̢̛̼a̴̡͝l̵̰̓g̸̦̈ȏ̶͜",
    "👩🏻‍❤️‍💋‍👨🏿" * 40,
    "long " * 20_000,
    "=cmd|'/c calc'!A1",
    "line\r\nbreaks\u2028and\u2029more\x85",
]
# Times that were claimed once: the future, long ago, none.
CLAIMED = ["2031-01-01T00:00:00Z", "1985-10-26T01:21:00Z", "0001-01-01T00:00:00+14:00", "soon", ""]


class Faults(Protocol):
    """How a script is told to fail; each for the next `times` calls that are not signing in."""

    def fail(
        self, status: int, headers: Mapping[str, str] | None = None, *, times: int = 1
    ) -> None: ...

    def talk_nonsense(self, *, times: int = 1) -> None:
        """Answer 200 with something that is no answer."""

    def cut(self, *, times: int = 1) -> None:
        """Break the line in the middle of an answer."""

    def expire(self) -> None:
        """The token in use no longer counts; it can be renewed."""

    def revoke(self) -> None:
        """Nothing that is stored counts any more."""


class ReaderScript(Faults, Protocol):
    def reader(self) -> Reader: ...

    def put(self, text: str, *, at: datetime | str) -> str:
        """Publish as a stranger; return the external id."""

    def forget_pages(self) -> None:
        """Marks of pages that were given out are no longer known (where there are any)."""


class LookUpScript(Faults, Protocol):
    def looker(self) -> LookUp: ...

    def put(self, text: str, *, at: datetime | str) -> str: ...

    def edit(self, external_id: str, text: str) -> None: ...

    def delete(self, external_id: str) -> None: ...


class PublisherScript(Faults, Protocol):
    def publisher(self) -> Publisher: ...

    def retractor(self) -> Retractor: ...

    def lose_answers(self, *, keeps: bool, status: int = 0, times: int = 1) -> None:
        """The next writes are kept (or not), and answered by `status`, or by breaking the line."""

    def published(self) -> list[str]:
        """The texts that are out."""

    def vanish(self) -> None:
        """Nobody listens any more."""


def again(cursor: dict[str, Any]) -> dict[str, Any]:
    """Return the cursor as the database gives it back."""
    kept: dict[str, Any] = json.loads(json.dumps(cursor))
    assert "\\u0000" not in json.dumps(kept)
    return kept


def read_on(
    reader: Reader, cursor: dict[str, Any], *, now: datetime = NOW, limit: int = 500
) -> tuple[list[Post], dict[str, Any]]:
    """Poll once, to the end."""
    posts: list[Post] = []
    for _round in range(60):
        batch = reader.fetch(cursor, now=now, limit=limit)
        posts += batch.posts
        cursor = again(batch.cursor)
        if not batch.more:
            return posts, cursor
    raise AssertionError("a poll that never ends")


def ids(posts: list[Post]) -> set[str]:
    return {post.external_id for post in posts}


class ReaderConformance:
    """Needs a `script: ReaderScript` fixture. `pages` posts take several pages to read."""

    pages = 250
    # What the network's own words for "in N seconds" are.
    wait_header: Mapping[str, str] = {"Retry-After": "17"}

    def fill(self, script: ReaderScript, count: int, *, until: datetime = NOW) -> set[str]:
        return {
            script.put(f"coffee number {n}", at=until - timedelta(seconds=2 * (count - n)))
            for n in range(count)
        }

    def test_everything_is_read_once_then_only_what_is_new(self, script: ReaderScript) -> None:
        written = self.fill(script, self.pages)
        posts, cursor = read_on(script.reader(), {})
        assert ids(posts) == written
        # Where pages meet, one may come twice: ingest knows it.
        assert len(posts) <= len(written) * 1.1
        later = NOW + timedelta(minutes=5)
        fresh = script.put("coffee, fresh", at=later - timedelta(seconds=1))
        posts, _cursor = read_on(script.reader(), cursor, now=later)
        assert ids(posts) - written == {fresh}

    def test_a_failure_between_pages_keeps_what_was_read(self, script: ReaderScript) -> None:
        written = self.fill(script, self.pages)
        kept: set[str] = set()
        cursor: dict[str, Any] = {}
        failures = 0
        for _round in range(60):
            script.fail(503)
            try:
                batch = script.reader().fetch(cursor, now=NOW)
            except ReadError:
                failures += 1
                batch = script.reader().fetch(cursor, now=NOW, limit=FEW)
            kept |= ids(batch.posts)
            cursor = again(batch.cursor)
            if not batch.more:
                break
        assert failures
        assert kept == written

    def test_reading_again_without_news_changes_nothing(self, script: ReaderScript) -> None:
        written = self.fill(script, 5)
        _posts, cursor = read_on(script.reader(), {})
        posts, cursor = read_on(script.reader(), cursor, now=NOW + timedelta(minutes=1))
        assert ids(posts) <= written
        posts, _cursor = read_on(script.reader(), cursor, now=NOW + timedelta(minutes=2))
        assert ids(posts) <= written

    def test_nothing_there_is_no_failure(self, script: ReaderScript) -> None:
        assert read_on(script.reader(), {})[0] == []

    @pytest.mark.parametrize("seed", range(5))
    def test_a_process_that_dies_anywhere_leaves_no_gap(
        self, script: ReaderScript, seed: int
    ) -> None:
        """What was fetched is lost with its cursor; meanwhile the world goes on."""
        chance = random.Random(seed)
        written = self.fill(script, self.pages)
        kept: set[str] = set()
        cursor: dict[str, Any] = {}
        now = NOW
        for poll in range(25):
            now += timedelta(seconds=30)
            written.add(script.put(f"coffee, poll {poll}", at=now - timedelta(seconds=3)))
            for _round in range(chance.randrange(1, 4)):
                batch = script.reader().fetch(cursor, now=now, limit=FEW)
                if chance.random() < 0.4:
                    break
                kept |= ids(batch.posts)
                cursor = again(batch.cursor)
        posts, _cursor = read_on(script.reader(), cursor, now=now + timedelta(seconds=30))
        assert kept | ids(posts) == written

    def test_what_is_said_while_pages_are_turned_is_not_missed(self, script: ReaderScript) -> None:
        written = self.fill(script, self.pages)
        kept: set[str] = set()
        cursor: dict[str, Any] = {}
        more = True
        while more:
            batch = script.reader().fetch(cursor, now=NOW, limit=FEW)
            written.add(script.put(f"coffee at {len(kept)}", at=NOW + timedelta(seconds=len(kept))))
            kept |= ids(batch.posts)
            cursor, more = again(batch.cursor), batch.more
        posts, _cursor = read_on(script.reader(), cursor, now=NOW + timedelta(minutes=10))
        assert kept | ids(posts) == written

    def test_a_page_that_the_server_forgot_leaves_no_gap(self, script: ReaderScript) -> None:
        written = self.fill(script, self.pages)
        batch = script.reader().fetch({}, now=NOW, limit=FEW)
        script.forget_pages()
        posts, _cursor = read_on(script.reader(), again(batch.cursor))
        assert ids(batch.posts) | ids(posts) == written

    def test_too_many_calls_are_answered_by_waiting_as_told(self, script: ReaderScript) -> None:
        written = self.fill(script, 3)
        script.fail(429, self.wait_header)
        with pytest.raises(ReadError) as refusal:
            script.reader().fetch({}, now=NOW)
        assert refusal.value.retry_after == pytest.approx(17, abs=2)
        assert str(refusal.value)
        assert ids(read_on(script.reader(), {})[0]) == written

    @pytest.mark.parametrize("status", [500, 502, 503, 504])
    def test_a_server_out_of_order_is_a_read_error(self, script: ReaderScript, status: int) -> None:
        written = self.fill(script, 3)
        script.fail(status)
        with pytest.raises(ReadError) as failure:
            script.reader().fetch({}, now=NOW)
        assert not isinstance(failure.value, Unauthorized)
        assert ids(read_on(script.reader(), {})[0]) == written

    def test_nonsense_and_broken_lines_are_read_errors(self, script: ReaderScript) -> None:
        written = self.fill(script, 3)
        for break_it in (script.talk_nonsense, script.cut):
            break_it()
            with pytest.raises(ReadError):
                script.reader().fetch({}, now=NOW)
        assert ids(read_on(script.reader(), {})[0]) == written

    def test_a_token_that_ended_is_renewed_on_the_way(self, script: ReaderScript) -> None:
        written = self.fill(script, self.pages)
        batch = script.reader().fetch({}, now=NOW, limit=FEW)
        script.expire()
        posts, _cursor = read_on(script.reader(), again(batch.cursor))
        assert ids(batch.posts) | ids(posts) == written

    def test_credentials_that_no_longer_count_ask_for_somebody(self, script: ReaderScript) -> None:
        self.fill(script, 3)
        script.revoke()
        with pytest.raises(Unauthorized) as refusal:
            script.reader().fetch({}, now=NOW)
        assert str(refusal.value)

    def test_poisoned_texts_and_dates_come_through_and_can_be_kept(
        self, script: ReaderScript
    ) -> None:
        written = {script.put(f"coffee {text}", at=NOW - timedelta(minutes=1)) for text in POISON}
        for claimed in CLAIMED:
            script.put("coffee of an odd time", at=claimed)
        posts, _cursor = read_on(script.reader(), {})
        assert written <= ids(posts)
        kept, refused, _mended = rows.prepare(posts, source_id=1, network="x", now=NOW)
        assert (len(kept), refused) == (len(posts), [])
        for row in kept:
            assert "\0" not in row.text
            row.text.encode()
            assert row.published_at <= NOW


class LookUpConformance:
    """Needs a `script: LookUpScript` fixture."""

    def look(self, script: LookUpScript, external_ids: list[str]) -> Batch:
        return script.looker().look_up(external_ids, now=NOW)

    def test_what_is_there_is_told_and_what_is_gone_too(self, script: LookUpScript) -> None:
        here, gone = (script.put(text, at=NOW) for text in ("stays", "goes"))
        assert self.look(script, [here, gone]).gone == []
        script.delete(gone)
        batch = self.look(script, [here, gone])
        assert ([post.text for post in batch.posts], batch.gone) == (["stays"], [gone])

    def test_an_edit_is_seen(self, script: LookUpScript) -> None:
        edited = script.put("before", at=NOW)
        script.edit(edited, "after")
        assert [post.text for post in self.look(script, [edited]).posts] == ["after"]

    def test_many_at_once_are_looked_up(self, script: LookUpScript) -> None:
        written = [script.put(f"number {n}", at=NOW) for n in range(60)]
        assert ids(self.look(script, written).posts) == set(written)

    @pytest.mark.parametrize("status", [429, 500, 503])
    def test_a_failure_calls_nothing_gone(self, script: LookUpScript, status: int) -> None:
        there = script.put("stays", at=NOW)
        script.fail(status)
        with pytest.raises(ReadError):
            self.look(script, [there])


class PublisherConformance:
    """Needs a `script: PublisherScript` fixture. Whatever happens, a text is out once or not."""

    wait_header: Mapping[str, str] = {"Retry-After": "17"}
    too_long = "x" * 100_000

    def message(self, text: str = "We are sorry.", key: str = "cd-1-1") -> Message:
        return Message(text, key, since=QUEUED)

    def test_a_text_goes_out_with_a_receipt(self, script: PublisherScript) -> None:
        receipt = script.publisher().publish(self.message("Vi beklager 🥐 dybt."))
        assert receipt.external_id
        assert receipt.url.startswith("https://")
        assert script.published() == ["Vi beklager 🥐 dybt."]
        assert script.publisher().find(self.message("Vi beklager 🥐 dybt.")) == receipt

    def test_the_same_key_twice_makes_one_post(self, script: PublisherScript) -> None:
        first = script.publisher().publish(self.message())
        assert script.publisher().publish(self.message()) == first
        assert len(script.published()) == 1

    def test_what_was_never_sent_is_surely_not_there(self, script: PublisherScript) -> None:
        script.publisher().publish(self.message())
        assert script.publisher().find(self.message("Another text.", "cd-2-1")) is None

    @pytest.mark.parametrize("status", [0, 500, 502, 503, 504])
    def test_a_lost_answer_is_found_and_not_sent_again(
        self, script: PublisherScript, status: int
    ) -> None:
        script.lose_answers(keeps=True, status=status)
        receipt = self.settled(script)
        assert receipt == script.publisher().find(self.message())
        assert script.published() == ["We are sorry."]

    @pytest.mark.parametrize("status", [0, 500, 503])
    def test_what_was_lost_on_the_way_is_not_said_to_be_out(
        self, script: PublisherScript, status: int
    ) -> None:
        script.lose_answers(keeps=False, status=status)
        with pytest.raises((UncertainError, TemporaryError)):
            script.publisher().publish(self.message())
        assert script.published() == []
        assert script.publisher().find(self.message()) is None
        script.publisher().publish(self.message())
        assert script.published() == ["We are sorry."]

    def settled(self, script: PublisherScript) -> Receipt | None:
        """What the product does with an unsure publication: it looks, and never repeats it."""
        try:
            return script.publisher().publish(self.message())
        except UncertainError:
            return script.publisher().find(self.message())

    def test_too_many_posts_wait_as_told_and_nothing_is_out(self, script: PublisherScript) -> None:
        script.fail(429, self.wait_header)
        with pytest.raises(TemporaryError) as refusal:
            script.publisher().publish(self.message())
        assert refusal.value.retry_after == pytest.approx(17, abs=2)
        assert script.published() == []

    def test_a_refusal_is_final_and_says_why(self, script: PublisherScript) -> None:
        script.fail(400)
        with pytest.raises(PermanentError) as refusal:
            script.publisher().publish(self.message())
        assert str(refusal.value)
        assert script.published() == []

    def test_nobody_there_is_surely_not_out(self, script: PublisherScript) -> None:
        script.vanish()
        with pytest.raises(TemporaryError):
            script.publisher().publish(self.message())
        with pytest.raises(UncertainError):
            script.publisher().find(self.message())

    def test_a_token_that_ended_is_renewed_and_one_post_made(self, script: PublisherScript) -> None:
        script.publisher().publish(self.message("One.", "cd-1-1"))
        script.expire()
        script.publisher().publish(self.message("Two.", "cd-2-1"))
        assert sorted(script.published()) == ["One.", "Two."]

    def test_credentials_that_no_longer_count_publish_nothing(
        self, script: PublisherScript
    ) -> None:
        script.revoke()
        with pytest.raises(PermanentError) as refusal:
            script.publisher().publish(self.message())
        assert str(refusal.value)
        assert script.published() == []

    def test_a_text_too_long_is_refused_here(self, script: PublisherScript) -> None:
        with pytest.raises(PermanentError):
            script.publisher().publish(self.message(self.too_long))
        assert script.published() == []

    def test_only_publish_errors_come_out(self, script: PublisherScript) -> None:
        for break_it in (script.talk_nonsense, script.cut):
            break_it(times=3)
            with pytest.raises(PublishError):
                script.publisher().find(self.message())
            break_it(times=0)

    def test_a_retracted_post_is_gone_and_retracting_again_is_no_error(
        self, script: PublisherScript
    ) -> None:
        receipt = script.publisher().publish(self.message())
        script.retractor().retract(receipt.external_id)
        assert script.published() == []
        script.retractor().retract(receipt.external_id)
