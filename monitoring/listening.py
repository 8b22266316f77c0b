"""What a brand listens for, compiled once and kept until its queries change.

Every process keeps its own compiled form with the stamp of the queries it was made of
(QueryVersion), and reads the stamp before it uses it: one row, whoever changed the queries.
"""

import logging
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any
from uuid import UUID

from .enums import About, QueryKind
from .models import Query, Source
from .models_queries import QueryVersion
from .queries import fields
from .queries.matcher import Columns, Matcher
from .queries.parsing import parse
from .queries.words import joined
from .rows import Row
from .selectors.filters import SUSPICIOUS

logger = logging.getLogger(__name__)

# Brands whose queries a process keeps compiled: some megabytes each.
MOST_BRANDS = 24
_ABOUT = {
    QueryKind.BRAND: About.BRAND.value,
    QueryKind.WATCH: About.BRAND.value,
    QueryKind.COMPETITOR: About.COMPETITOR.value,
    QueryKind.TOPIC: About.TOPIC.value,
}
# Of what a mention is about it is the first that applies.
_RANK = {About.TOPIC.value: 0, About.COMPETITOR.value: 1, About.BRAND.value: 2}


@dataclass(frozen=True)
class Listening:
    """The queries of a brand. `about` says for each what a mention that answers it is about."""

    matcher: Matcher
    about: dict[int, str]

    def keep(self, rows: Sequence[Row], source: Source, *, filtered: bool) -> list[Row]:
        """Note on each row which queries it answers; return the rows to be kept.

        What an unfiltered source brings is all kept, and all about the brand.
        """
        texts = [joined(row.title, row.text) for row in rows]
        found = self.matcher.match(texts, columns(rows, source.name))
        for query_id, numbers in found.items():
            about = self.about[query_id]
            for number in numbers:
                row = rows[number]
                if filtered and (not row.queries or _RANK[about] > _RANK[row.about]):
                    row.about = about
                row.queries.append(query_id)
        return [row for row in rows if row.queries] if filtered else list(rows)


def of(brand_id: int) -> Listening | None:
    """Return what the brand listens for; None where it has no query that is active."""
    stamp = QueryVersion.objects.filter(pk=brand_id).values_list("stamp", flat=True).first()
    if stamp is None:
        return None
    with _lock:
        kept = _kept.get(brand_id)
        if kept and kept[0] == stamp:
            _kept.move_to_end(brand_id)
            return kept[1]
    # Two threads may both compile; the second is not worth a lock that everybody waits for.
    listening = _compiled(brand_id)
    with _lock:
        _kept[brand_id] = (stamp, listening)
        _kept.move_to_end(brand_id)
        while len(_kept) > MOST_BRANDS:
            _kept.popitem(last=False)
    return listening


_lock = Lock()
_kept: "OrderedDict[int, tuple[UUID, Listening | None]]" = OrderedDict()


def _compiled(brand_id: int) -> Listening | None:
    trees, about = [], {}
    active = Query.objects.filter(brand_id=brand_id, is_active=True).order_by("pk")
    for pk, kind, expression in active.values_list("pk", "kind", "expression"):
        tree = parse(expression).tree
        if tree is None:
            # Only one that was written past the service. It is shown as wrong on its page.
            logger.warning("Query %d cannot be read and finds nothing", pk)
            continue
        trees.append((pk, tree))
        about[pk] = _ABOUT[QueryKind(kind)]
    return Listening(Matcher(trees), about) if trees else None


def columns(rows: Sequence[Row], source_name: str) -> Columns:
    """Return what tells the matcher the fields of rows."""

    def read(name: str) -> Sequence[Any]:
        return [_READ[name](row) for row in rows] if name != "source" else [source_name] * len(rows)

    return read


# Where each field of a query stands in a row; see rows.Marks for the numbers.
_READ: dict[str, Callable[[Row], Any]] = {
    "author": lambda row: row.author,
    "lang": lambda row: fields.language(row.lang or row.marks[0]),
    "network": lambda row: row.network,
    "url": lambda row: row.url,
    "reach": lambda row: row.reach,
    "stars": lambda row: row.stars,
    "sentiment": lambda row: row.marks[2],
    "type": lambda row: row.marks[5],
    "emotion": lambda row: row.marks[7],
    "blame": lambda row: row.marks[9],
    "question": lambda row: row.marks[11],
    "suspicious": lambda row: row.marks[12] >= SUSPICIOUS,
    "reply": lambda row: bool(row.parent_id),
    "review": lambda row: row.stars is not None,
}
