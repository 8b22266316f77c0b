"""Contradictions between a draft and what already stands: numbers, times, causes and more."""

from .comparing import Clash, Index, clashes, opposed
from .reading import Claim, Said, read

__all__ = ["Claim", "Clash", "Index", "Said", "clashes", "opposed", "read"]
