"""The demo's public: reads the text files beside it and makes posts of them, reproducibly."""

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent
CHOICE = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True)
class Line:
    """One line of a text file: who says it (or anybody), where, and a text with choices in it."""

    key: str
    lang: str
    networks: tuple[str, ...]
    author: str
    followers: int
    text: str


@dataclass(frozen=True, slots=True)
class Utterance:
    """One post to be: at a time, on a network, by somebody."""

    at: datetime
    network: str
    author: str
    followers: int
    lang: str
    text: str


@dataclass
class Public:
    """Draws lines and people from the files; the same seed says the same."""

    seed: str
    rng: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)  # noqa: S311 - invented talk, not a secret

    def say(self, line: Line, at: datetime) -> Utterance:
        author, followers = line.author, line.followers
        if not author:
            author, followers = self.rng.choice(names()), int(self.rng.lognormvariate(5.6, 1.3))
        return Utterance(
            at=at,
            network=self.rng.choice(line.networks),
            author=author,
            followers=followers,
            lang=line.lang,
            text=CHOICE.sub(lambda match: self.rng.choice(match[1].split("|")), line.text),
        )

    def moments(
        self, since: datetime, until: datetime, per_hour: float, *, daily: bool = True
    ) -> Iterator[datetime]:
        """Random moments at a mean rate; with `daily`, few at night and most in the evening."""
        at = since
        while True:
            at += timedelta(hours=self.rng.expovariate(per_hour * 1.6))
            if at >= until:
                return
            # Thinning: the rate above is the day's highest.
            if not daily or self.rng.random() * 1.6 < rhythm(at.hour):
                yield at


def rhythm(hour: int) -> float:
    """How lively an hour (UTC) is; averages about 1 over a day, 1.6 at the most."""
    if hour < 5:
        return 0.2
    if hour < 8:
        return 1.0
    return 1.6 if 16 <= hour < 21 else 1.2


@cache
def names() -> list[str]:
    return [line for line in _lines("names.txt") if line]


@cache
def ordinary(brand: str) -> list[Line]:
    """The everyday lines about a brand (its key in ordinary.txt)."""
    found = []
    for raw in _lines("ordinary.txt"):
        key, lang, networks, text = raw.split("|", 3)
        if key == brand:
            found.append(Line(key, lang, tuple(networks.split()), "", 0, text))
    return found


@cache
def crisis(phase: str) -> list[Line]:
    """The lines of one phase of the crisis, those by a named author first."""
    found = []
    for raw in _lines("crisis.txt"):
        key, lang, networks, who, text = raw.split("|", 4)
        author, _, followers = who.rpartition(" ")
        if key == phase:
            reach = int(followers) if author else 0
            found.append(Line(key, lang, tuple(networks.split()), author, reach, text))
    return sorted(found, key=lambda line: not line.author)


def _lines(name: str) -> list[str]:
    text = (FOLDER / name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]
