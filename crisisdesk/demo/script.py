"""When the demo's public says what: weeks of ordinary talk, then one bad morning."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from .talk import Line, Public, Utterance, crisis, ordinary


@dataclass(frozen=True)
class Phase:
    """A stretch of the crisis: which lines, from which minute to which, how many a minute."""

    name: str
    begins: float
    ends: float
    rate: float


# Minutes after the crisis begins. The video is out at minute 0; the desk should notice within the
# next few, the press at 12, rumours at 16, and it ebbs away after an hour and a half.
PHASES = (
    Phase("spread", 0.3, 4, 8),
    Phase("wave", 1.5, 12, 16),
    Phase("wave", 12, 45, 22),
    Phase("press", 12, 50, 2),
    Phase("rumour", 16, 60, 2.5),
    Phase("answer-wanted", 10, 70, 4),
    Phase("wave", 45, 80, 9),
    Phase("fading", 60, 150, 4),
)


def ordinary_talk(
    brand: str, since: datetime, until: datetime, *, per_hour: float, seed: str
) -> Iterator[Utterance]:
    """Everyday posts about a brand, in order of time."""
    public, lines = Public(f"{seed}:{brand}"), ordinary(brand)
    for at in public.moments(since, until, per_hour):
        yield public.say(public.rng.choice(lines), at)


def crisis_talk(begins: datetime, *, seed: str, speed: float = 1) -> list[Utterance]:
    """The whole crisis, in order of time; `speed` 2 plays it in half the time."""
    public = Public(f"{seed}:crisis")
    said = [public.say(crisis("first")[0], begins)]
    for phase in PHASES:
        said.extend(_phase(public, phase, begins, speed))
    return sorted(said, key=lambda utterance: utterance.at)


def _phase(public: Public, phase: Phase, begins: datetime, speed: float) -> Iterator[Utterance]:
    since = begins + timedelta(minutes=phase.begins / speed)
    until = begins + timedelta(minutes=phase.ends / speed)
    lines = crisis(phase.name)
    named: list[Line] = [line for line in lines if line.author]
    anybody = [line for line in lines if not line.author]
    # Named voices speak once, early in their phase; a later stretch of the same phase has anybody.
    if phase is _first_of(phase.name):
        for number, line in enumerate(named, 1):
            yield public.say(line, since + (until - since) * number / (len(named) + 4))
    per_hour = phase.rate * 60 * speed
    for at in public.moments(since, until, per_hour / 1.6, daily=False):
        yield public.say(public.rng.choice(anybody), at)


def _first_of(name: str) -> Phase:
    return next(phase for phase in PHASES if phase.name == name)
