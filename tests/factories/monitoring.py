"""Rows of the monitoring room for tests."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from accounts.models import Brand
from connectors.base import Post
from monitoring.enums import CrisisType, DetectionKind, Sentiment, SourceKind
from monitoring.models import Detection, Mention, Query, Source
from tests.factories.accounts import BrandFactory

_numbers = count(1)


class SourceFactory(DjangoModelFactory):
    class Meta:
        model = Source

    brand = factory.SubFactory(BrandFactory)
    kind = SourceKind.WEBHOOK
    name = factory.Sequence("Source {}".format)


class QueryFactory(DjangoModelFactory):
    class Meta:
        model = Query

    brand = factory.SubFactory(BrandFactory)
    name = factory.Sequence("Query {}".format)


def posts(count: int, *, at: datetime | None = None, prefix: str = "post") -> list[Post]:
    """That many different posts, all published `at`."""
    return [
        Post(external_id=f"{prefix}-{n}", text=f"{prefix} {n} about the coffee", published_at=at)
        for n in range(count)
    ]


def mention(brand: Brand, **fields: Any) -> Mention:
    """One mention in the table, as ingest would have written it, without counts."""
    now = timezone.now()
    values = {
        "source_id": 0,
        "external_id": f"m-{next(_numbers)}",
        "network": "x",
        "author": "nordlysfar",
        "title": "",
        "text": "The coffee was cold.",
        "url": "https://example.org/p/1",
        "lang": "en",
        "published_at": now,
        "received_at": now,
        "reach": 100,
        "sentiment": Sentiment.NEUTRAL,
        "sentiment_score": 0.0,
        "confidence": 0.8,
        "crisis_type": CrisisType.NONE,
    }
    return Mention.objects.create(brand_id=brand.pk, **values | fields)


def detection(brand: Brand, *, samples: Sequence[Mention] = (), **fields: Any) -> Detection:
    """A storm that was called a minute ago, with its reasons and where it was going."""
    now = timezone.now()
    values = {
        "kind": DetectionKind.VOLUME,
        "started_at": now - timedelta(minutes=10),
        "detected_at": now - timedelta(minutes=1),
        "value": 412,
        "expected_low": 0,
        "expected_high": 14,
        "score": 0.9,
        "negative_share": 0.7,
        "reasons": [
            {"code": "volume", "count": 412, "minutes": 5, "low": 0, "high": 14},
            {"code": "words", "words": ["glass", "porridge"]},
            {"code": "networks", "networks": [["x", 400]]},
        ],
        "samples": [
            {"id": post.pk, "published_at": post.published_at.isoformat()} for post in samples
        ],
        "forecast": {
            "rate": 1200.0,
            "usual": 100.0,
            "storm": True,
            "own": 0,
            "made_at": (now - timedelta(minutes=1)).isoformat(),
            "ahead": [[m, 1200.0 + 10 * m, 600.0 + m, 3000.0 + 20 * m] for m in range(10, 361, 10)],
        },
    }
    return Detection.objects.create(brand=brand, **values | fields)
