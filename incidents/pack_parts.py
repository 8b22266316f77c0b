"""What rooms above put into the situation report and the offline pack.

`@part(order)` registers a function (incident) -> blocks of core.document, in the active language.
Blocks that have nothing to say are left out by returning ().
"""

from collections.abc import Callable

from core.document import Block

from .models import Incident

Part = Callable[[Incident], tuple[Block, ...]]
PARTS: list[tuple[int, Part]] = []


def part(order: int) -> Callable[[Part], Part]:
    def register(function: Part) -> Part:
        PARTS.append((order, function))
        PARTS.sort(key=lambda each: each[0])
        return function

    return register


def blocks(incident: Incident) -> tuple[Block, ...]:
    """Return everything that the rooms above have for the pack."""
    return tuple(block for _order, function in PARTS for block in function(incident))
