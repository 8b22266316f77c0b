"""Ingest, from posts in memory to committed mentions, against the plainest way to store them."""

import gc
import os
import random
import time
import traceback
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import IO, TYPE_CHECKING, Any

from . import Measured, figure, median_of_rounds

if TYPE_CHECKING:
    from connectors.base import Post
    from monitoring.models import Source

BATCH = 2_000
BATCHES = 20
ROUNDS = 5
COPIES = 5
SMALL = 100_000
MONTHS = 12
# A stormy hour: this many a second.
RATE = 500
_COLUMNS = (
    "brand_id", "source_id", "external_id", "network", "author", "title", "text", "url", "lang",
    "published_at", "received_at", "reach", "sentiment", "sentiment_score", "confidence",
    "crisis_type", "corrected_sentiment", "author_id", "parent_id", "stars", "edited_at",
    "queries", "about", "lang_confidence", "crisis_confidence", "emotion", "emotion_confidence",
    "blame", "blame_confidence", "question", "suspicion", "fingerprint",
)  # fmt: skip
_TYPES = (
    "int8", "int8", "text", "varchar", "text", "text", "text", "text", "varchar", "timestamptz",
    "timestamptz", "int8", "varchar", "float8", "float8", "varchar", "varchar", "text", "text",
    "float4", "timestamptz", "int4[]", "varchar", "float4", "float4", "varchar", "float4",
    "varchar", "float4", "bool", "float4", "int8",
)  # fmt: skip
_SENTENCES = (
    "the coffee is cold and staff was rude today we never come again great service love it",
    "øl tak for kaffen ikke god mad men flink betjening nu er det nok 😡 hvor bliver svaret af",
    "terrible delay cancelled flight @brand #fail how long do i have to wait for an answer thanks",
)
# Queries that some of the posts answer: kind and expression.
_ANSWERED = (
    ("brand", "coffee OR kaffe* OR @brand"),
    ("brand", '"cold coffee" OR (coffee NEAR/5 cold)'),
    ("watch", "staff AND (rude OR flink)"),
    ("competitor", "flight NOT coffee"),
    ("competitor", "delay OR cancelled OR #fail"),
    ("topic", "service lang:en"),
)
QUERIES = 100
_WORDS = " ".join(_SENTENCES).split()
_FILL = """
INSERT INTO monitoring_mention (brand_id, source_id, external_id, network, author, title, text, url,
    lang, published_at, received_at, reach, sentiment, sentiment_score, confidence, crisis_type)
SELECT 1 + n %% 5, 1 + n %% 5, n::text, 'x', 'author' || n %% 9999, '',
    'a mention of about the length that people write, number ' || n, 'https://x.example/' || n,
    'en', at, at, 0, 'neutral', 0, 0.5, 'none'
FROM (SELECT n, %(until)s - (%(last)s - n) * (%(span)s / %(last)s) AS at
    FROM generate_series(%(first)s::int, %(last)s::int) AS n) AS numbered
"""
_FILL_SEEN = """
INSERT INTO monitoring_seenmention (key, published_at)
SELECT md5(n::text)::uuid, %(until)s - (%(last)s - n) * (%(span)s / %(last)s)
FROM generate_series(%(first)s::int, %(last)s::int) AS n
"""


@figure("ingest, end to end", unit="rows/s", must=">= 0.12", issue=2)
def end_to_end() -> Measured:
    """Rows a second through `accept` with 100,000 there, against COPY without an index."""
    source = make_source()
    fill(1, SMALL)
    warm_up(source)
    return median_of_rounds(lambda: _rate(accept_all, source), _copy_rate, rounds=ROUNDS)


@figure("ingest with queries, two processes", unit="rows/s", must=">= 0.15", issue=3)
def two_processes() -> Measured:
    """Two processes at once for a brand with a hundred queries, against COPY as above."""
    source = make_source()
    _make_queries(source)
    fill(1, SMALL)
    warm_up(source)
    return median_of_rounds(lambda: _rate_of_both(source), _copy_rate, rounds=ROUNDS)


def _make_queries(source: "Source") -> None:
    """Those that the posts answer, and many more that they do not, as of a brand's life."""
    from monitoring.models import Query

    seldom = (
        f'rareword{n} OR "other{n} thing" OR @name{n}' for n in range(QUERIES - len(_ANSWERED))
    )
    Query.objects.bulk_create(
        Query(brand_id=source.brand_id, name=f"{n}", expression=expression, kind=kind)
        for n, (kind, expression) in enumerate([*_ANSWERED, *(("topic", each) for each in seldom)])
    )


def _rate_of_both(source: "Source") -> float:
    """Rows a second of two children that begin together, until the slower one is done."""
    from django.db import connections

    connections.close_all()
    children = [_child(source) for _ in range(2)]
    for ready, _go, _done in children:
        ready.read(1)
    began = time.perf_counter()
    for _ready, go, _done in children:
        go.write("g")
        go.close()
    for _ready, _go, done in children:
        if done() != 0:
            raise AssertionError("A child did not store its posts.")
    return 2 * BATCH * BATCHES / (time.perf_counter() - began)


def _child(source: "Source") -> "tuple[IO[str], IO[str], Callable[[], int]]":
    """A process with posts of its own that waits for the word; what is read, written, awaited."""
    (heard, tell), (listen, say) = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:
        # Else all children would make the same posts.
        _random().seed(os.getpid())
        posts = make_posts()
        os.write(tell, b"r")
        os.close(say)
        os.read(listen, 1)
        try:
            accept_all(source, posts)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    os.close(tell)
    os.close(listen)
    return os.fdopen(heard), os.fdopen(say, "w"), lambda: os.waitpid(child, 0)[1]


def make_source() -> "Source":
    from accounts.models import Brand
    from monitoring.models import Source

    brand = Brand.objects.create(name="Bench", slug="bench")
    source: Source = Source.objects.create(brand=brand, kind="webhook", name="Bench")
    return source


def fill(first: int, last: int) -> None:
    from django.db import connection

    from monitoring import partitions

    now = datetime.now(UTC)
    span = timedelta(days=30 * MONTHS)
    partitions.forget()
    days = [now - span + timedelta(days=25 * n) for n in range(MONTHS * 2)]
    partitions.ensure_months({(day.year, day.month) for day in days if day <= now}, now=now)
    values: dict[str, Any] = {"first": first, "last": last, "until": now, "span": span}
    with connection.cursor() as cursor:
        cursor.execute(_FILL, values)
        cursor.execute(_FILL_SEEN, values)
        cursor.execute("VACUUM ANALYZE monitoring_mention")
        cursor.execute("VACUUM ANALYZE monitoring_seenmention")


def warm_up(source: "Source") -> None:
    """Load the model, fill the caches, and touch the pages that a checkpoint made cold."""
    for _ in range(2):
        _rate(accept_all, source)


@cache
def _random() -> random.Random:
    return random.Random(2)


def make_posts() -> "list[Post]":
    """BATCH × BATCHES new posts in the order of time, as a storm brings them."""
    from connectors.base import Post

    pick = _random()
    run = pick.getrandbits(60)
    count = BATCH * BATCHES
    began = datetime.now(UTC) - timedelta(seconds=count / RATE)
    posts = [
        Post(
            external_id=f"{run}-{n}",
            text=" ".join(pick.choices(_WORDS, k=pick.randint(5, 30))),
            author=f"user{n % 5000}",
            url=f"https://x.example/status/{n}",
            published_at=began + timedelta(seconds=n / RATE),
            reach=pick.randint(0, 5000),
            network=pick.choice(("x", "facebook", "news")),
        )
        for n in range(count)
    ]
    # The bench's own objects are not what the collector should be busy with.
    gc.collect()
    gc.freeze()
    return posts


def _rate(store: "Callable[[Source, list[Post]], None]", source: "Source") -> float:
    posts = make_posts()
    began = time.perf_counter()
    store(source, posts)
    return len(posts) / (time.perf_counter() - began)


def accept_all(source: "Source", posts: "list[Post]") -> None:
    from monitoring import ingest

    accepted = ingest.accept(source, posts, now=datetime.now(UTC))
    if accepted.new != len(posts):
        raise AssertionError(accepted)


def _copy_rate() -> float:
    """The limit: the same rows, as many a transaction, by binary COPY; no index, no thought."""
    from django.db import connection

    from monitoring.models import Source

    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS bench_copy")
        cursor.execute("CREATE TABLE bench_copy (LIKE monitoring_mention INCLUDING DEFAULTS)")
        cursor.execute("ALTER TABLE bench_copy ALTER id DROP NOT NULL")
    source = Source.objects.get()
    return COPIES * _rate(_copies, source)


def _copies(source: "Source", posts: "list[Post]") -> None:
    """So often that it takes about as long as ours: a short burst gets more of a busy machine."""
    for _ in range(COPIES):
        _copy(source, posts)


def _copy(source: "Source", posts: "list[Post]") -> None:
    from django.db import connection

    for start in range(0, len(posts), BATCH):
        _copy_part(connection.connection, source, posts[start : start + BATCH])


def _copy_part(connection: Any, source: "Source", posts: "list[Post]") -> None:
    import psycopg

    now = datetime.now(UTC)
    statement = f"COPY bench_copy ({', '.join(_COLUMNS)}) FROM STDIN (FORMAT BINARY)"
    with psycopg.Cursor(connection).copy(statement) as copy:
        copy.set_types(_TYPES)
        for post in posts:
            copy.write_row(
                (
                    source.brand_id, source.pk, post.external_id, post.network, post.author,
                    post.title, post.text, post.url, "en", post.published_at, now, post.reach,
                    "neutral", 0.0, 0.5, "none", "", "", "", None, None, [], "brand", 0.9, 0.5,
                    "none", 0.5, "nobody", 0.5, False, 0.0, 0,
                )
            )  # fmt: skip
