"""The questions, their answers, and what kind of crisis belongs to which cluster."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields

UNKNOWN = "unknown"
VICTIM, ACCIDENTAL, PREVENTABLE = "victim", "accidental", "preventable"
CLUSTERS = (VICTIM, ACCIDENTAL, PREVENTABLE)
# Coombs' crisis types by the responsibility that people give the organisation.
KINDS: dict[str, str] = {
    "natural_disaster": VICTIM,
    "rumour": VICTIM,
    "workplace_violence": VICTIM,
    "malevolence": VICTIM,
    "challenge": ACCIDENTAL,
    "technical_accident": ACCIDENTAL,
    "technical_product": ACCIDENTAL,
    "human_accident": PREVENTABLE,
    "human_product": PREVENTABLE,
    "misdeed": PREVENTABLE,
}
_YES_NO = ("yes", "no", UNKNOWN)
# In the order in which they are asked.
QUESTIONS: dict[str, tuple[str, ...]] = {
    "kind": (*KINDS, UNKNOWN),
    "harm": _YES_NO,
    "true": _YES_NO,
    "warned": _YES_NO,
    "history": _YES_NO,
    "reputation": ("negative", "neutral", "positive", UNKNOWN),
    "public": _YES_NO,
    "charge": _YES_NO,
}


@dataclass(frozen=True)
class Answers:
    """One answer a question; what nobody knows is "unknown".

    `true`: whether what is said of us is true. `warned`: whether we knew of the risk or broke a
    rule of our own. `charge`: whether it is a charge in public that has harmed nobody.
    """

    kind: str = UNKNOWN
    harm: str = UNKNOWN
    true: str = UNKNOWN
    warned: str = UNKNOWN
    history: str = UNKNOWN
    reputation: str = UNKNOWN
    public: str = UNKNOWN
    charge: str = UNKNOWN

    def __post_init__(self) -> None:
        for field in fields(self):
            if getattr(self, field.name) not in QUESTIONS[field.name]:
                raise ValueError(f"{getattr(self, field.name)!r} is no answer to {field.name}.")

    @classmethod
    def of(cls, given: Mapping[str, str]) -> "Answers":
        """Read what was kept; ValueError for an answer that is none."""
        return cls(**{name: given.get(name, UNKNOWN) for name in QUESTIONS})

    def kept(self) -> dict[str, str]:
        return asdict(self)
