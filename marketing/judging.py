"""How well the scan does on the judged posts, which are invented. For docs, tests and bench."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .timing import Crisis, scan

JUDGED = Path(__file__).parent / "data" / "timing_judged.tsv"


@dataclass(frozen=True)
class Judged:
    """`half` is "a" (seen while the lists were made) or "b" (never used to change them)."""

    half: str
    crisis: Crisis
    is_bad: bool
    text: str


@dataclass(frozen=True)
class Score:
    """Counts over posts: marked rightly, marked wrongly, missed, left alone rightly."""

    hits: int
    false: int
    missed: int
    quiet: int

    @property
    def precision(self) -> float:
        return self.hits / max(1, self.hits + self.false)

    @property
    def recall(self) -> float:
        return self.hits / max(1, self.hits + self.missed)


def judged(half: str = "") -> Iterator[Judged]:
    for line in JUDGED.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        part, kind, terms, verdict, text = line.split("\t")
        if half in ("", part):
            yield Judged(part, Crisis(kind, tuple(terms.split(","))), verdict == "bad", text)


def measure(half: str = "") -> Score:
    pairs = [(each.is_bad, bool(scan(each.text, [each.crisis]))) for each in judged(half)]
    return Score(
        hits=pairs.count((True, True)),
        false=pairs.count((False, True)),
        missed=pairs.count((True, False)),
        quiet=pairs.count((False, False)),
    )
