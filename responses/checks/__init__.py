"""What can be said of a draft before it goes out: places that weaken it, and what is missing.

Pure: no database, no clock. Advice, never a block; what may block is said by services/checking.py.
"""

from .checking import check
from .finding import Element, Finding, Guideline, Report

__all__ = ["Element", "Finding", "Guideline", "Report", "check"]
