"""From answers to a proposal: SCCT's guidelines as rules, read from top to bottom.

1. What may be untrue is neither admitted nor denied: while nobody knows, inform and care.
2. A rumour or challenge that is not true is denied with facts, without an attack.
3. Otherwise the cluster decides, one step graver with a similar crisis before or a bad name, and
   gravest where a known risk was ignored (that last rule is ours, not Coombs').
4. The posture is the level's: inform and care, diminish, rebuild.
"""

from dataclasses import dataclass, replace

from responses.enums_strategy import Confidence, Posture

from .questions import CLUSTERS, KINDS, PREVENTABLE, QUESTIONS, UNKNOWN, Answers

_BY_LEVEL = (Posture.BASE, Posture.DIMINISH, Posture.REBUILD)
# Which of Coombs' guidelines we have read ourselves; the others we know of the same table.
CHECKED = frozenset({1, 2})
_VICTIMS = frozenset({"natural_disaster", "rumour", "workplace_violence", "malevolence"})


@dataclass(frozen=True)
class Change:
    """Another answer to one question, and what would then be proposed."""

    question: str
    answer: str
    posture: Posture


@dataclass(frozen=True)
class Proposal:
    """Codes; wording.py has the words.

    `rule` is what decided, `guideline` Coombs' number of it (0: none). `reasons`, `tone`,
    `warnings`, `basis` and `bolster` are codes in the order in which they are told.
    """

    posture: Posture
    rule: str
    cluster: str
    guideline: int
    reasons: tuple[str, ...]
    tone: tuple[str, ...]
    warnings: tuple[str, ...]
    bolster: tuple[str, ...]
    confidence: Confidence
    basis: tuple[str, ...]
    # Questions without an answer, one of whose answers would lead elsewhere.
    open: tuple[str, ...]
    changes: tuple[Change, ...]

    @property
    def cares(self) -> bool:
        """Whether concern comes before anything else is said."""
        return "care_first" in self.tone


def propose(answers: Answers) -> Proposal:
    """Return what SCCT advises for these answers. The same answers, the same proposal."""
    posture, rule = _judged(answers)
    changes = tuple(_changes(answers, posture))
    opened = tuple(
        question
        for question in QUESTIONS
        if getattr(answers, question) == UNKNOWN
        and any(change.question == question for change in changes)
    )
    guideline = _guideline(answers, posture, rule)
    return Proposal(
        posture=posture,
        rule=rule,
        cluster=_cluster(answers),
        guideline=guideline,
        reasons=_reasons(answers, rule),
        tone=_tone(answers, posture),
        warnings=_warnings(answers, posture),
        bolster=_bolster(answers),
        confidence=Confidence.LOW if opened or _misnamed(answers) else Confidence.MODERATE,
        basis=_basis(answers, posture, guideline, opened),
        open=opened,
        changes=changes,
    )


def _judged(answers: Answers) -> tuple[Posture, str]:
    """Return the posture and the rule that decided it."""
    if answers.true == UNKNOWN:
        return Posture.BASE, "claim_open"
    if answers.kind == UNKNOWN:
        return Posture.BASE, "kind_open"
    if answers.true == "no":
        deniable = answers.kind in ("rumour", "challenge")
        return (Posture.DENY, "untrue") if deniable else (Posture.BASE, "misnamed")
    if answers.kind == "rumour":
        return Posture.BASE, "misnamed"
    return _BY_LEVEL[_level(answers)], "cluster"


def _level(answers: Answers) -> int:
    """How much responsibility people will give us: 0 little, 1 some, 2 much."""
    if answers.warned == "yes":
        return 2
    return min(2, CLUSTERS.index(KINDS[answers.kind]) + _is_intensified(answers))


def _is_intensified(answers: Answers) -> bool:
    return answers.history == "yes" or answers.reputation == "negative"


def _misnamed(answers: Answers) -> bool:
    return _judged(answers)[1] == "misnamed"


def _cluster(answers: Answers) -> str:
    return "" if answers.kind == UNKNOWN else KINDS[answers.kind]


def _guideline(answers: Answers, posture: Posture, rule: str) -> int:
    if posture == Posture.DENY:
        return 7
    if rule != "cluster":
        return 0
    if posture == Posture.REBUILD:
        return 6 if _cluster(answers) == PREVENTABLE or answers.warned == "yes" else 5
    if posture == Posture.DIMINISH:
        return 3 if _is_intensified(answers) else 4
    return 1


def _changes(answers: Answers, posture: Posture) -> list[Change]:
    """Ask again with every other answer, one question at a time."""
    found = []
    for question, options in QUESTIONS.items():
        for option in options:
            other, _rule = _judged(replace(answers, **{question: option}))
            if other != posture:
                found.append(Change(question, option, other))
    return found


def _reasons(answers: Answers, rule: str) -> tuple[str, ...]:
    reasons = [rule if rule != "cluster" else _cluster(answers)]
    if rule == "cluster":
        told = {
            "warned": answers.warned == "yes",
            "history": answers.history == "yes",
            "reputation": answers.reputation == "negative",
            "steady": not _is_intensified(answers) and answers.warned != "yes",
        }
        reasons += [code for code, holds in told.items() if holds]
    if answers.harm != "no":
        reasons.append("harm" if answers.harm == "yes" else "harm_open")
    return tuple(reasons)


def _tone(answers: Answers, posture: Posture) -> tuple[str, ...]:
    first = ("care_first",) if answers.harm != "no" else ()
    own = {
        Posture.BASE: "plain",
        Posture.DENY: "factual",
        Posture.DIMINISH: "level",
        Posture.REBUILD: "humble",
    }
    return (*first, own[posture])


def _warnings(answers: Answers, posture: Posture) -> tuple[str, ...]:
    told = {
        "thunder": answers.public == "no" and answers.true == "yes",
        "paracrisis": answers.charge == "yes" and answers.harm == "no",
        "no_smaller": posture == Posture.DIMINISH and answers.harm != "no",
        "no_attack": posture == Posture.DENY,
        "no_halo": answers.reputation == "positive",
        "not_a_rumour": answers.kind == "rumour" and answers.true == "yes",
        "is_rumour": answers.true == "no" and answers.kind not in ("rumour", "challenge", UNKNOWN),
    }
    return tuple(code for code, holds in told.items() if holds)


def _bolster(answers: Answers) -> tuple[str, ...]:
    """What may be added to a posture, never instead of one."""
    told = {
        "reminder": answers.reputation in ("neutral", "positive"),
        "victimage": answers.kind in _VICTIMS and answers.warned == "no",
    }
    return tuple(code for code, holds in told.items() if holds)


def _basis(
    answers: Answers, posture: Posture, guideline: int, opened: tuple[str, ...]
) -> tuple[str, ...]:
    told = {
        "open": bool(opened),
        "checked": guideline in CHECKED,
        "recalled": guideline > 0 and guideline not in CHECKED,
        "own_rule": guideline == 6 and _cluster(answers) != PREVENTABLE,
        "caution": guideline == 0,
        "mixed_rebuild": posture == Posture.REBUILD,
        "mixed_sympathy": answers.harm != "no",
        "mixed_denial": posture == Posture.DENY,
        "experiments": True,
    }
    return tuple(code for code, holds in told.items() if holds)
