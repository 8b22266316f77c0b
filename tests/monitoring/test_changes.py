import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from accounts.models import Brand, User
from connectors.base import Batch, Post
from monitoring import changes, ingest, selectors
from monitoring.enums import DetectionKind
from monitoring.models import (
    Detection,
    HiddenAuthor,
    Mention,
    MentionCount,
    SeenMention,
    Source,
)
from monitoring.selectors import Filters
from monitoring.services import exporting
from tests.factories.monitoring import QueryFactory, SourceFactory

SignIn = Callable[[User], Client]
NOW = datetime.now(UTC).replace(microsecond=0)
AT = NOW - timedelta(hours=1)
SECRET = "The coffee machine burned my hand, terrible"


@pytest.fixture
def source(brand: Brand) -> Source:
    return SourceFactory.create(brand=brand)


def said(number: int, text: str = SECRET, author: str = "did:1", **more: object) -> Post:
    return Post(
        str(number), text, author=f"@{author}", author_id=author, published_at=AT,
        url=f"https://x.example/{number}", title="Hot", **more,
    )  # fmt: skip


def take(source: Source, batch: Batch, now: datetime = NOW) -> ingest.Accepted:
    return ingest.accept_batch(source, batch, now=now)


def posts(*found: Post) -> Batch:
    return Batch(list(found), {})


def gone(*ids: int) -> Batch:
    return Batch([], {}, gone=[str(number) for number in ids])


def left(author: str, at: datetime, *, back: bool = False) -> Batch:
    batch = Batch([], {}, authors_at=at)
    return replace(batch, authors_back=[author]) if back else replace(batch, authors_gone=[author])


def visible(user: User) -> dict[str, str]:
    """What the stream shows: text by address."""
    return {post.url: post.text for post in selectors.stream(user, Filters(fold=False)).posts}


def everywhere(user: User, browser: Client, detection: Detection) -> str:
    """All that a person can get at of the mentions: pages, API, samples."""
    user = User.objects.get(pk=user.pk)
    pk = Mention.objects.values_list("pk", flat=True).first()
    pages = ["/mentions/", f"/mentions/{pk}/", "/", "/api/v1/mentions/", f"/api/v1/mentions/{pk}/"]
    texts = [browser.get(page).content.decode() for page in pages]
    texts += [post.text + post.author for post in selectors.samples(detection)]
    wanted = exporting.frozen(user, Filters(fold=False), now=NOW + timedelta(minutes=1))
    texts += exporting.direct(user, wanted, "jsonl", count=10)
    texts += exporting.direct(user, wanted, "csv", count=10)
    top = selectors.top_posts(detection.brand_id, since=AT - timedelta(hours=9), until=NOW)
    return "\n".join([*texts, *(post.text + post.author for post in top)])


@pytest.fixture
def detection(source: Source) -> Detection:
    take(source, posts(said(1)))
    mention = Mention.objects.get()
    return Detection.objects.create(
        brand=source.brand, kind=DetectionKind.VOLUME, started_at=AT, detected_at=NOW, value=9,
        expected_low=0, expected_high=1, score=9,
        samples=[{"id": mention.pk, "published_at": mention.published_at.isoformat()}],
    )  # fmt: skip


def test_what_was_taken_away_was_visible_before_and_is_nowhere_after(
    detection: Detection, source: Source, alice: User, signed_in: SignIn
) -> None:
    browser = signed_in(alice)
    before = everywhere(alice, browser, detection)
    assert before.count(SECRET) >= 8
    assert "@did:1" in before
    take(source, gone(1))
    after = everywhere(alice, browser, detection)
    assert SECRET not in after
    assert "did:1" not in after
    assert "x.example/1" not in after
    row = Mention.objects.get()
    assert (row.text, row.author, row.title, row.url, row.gone_at) == ("", "", "", "", NOW)
    assert sum(MentionCount.objects.values_list("total", flat=True)) == 1


def test_an_author_who_leaves_takes_all_posts_along_and_brings_them_back(
    detection: Detection, source: Source, alice: User, signed_in: SignIn
) -> None:
    browser = signed_in(alice)
    take(source, posts(said(2, "Another of them"), said(3, "Somebody else", author="did:2")))
    take(source, left("did:1", NOW))
    hidden = everywhere(alice, browser, detection)
    assert SECRET not in hidden
    assert "Another of them" not in hidden
    assert "Somebody else" in hidden
    take(source, left("did:1", NOW + timedelta(seconds=1), back=True), NOW + timedelta(minutes=1))
    assert SECRET in everywhere(alice, browser, detection)


def test_an_authors_state_concerns_one_source_only(source: Source, brand: Brand, bob: User) -> None:
    other = SourceFactory.create(brand=brand)
    take(source, posts(said(1)))
    take(other, posts(said(2)))
    take(source, left("did:1", NOW))
    assert list(visible(bob)) == ["https://x.example/2"]


def test_gone_before_it_was_seen_never_comes_in(source: Source, bob: User) -> None:
    take(source, gone(1))
    assert SeenMention.objects.get().published_at is None
    assert take(source, posts(said(1))).known == 1
    assert not Mention.objects.exists()


def test_a_batch_that_brings_and_takes_away_brings_nothing(source: Source) -> None:
    take(source, Batch([said(1), said(2)], {}, gone=["1"]))
    assert [mention.external_id for mention in Mention.objects.all()] == ["2"]


def test_an_edit_rewrites_rescores_and_moves_the_counts(source: Source, bob: User) -> None:
    take(source, posts(said(1, "This is terrible, I hate it, the worst coffee ever")))
    before = Mention.objects.get()
    assert before.sentiment == "negative"
    edit = said(1, "This is wonderful, I love it, the best coffee ever", edited_at=NOW)
    taken = take(source, posts(edit))
    assert (taken.new, taken.known) == (0, 1)
    row = Mention.objects.get()
    assert (row.pk, row.sentiment, row.edited_at) == (before.pk, "positive", NOW)
    assert "wonderful" in row.text
    counts = MentionCount.objects.filter(total__gt=0)
    assert [(c.total, c.negative, c.positive) for c in counts] == [(1, 0, 1)]
    # An older edit, and the first version again, change nothing.
    take(source, posts(replace(edit, text="older", edited_at=NOW - timedelta(minutes=1))))
    take(source, posts(said(1, "the first version")))
    assert Mention.objects.get().text == edit.text


def test_an_edit_that_no_longer_speaks_of_the_brand_is_honoured_too(
    source: Source, bob: User
) -> None:
    QueryFactory.create(brand=source.brand, expression="coffee")
    Source.objects.update(config={"match": True})
    source.refresh_from_db()
    take(source, posts(said(1)))
    take(source, posts(said(1, "I never said that", edited_at=NOW)))
    assert visible(bob) == {"https://x.example/1": "I never said that"}
    take(source, posts(said(2, "Nothing of interest", edited_at=NOW)))
    assert Mention.objects.count() == 1


def test_a_persons_correction_outlives_an_edit(source: Source) -> None:
    take(source, posts(said(1, "This is terrible, I hate it")))
    Mention.objects.update(corrected_sentiment="neutral")
    take(source, posts(said(1, "This is wonderful, I love it", edited_at=NOW)))
    row = Mention.objects.get()
    assert (row.corrected_sentiment, row.sentiment) == ("neutral", "positive")


def test_what_is_gone_is_not_edited_back(source: Source) -> None:
    take(source, posts(said(1)))
    take(source, gone(1))
    take(source, posts(said(1, "again", edited_at=NOW + timedelta(days=1))))
    row = Mention.objects.get()
    assert (row.text, row.edited_at) == ("", None)


def story() -> list[Batch]:
    """Sixteen posts of four authors, with edits, deletions, and authors who leave and return."""
    found: list[Batch] = []
    for number in range(16):
        author = f"did:{number % 4}"
        found.append(posts(said(number, f"coffee {number}", author)))
        for edit in range(number % 3):
            at = AT + timedelta(minutes=edit + 1)
            found.append(posts(said(number, f"coffee {number} v{edit}", author, edited_at=at)))
        if number % 5 == 0:
            found.append(gone(number))
    for author in range(4):
        for turn in range(author):
            at = NOW - timedelta(minutes=30 - turn)
            found.append(left(f"did:{author}", at, back=turn % 2 == 1))
    return found


@pytest.mark.parametrize("seed", range(60))
def test_doubled_and_in_any_order_the_outcome_is_the_same(
    source: Source, brand: Brand, bob: User, seed: int
) -> None:
    batches = story()
    for batch in batches:
        take(source, batch)
    expected = visible(bob)
    assert len(expected) == 6
    Mention.objects.all().delete()
    SeenMention.objects.all().delete()
    HiddenAuthor.objects.all().delete()
    shuffled = batches * 2
    random.Random(seed).shuffle(shuffled)
    for batch in shuffled:
        take(source, batch)
    assert visible(bob) == expected


def test_the_counts_after_doubled_edits_are_those_of_the_mentions(source: Source) -> None:
    moods = ["I hate this terrible coffee", "I love this wonderful coffee"]
    batches = [
        posts(said(n, moods[(n + e) % 2], edited_at=AT + timedelta(minutes=e)))
        for n in range(10)
        for e in range(3)
    ] * 2
    random.Random(1).shuffle(batches)
    for batch in batches:
        take(source, batch)
    sentiments = list(Mention.objects.values_list("sentiment", flat=True))
    counts = MentionCount.objects.all()
    assert sum(count.total for count in counts) == len(sentiments) == 10
    assert sum(count.negative for count in counts) == sentiments.count("negative")
    assert sum(count.positive for count in counts) == sentiments.count("positive")


def test_after_thirty_days_the_posts_of_those_who_left_are_emptied(
    source: Source, bob: User
) -> None:
    take(source, posts(said(1), said(2, author="did:2"), said(3, author="did:3")))
    take(source, left("did:1", NOW))
    take(source, left("did:2", NOW))
    take(source, left("did:2", NOW + timedelta(seconds=1), back=True), NOW + timedelta(minutes=1))
    assert changes.forget_departed(now=NOW + timedelta(days=29)) == 0
    assert Mention.objects.get(external_id="1").text == SECRET
    assert changes.forget_departed(now=NOW + timedelta(days=31)) == 1
    assert Mention.objects.get(external_id="1").text == ""
    assert Mention.objects.get(external_id="2").text == SECRET
    assert not HiddenAuthor.objects.exists()
    assert len(visible(bob)) == 2


def test_changes_and_cursor_are_stored_together_or_not_at_all(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    take(source, posts(said(1)))

    def fail(*_args: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(changes, "_note_authors", fail)
    batch = Batch([said(2)], {"at": 7}, gone=["1"], authors_gone=["did:9"])
    with pytest.raises(RuntimeError):
        take(source, batch)
    source.refresh_from_db()
    assert source.cursor == {}
    assert Mention.objects.get().text == SECRET
