"""Who makes courses and drills of what this room drafts.

`courses` builds a draft course in this room, `scenarios` a drill's scenario in the room above,
which this one cannot call. Each registers itself when its app starts:

    @course_maker
    def make(data, *, brand, by, now): return Made(url, title)

Without a maker the draft is still there to be read and downloaded.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from accounts.models import Brand, User

COURSE, DRILL = "course", "drill"


@dataclass(frozen=True)
class Made:
    """Where the new course or scenario is to be read and edited, and what it is called."""

    url: str
    title: str


class Maker(Protocol):
    def __call__(
        self, data: Mapping[str, Any], *, brand: Brand, by: User, now: datetime
    ) -> Made: ...


MAKERS: dict[str, Maker] = {}


def _registered(kind: str) -> Callable[[Maker], Maker]:
    def register(maker: Maker) -> Maker:
        if kind in MAKERS:
            raise ValueError(f"There is a maker of a {kind} already.")
        MAKERS[kind] = maker
        return maker

    return register


course_maker = _registered(COURSE)
scenario_maker = _registered(DRILL)
