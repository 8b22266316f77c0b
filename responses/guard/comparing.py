"""Two claims side by side: whether they speak of the same thing, and whether both can be true."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from .reading import Claim, Said, read, strong

# Sentences are of one thing when they share so much of the shorter one's concepts.
SHARED = 0.5
MOST = 20


@dataclass(frozen=True)
class Clash:
    """A claim of the draft and the claim of a live text that it contradicts."""

    claim: Claim
    other: Claim
    said: Said

    @property
    def kind(self) -> str:
        return self.claim.kind


class Index:
    """Claims of many texts, found by what they are of: kind and concept."""

    def __init__(self, texts: Iterable[Said]) -> None:
        self._found: dict[tuple[str, str], list[tuple[Claim, Said]]] = defaultdict(list)
        for said in texts:
            for claim in read(said):
                for key in _keys(claim):
                    self._found[key].append((claim, said))

    def near(self, claim: Claim) -> list[tuple[Claim, Said]]:
        """Return what may be of the same thing, each once, the latest text first."""
        found = {
            (id(other), id(said)): (other, said)
            for key in _keys(claim)
            for other, said in self._found.get(key, ())
        }
        return sorted(found.values(), key=lambda pair: pair[1].at, reverse=True)


def _keys(claim: Claim) -> list[tuple[str, str]]:
    if claim.kind == "promise":
        return [("promise", claim.what)]
    if claim.kind in {"cause", "posture"}:
        return [(claim.kind, "")]
    if claim.quantity:
        return [("number", each) for each in claim.about | {claim.quantity.unit} if each]
    return [(claim.kind, each) for each in claim.about]


def clashes(draft: Said, live: Index) -> list[Clash]:
    """Return what a draft contradicts, by place; against each text a claim counts once."""
    found: dict[tuple[Claim, str, str], Clash] = {}
    for claim in read(draft):
        for other, said in live.near(claim):
            if _contradict(claim, other, now=draft.at):
                # Of postures the latest is enough: it is one thing to decide.
                where = ("", "") if claim.kind == "posture" else (said.label, said.url)
                found.setdefault((claim, *where), Clash(claim, other, said))
    kept = sorted(found.values(), key=lambda each: each.claim.start)
    return kept[:MOST]


def _contradict(one: Claim, other: Claim, *, now: datetime) -> bool:
    if one.kind == "posture":
        # Denying beside anything else; diminishing and rebuilding may stand together.
        return opposed(one.what, other.what)
    if one.kind == "promise":
        return _promises_differ(one, other, now)
    if one.kind == "cause":
        return _causes_differ(one, other)
    if one.quantity and other.quantity:
        return _numbers_differ(one, other)
    return one.kind == "time" and _times_differ(one, other)


def opposed(one: str, other: str) -> bool:
    """Whether two postures weaken each other."""
    return {one, other} in ({"deny", "diminish"}, {"deny", "rebuild"})


def _same(one: Claim, other: Claim, *, of: frozenset[str] | None = None) -> bool:
    """Whether two sentences are of one thing."""
    if one.names and other.names and not one.names & other.names:
        return False
    shared = one.about & other.about
    least = min(len(one.about), len(other.about))
    if not least or (of is not None and not shared & of):
        return False
    if len(shared) == 1:
        return bool(shared & strong()) or (least == 1 and len(one.about) == len(other.about))
    return len(shared) >= SHARED * least


def _numbers_differ(one: Claim, other: Claim) -> bool:
    mine, theirs = one.quantity, other.quantity
    if mine is None or theirs is None or mine.unit != theirs.unit or one.is_part != other.is_part:
        return False
    # What is counted stands right behind the number: the two must count the same.
    of = one.near & other.near
    if not of or mine.agrees(theirs) or not _same(one, other):
        return False
    # "12 came on Monday, 15 on Tuesday."
    return not (one.days and other.days and not one.days & other.days)


def _times_differ(one: Claim, other: Claim) -> bool:
    if not _same(one, other):
        return False
    if one.days and other.days:
        if not one.days & other.days:
            # "12 came on Monday": a day that is counted for is no day on which it all happened.
            return not (one.counts and other.counts)
    elif one.days or other.days:
        # One of them does not say the day: their hours may be of two days.
        return False
    return bool(one.minutes and other.minutes and not one.minutes & other.minutes)


def _causes_differ(one: Claim, other: Claim) -> bool:
    if one.about and other.about and not one.about & other.about:
        return False
    if "unknown" in (one.what, other.what):
        return one.what != other.what
    alike = bool(one.cause & other.cause)
    if one.denied != other.denied:
        return alike
    return not one.denied and not alike


def _promises_differ(one: Claim, other: Claim, now: datetime) -> bool:
    if one.what != "update" and one.about and not _related(one, other):
        return False
    if one.denied != other.denied:
        return one.what != "update"
    mine, theirs = _due(one), _due(other)
    if not mine or not theirs or mine == theirs:
        return False
    # The update after the one that is over by now is another one.
    return not (one.what == "update" and _is_over(other, now))


def _related(one: Claim, other: Claim) -> bool:
    if one.names and other.names and not one.names & other.names:
        return False
    return len(one.about & other.about) >= SHARED * min(len(one.about), len(other.about) or 1)


def _due(claim: Claim) -> tuple[frozenset[object], frozenset[int]] | None:
    return (claim.days, claim.minutes) if claim.days or claim.minutes else None


def _is_over(claim: Claim, now: datetime) -> bool:
    days = [day for day in claim.days if isinstance(day, type(now.date()))]
    if days and max(days) != now.date():
        return max(days) < now.date()
    return bool(claim.minutes) and max(claim.minutes) <= now.hour * 60 + now.minute
