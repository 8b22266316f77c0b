"""Rows of the monitoring room for tests."""

from datetime import datetime
from itertools import count
from typing import Any

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from accounts.models import Brand
from connectors.base import Post
from monitoring.enums import CrisisType, Sentiment, SourceKind
from monitoring.models import Mention, Query, Source
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
