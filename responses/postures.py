"""How texts stand to what is held against us, and where one stands against another.

Every published text, what was said elsewhere, and every draft that may still go out. Found by the
cues of the contradiction guard: each finding has its place, so that it can be judged.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import F
from django.urls import reverse
from django.utils.translation import gettext as _

from incidents.models import Incident

from .advising import Piece, units
from .enums import DraftState
from .enums_strategy import Posture, Stance
from .guard import Claim, Said, opposed, read
from .live_texts import as_said, noted, published
from .models import Draft, Version
from .models_strategy import StrategyDecision
from .services.strategy import latest_decision
from .strategy.wording import STANCES

OPEN = (DraftState.WRITING, DraftState.SUBMITTED, DraftState.CHANGES, DraftState.APPROVED)
MOST = 12


@dataclass(frozen=True)
class Stood:
    """A place where a text takes a posture; `start` and `end` as browsers count."""

    claim: Claim
    start: int
    end: int

    @property
    def stance(self) -> Stance:
        return Stance(self.claim.what)

    @property
    def quote(self) -> str:
        return self.claim.sentence

    @property
    def why(self) -> Any:
        return STANCES[self.claim.what]


@dataclass(frozen=True)
class Opposed:
    """A place of the text and one of another text (or of itself) that weaken each other."""

    here: Stood
    there: Stood
    said: Said
    # Whether the other text is public: those outside are shown no other one.
    is_public: bool = False


@dataclass(frozen=True)
class Postures:
    """One text: what it takes, what of it stands against what else, and what was decided."""

    incident: Incident
    text: str
    stood: list[Stood]
    against: list[Opposed]

    @cached_property
    def decision(self) -> StrategyDecision | None:
        return latest_decision(self.incident)

    @property
    def stances(self) -> list[Stance]:
        """Each once, in the order of the enum."""
        taken = {each.stance for each in self.stood}
        return [stance for stance in Stance if stance in taken]

    @property
    def strays(self) -> list[Stance]:
        """What the text does that the decided posture does not ask for."""
        if not self.stood or self.decision is None:
            return []
        decided = Posture(self.decision.posture).value
        return [each for each in self.stances if each.value not in (decided, Stance.BOLSTER.value)]

    @property
    def pieces(self) -> list[tuple[Piece, bool]]:
        """The text cut at its places, each with whether it takes a posture."""
        cuts = sorted(
            {0, len(self.text)}
            | {place for each in self.stood for place in (each.claim.start, each.claim.end)}
        )
        return [
            (Piece(self.text[start:end], ()), self._is_marked(start, end))
            for start, end in pairwise(cuts)
        ]

    def _is_marked(self, start: int, end: int) -> bool:
        return any(each.claim.start < end and each.claim.end > start for each in self.stood)


def stood(said: Said) -> list[Stood]:
    """Return the places at which a text takes a posture, in their order."""
    return [
        Stood(claim, units(said.text, claim.start), units(said.text, claim.end))
        for claim in read(said)
        if claim.kind == "posture"
    ]


def postures(
    incident: Incident, text: str, *, draft: Draft | None = None, now: datetime
) -> Postures:
    """Hold a text against itself and every other one of the incident.

    Five queries; none for a text that takes no posture, as most do.
    `draft` is the one that the text is of: it is not held against its own earlier versions.
    """
    said = as_said(incident, text, now=now)
    mine = stood(said)
    others = list(_others(incident, draft)) if mine else []
    against = [*_within(mine, said), *_beside(mine, others)]
    return Postures(incident, text, mine, against[:MOST])


def _others(incident: Incident, draft: Draft | None) -> Iterator[tuple[Said, bool]]:
    """Each with whether it is public."""
    zone = ZoneInfo(incident.brand.time_zone)
    own = "" if draft is None else _page(incident, draft.number)
    public = [*published(incident), *noted(incident)]
    for said, is_public in (
        *((each, False) for each in _drafts(incident, draft)),
        *((each, True) for each in public),
    ):
        if not own or said.url != own:
            here = Said(said.text, said.at.astimezone(zone), said.label, said.url)
            yield here, is_public


def _drafts(incident: Incident, draft: Draft | None) -> Iterator[Said]:
    """What may still go out, as it was saved last."""
    rows = Version.objects.filter(
        draft__incident=incident, draft__state__in=OPEN, number=F("draft__version")
    )
    if draft is not None:
        rows = rows.exclude(draft=draft.pk)
    for each in rows.select_related("draft")[:100]:
        label = _("%(title)s (draft)") % {"title": each.draft.title}
        yield Said(each.text, each.created_at, label, _page(incident, each.draft.number))


def _page(incident: Incident, number: int) -> str:
    return reverse("responses:draft", args=[incident.reference, number])


def _within(mine: Sequence[Stood], said: Said) -> Iterator[Opposed]:
    """A text that denies in one sentence what it admits in the next."""
    for number, here in enumerate(mine):
        for there in mine[number + 1 :]:
            if opposed(here.claim.what, there.claim.what):
                yield Opposed(here, there, Said("", said.at, _("This text itself")), True)
                return


def _beside(mine: Sequence[Stood], others: Sequence[tuple[Said, bool]]) -> Iterator[Opposed]:
    """Each other text once."""
    for said, is_public in sorted(others, key=lambda each: each[0].at, reverse=True):
        pairs = (
            (here, there)
            for here in mine
            for there in stood(said)
            if opposed(here.claim.what, there.claim.what)
        )
        if found := next(pairs, None):
            yield Opposed(*found, said, is_public)
