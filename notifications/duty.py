"""Who is on duty: the room that keeps the rota says so. Quiet hours never silence them."""

from collections.abc import Callable, Iterable
from datetime import datetime

# The people among `user_ids` who are on duty for the brand at that time.
Function = Callable[[list[int], int, datetime], Iterable[int]]
_FUNCTIONS: list[Function] = []


def register(function: Function) -> Function:
    _FUNCTIONS.append(function)
    return function


def on_duty(user_ids: list[int], brand_id: int | None, at: datetime) -> set[int]:
    """Who of them is on duty. Everyone, where nobody keeps a rota or no brand is meant."""
    if brand_id is None or not _FUNCTIONS:
        return set(user_ids)
    return {user for function in _FUNCTIONS for user in function(user_ids, brand_id, at)}
