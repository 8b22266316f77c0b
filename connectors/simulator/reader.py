"""Reads a simulated world: what has appeared since the cursor."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet

from connectors.base import Batch, Post
from connectors.models import SimulatedPost

# A post may be written a moment after its time: what is this old is read again. Ingest knows it.
OVERLAP = timedelta(seconds=5)


class SimulatorReader:
    """Config: {"world": name}. Cursor: the time and id of the last post read, and whether more
    was waiting then."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        self._world = config["world"]

    def fetch(self, cursor: dict[str, Any], *, now: datetime, limit: int = 500) -> Batch:
        waiting = self._since(cursor).filter(appears_at__lte=now)
        rows = list(waiting.order_by("appears_at", "id")[: limit + 1])
        posts, more = rows[:limit], len(rows) > limit
        if posts:
            last = posts[-1]
            cursor = {"at": last.appears_at.isoformat(), "id": last.pk, "more": more}
        return Batch([self._post(row) for row in posts], cursor, more)

    def _since(self, cursor: dict[str, Any]) -> QuerySet[SimulatedPost]:
        # What we published ourselves is not news to us.
        world = SimulatedPost.objects.filter(world=self._world, idempotency_key=None)
        if not cursor:
            return world
        at = datetime.fromisoformat(cursor["at"])
        if cursor["more"]:
            return world.filter(Q(appears_at__gt=at) | Q(appears_at=at, id__gt=cursor["id"]))
        return world.filter(appears_at__gte=at - OVERLAP)

    def _post(self, row: SimulatedPost) -> Post:
        return Post(
            external_id=str(row.pk),
            text=row.text,
            author=row.author,
            published_at=row.appears_at,
            lang=row.lang,
            reach=row.followers,
            network=row.network,
        )
