from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from accounts.models import Brand
from monitoring import partitions
from monitoring.queries.parsing import parse
from monitoring.queries.tree import Node
from monitoring.selectors import preview
from monitoring.selectors.preview import Counting, count_on, first_answer
from tests.factories.monitoring import SourceFactory, mention

NOW = datetime(2026, 11, 23, 14, 0, 30, tzinfo=UTC)
_FILL = """
INSERT INTO monitoring_mention (brand_id, source_id, external_id, network, author, title, text, url,
    lang, published_at, received_at, reach, sentiment, sentiment_score, confidence, crisis_type,
    about)
SELECT %(brand)s, 1, n::text, 'x', '', '', CASE WHEN n %% 10 = 0 THEN 'kold kaffe' ELSE 'te' END,
    '', 'da', at, at, n, 'neutral', 0, 0.5, 'none',
    CASE WHEN n %% 5 = 1 THEN 'topic' ELSE 'brand' END
FROM (SELECT n, %(now)s - interval '29 days' * n / %(count)s AS at
    FROM generate_series(1, %(count)s) AS n) AS numbered
"""
_COUNT = """
INSERT INTO monitoring_mentioncount (brand_id, minute, network, crisis_type, total, negative,
    positive, reach)
SELECT brand_id, date_trunc('minute', published_at), 'x', 'none', count(*), 0, 0, 0
FROM monitoring_mention WHERE about = 'brand' GROUP BY 1, 2
"""


def tree(expression: str) -> Node:
    found = parse(expression).tree
    assert found
    return found


def fill(brand: Brand, count: int) -> None:
    partitions.ensure_months({(2026, 10), (2026, 11)}, now=NOW)
    with connection.cursor() as cursor:
        cursor.execute(_FILL, {"brand": brand.pk, "count": count, "now": NOW})
        cursor.execute(_COUNT)


def test_few_mentions_are_all_looked_at(brand: Brand, other_brand: Brand) -> None:
    source = SourceFactory.create(brand=brand, name="The Daily")
    day = timedelta(days=1)
    made = [
        mention(brand, text="Kold kaffe", published_at=NOW - n * day, source_id=source.pk)
        for n in (1, 29, 31)
    ]
    mention(brand, text="te", title="Kaffe", published_at=NOW - day)
    mention(other_brand, text="kaffe", published_at=NOW - day)
    answer = first_answer(brand.pk, tree("kaffe"), now=NOW)
    assert (answer.found, answer.looked, answer.is_exact) == (3, 3, True)
    assert {each.id for each in answer.examples} >= {made[0].pk, made[1].pk}
    assert first_answer(brand.pk, tree('source:"the daily" reach>=100'), now=NOW).found == 2
    assert first_answer(brand.pk, tree("lang:da"), now=NOW).found == 0
    assert first_answer(brand.pk, tree("is:reply,review,suspicious,question"), now=NOW).found == 0
    answer = first_answer(brand.pk, tree("author:nordlysfar network:x type:none"), now=NOW)
    assert answer.found == 3


def test_of_many_mentions_a_sample_tells_with_its_interval(brand: Brand) -> None:
    fill(brand, 30_000)
    answer = first_answer(brand.pk, tree('"kold kaffe"'), now=NOW)
    assert not answer.is_exact
    assert answer.looked <= preview.SLICES * preview.EACH * 1.1
    assert answer.low <= 3_000 <= answer.high
    assert answer.high - answer.low < 1_500
    assert 27_000 < answer.total < 33_000
    assert len(answer.examples) == preview.SHOWN
    assert [e.published_at for e in answer.examples] == sorted(
        (e.published_at for e in answer.examples), reverse=True
    )
    none = first_answer(brand.pk, tree("findesikke"), now=NOW)
    assert (none.found, none.estimate, none.low) == (0, 0, 0)
    assert 0 < none.high < 100


def test_all_can_be_counted_bit_by_bit(brand: Brand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preview, "STEP", 700)
    fill(brand, 2_500)
    so_far, rounds = Counting(), 0
    while not so_far.is_done:
        so_far, rounds = count_on(brand.pk, tree("kaffe"), so_far, now=NOW), rounds + 1
    assert (so_far.found, so_far.looked, rounds) == (250, 2_500, 4)
