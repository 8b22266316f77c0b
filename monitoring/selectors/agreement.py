"""How often people say the same as the machine: counted from their words, never estimated."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import sqrt

from django.db.models import Count, F, Q

from monitoring.enums import LabelField
from monitoring.models_labels import Correction

# Fewer words make no measurement.
ENOUGH = 50
# Of the normal distribution, for an interval of 95 %.
_Z = 1.96


@dataclass(frozen=True)
class Agreement:
    """Of one label in one language: `agreed` of `words`. Shares are 0..1."""

    field: str
    lang: str
    words: int
    agreed: int

    @property
    def measured(self) -> bool:
        return self.words >= ENOUGH

    @property
    def missing(self) -> int:
        """How many more words it takes until there is a figure."""
        return max(ENOUGH - self.words, 0)

    @property
    def share(self) -> float:
        return self.agreed / self.words if self.words else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's interval of 95 %: between which shares the true one very likely lies."""
        if not self.words:
            return 0.0, 1.0
        count, share, z = self.words, self.share, _Z * _Z
        middle = (share + z / (2 * count)) / (1 + z / count)
        half = _Z / (1 + z / count) * sqrt(share * (1 - share) / count + z / (4 * count * count))
        return max(middle - half, 0.0), min(middle + half, 1.0)


def agreement(brands: Iterable[int]) -> list[Agreement]:
    """Return the agreement on each label in each language that people have spoken of."""
    words = Correction.objects.filter(brand__in=list(brands)).exclude(field=LabelField.ABOUT)
    rows = (
        words.values("field", "lang")
        .annotate(words=Count("pk"), agreed=Count("pk", filter=Q(value=F("machine"))))
        .order_by("field", "-words", "lang")
    )
    return [Agreement(row["field"], row["lang"], row["words"], row["agreed"]) for row in rows]
