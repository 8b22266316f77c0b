"""The counts of a batch, gathered before they are added to the tables. Pure."""

from collections.abc import Sequence

from .enums import About, Sentiment
from .rows import Row

_MINUTE = 60_000_000
_HOUR = 60 * _MINUTE
STEP = 5 * _MINUTE
Key = tuple[int, str, str]


class Tally:
    """Counts by minute, network and crisis type: total, negative, positive, reach."""

    def __init__(self) -> None:
        self._counts: dict[Key, list[int]] = {}

    def __bool__(self) -> bool:
        return bool(self._counts)

    def add(self, rows: Sequence[Row]) -> None:
        """Count rows with their marks: those that are about the brand."""
        counts = self._counts
        negative, positive = Sentiment.NEGATIVE.value, Sentiment.POSITIVE.value
        brand = About.BRAND.value
        for row in rows:
            if row.about != brand:
                continue
            sentiment, crisis_type = row.marks[2], row.marks[5]
            key = (row.micros // _MINUTE, row.network, crisis_type)
            count = counts.get(key)
            if count is None:
                count = counts[key] = [0, 0, 0, 0]
            count[0] += 1
            if sentiment == negative:
                count[1] += 1
            elif sentiment == positive:
                count[2] += 1
            count[3] += row.reach

    def columns(self) -> tuple[list[int], list[str], list[str], list[list[int]]]:
        """Return minutes (microseconds), networks, crisis types and the four columns of figures.

        Sorted: two transactions that add to the same counts must take them in one order.
        """
        keys = sorted(self._counts)
        return (
            [minute * _MINUTE for minute, _network, _type in keys],
            [network for _minute, network, _type in keys],
            [crisis_type for _minute, _network, crisis_type in keys],
            [[self._counts[key][figure] for key in keys] for figure in range(4)],
        )

    def step(self) -> int:
        """Return the beginning (microseconds) of the latest five minutes that were counted."""
        latest = max(minute for minute, _network, _type in self._counts) * _MINUTE
        return latest - latest % STEP


class QueryTally:
    """Counts by query and hour: total, negative, positive, reach."""

    def __init__(self) -> None:
        self._counts: dict[tuple[int, int], list[int]] = {}

    def __bool__(self) -> bool:
        return bool(self._counts)

    def add(self, rows: Sequence[Row]) -> None:
        """Count rows with their marks, once for each query that they answer."""
        counts = self._counts
        negative, positive = Sentiment.NEGATIVE.value, Sentiment.POSITIVE.value
        for row in rows:
            if not row.queries:
                continue
            sentiment, hour = row.marks[2], row.micros // _HOUR
            for query in row.queries:
                count = counts.get((query, hour))
                if count is None:
                    count = counts[query, hour] = [0, 0, 0, 0]
                count[0] += 1
                count[1] += sentiment == negative
                count[2] += sentiment == positive
                count[3] += row.reach

    def columns(self) -> tuple[list[int], list[int], list[list[int]]]:
        """Return queries, hours (microseconds) and the four columns of figures, sorted."""
        keys = sorted(self._counts)
        return (
            [query for query, _hour in keys],
            [hour * _HOUR for _query, hour in keys],
            [[self._counts[key][figure] for key in keys] for figure in range(4)],
        )
