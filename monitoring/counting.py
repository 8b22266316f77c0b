"""The per-minute counts of a batch, gathered before they are added to the table. Pure."""

from collections.abc import Sequence

from .enums import Sentiment
from .packing import micros
from .rows import Row

_MINUTE = 60_000_000
STEP = 5 * _MINUTE
Key = tuple[int, str, str]


class Tally:
    """Counts by minute, network and crisis type: total, negative, positive, reach."""

    def __init__(self) -> None:
        self._counts: dict[Key, list[int]] = {}

    def add(self, rows: Sequence[Row]) -> None:
        """Count rows with their marks."""
        counts = self._counts
        negative, positive = Sentiment.NEGATIVE.value, Sentiment.POSITIVE.value
        for row in rows:
            sentiment, crisis_type = row.marks[2], row.marks[5]
            key = (micros(row.published_at) // _MINUTE, row.network, crisis_type)
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
