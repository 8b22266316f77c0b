"""How a version lists its images: in order, by digest, with their alt texts."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass

# What every network that carries images takes.
MOST = 4
MOST_ALT = 1000


@dataclass(frozen=True)
class Placed:
    """An image as a version shows it; `alt` says what is seen, for those who cannot see it."""

    sha256: str
    alt: str
    media_type: str
    width: int
    height: int

    @property
    def file(self) -> str:
        """Its name as a file of its own."""
        return f"{self.sha256}.{'png' if self.media_type == 'image/png' else 'jpg'}"


def listed(images: Iterable[Placed]) -> str:
    """Write a version's images down as its digest covers them; "" for none."""
    rows = [asdict(each) for each in images]
    return json.dumps(rows, ensure_ascii=False, sort_keys=True) if rows else ""


def read(media: str) -> list[Placed]:
    """Return the images of what `listed` wrote, in their order."""
    return [Placed(**row) for row in json.loads(media)] if media else []
