"""Where the words that a brand avoids come from. Other parts of this room add theirs."""

from collections.abc import Callable, Iterable

from .checks import Guideline
from .models_guidelines import AvoidedWord

# {brand id} -> what the brand avoids.
Source = Callable[[int], Iterable[Guideline]]
SOURCES: list[Source] = []


def source(function: Source) -> Source:
    """Register a function from a brand's id to what that brand avoids."""
    SOURCES.append(function)
    return function


def guidelines(brand_id: int) -> list[Guideline]:
    """Return everything that the brand avoids."""
    return [rule for read in SOURCES for rule in read(brand_id)]


@source
def own(brand_id: int) -> list[Guideline]:
    """What is listed in the settings: one query."""
    return [
        Guideline(each.word, each.instead, each.reason, each.language)
        for each in AvoidedWord.objects.filter(brand=brand_id)
    ]
