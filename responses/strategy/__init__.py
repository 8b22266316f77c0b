"""The strategy advisor: from the answers to a few questions to a posture, with its reasons.

Situational crisis communication theory (SCCT; Coombs 2007). Pure: no database, no clock. What it
proposes is advice; a person decides.
"""

from .proposing import Change, Proposal, propose
from .questions import KINDS, QUESTIONS, UNKNOWN, Answers
from .sentences import Opening, openings

__all__ = [
    "KINDS",
    "QUESTIONS",
    "UNKNOWN",
    "Answers",
    "Change",
    "Opening",
    "Proposal",
    "openings",
    "propose",
]
