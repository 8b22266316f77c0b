"""Rows of the monitoring room for tests."""

from datetime import datetime

import factory
from factory.django import DjangoModelFactory

from connectors.base import Post
from monitoring.enums import SourceKind
from monitoring.models import Query, Source
from tests.factories.accounts import BrandFactory


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
