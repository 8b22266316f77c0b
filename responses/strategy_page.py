"""The strategy advisor's page and API, put together: questions, proposal, decision, history."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.utils.text import format_lazy

from incidents.models import Incident

from . import hinting
from .enums_strategy import Posture
from .models_strategy import StrategyAnswers, StrategyDecision
from .services.strategy import latest_answers, latest_decision
from .strategy import Answers, Proposal, openings, propose
from .strategy.wording import (
    BASIS,
    BOLSTER,
    OPENINGS,
    POSTURES,
    QUESTIONS,
    REASONS,
    TONES,
    WARNINGS,
    answers,
)


@dataclass(frozen=True)
class Shift:
    """Answers to one question that would lead elsewhere, in words."""

    question: Any
    answer: Any
    posture: str


@dataclass(frozen=True)
class Sentence:
    """A first sentence in both languages, with what it is there for."""

    purpose: Any
    en: str
    da: str


@dataclass(frozen=True)
class Told:
    """A proposal in the reader's language."""

    proposal: Proposal

    @property
    def posture(self) -> str:
        return str(self.proposal.posture.label)

    @property
    def about(self) -> Any:
        return POSTURES[self.proposal.posture.value]

    @property
    def confidence(self) -> str:
        return str(self.proposal.confidence.label)

    @property
    def reasons(self) -> list[Any]:
        return [REASONS[code] for code in self.proposal.reasons]

    @property
    def tone(self) -> list[Any]:
        return [TONES[code] for code in self.proposal.tone]

    @property
    def warnings(self) -> list[Any]:
        return [WARNINGS[code] for code in self.proposal.warnings]

    @property
    def bolster(self) -> list[Any]:
        return [BOLSTER[code] for code in self.proposal.bolster]

    @property
    def basis(self) -> list[str]:
        asked = ", ".join(f"“{QUESTIONS[question][0]}”" for question in self.proposal.open)
        places = {"questions": asked, "guideline": self.proposal.guideline}
        return [str(BASIS[code]) % places for code in self.proposal.basis]

    @property
    def changes(self) -> list[Shift]:
        """By question and posture: several answers that lead to the same are one line."""
        found: dict[tuple[str, Posture], list[Any]] = {}
        for change in self.proposal.changes:
            words = answers(change.question)[change.answer]
            found.setdefault((change.question, change.posture), []).append(words)
        return [
            Shift(QUESTIONS[question][0], _either(words), str(posture.label))
            for (question, posture), words in found.items()
        ]

    @property
    def openings(self) -> list[Sentence]:
        found = openings(self.proposal)
        return [Sentence(OPENINGS[each.code], each.en, each.da) for each in found]


def _either(words: Iterable[Any]) -> Any:
    first, *rest = words
    for word in rest:
        first = format_lazy("{} / {}", first, word)
    return first


@dataclass
class Advice:
    """What the advisor has to say of an incident now."""

    incident: Incident

    @cached_property
    def latest(self) -> StrategyAnswers | None:
        return latest_answers(self.incident)

    @cached_property
    def decision(self) -> StrategyDecision | None:
        return latest_decision(self.incident)

    @property
    def base(self) -> int:
        return self.latest.number if self.latest else 0

    @cached_property
    def told(self) -> Told | None:
        """The proposal by the answers that were given; None before anybody answered."""
        return Told(propose(Answers.of(self.latest.answers))) if self.latest else None

    @cached_property
    def hints(self) -> dict[str, hinting.Hint]:
        return hinting.hints(self.incident)

    @property
    def initial(self) -> dict[str, Any]:
        """What stands in the form: the last answers, or what the desk knows already."""
        known: dict[str, str] = {name: hint.answer for name, hint in self.hints.items()}
        return {"base": self.base, **(self.latest.answers if self.latest else known)}

    @property
    def is_outdated(self) -> bool:
        """Whether somebody answered anew since it was decided."""
        return bool(self.decision and self.decision.answers.number != self.base)

    @cached_property
    def history(self) -> list[StrategyAnswers]:
        rows = StrategyAnswers.objects.filter(incident=self.incident).select_related("by")
        return list(rows.prefetch_related("decisions__by")[:50])
