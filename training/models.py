"""The rows of this room."""

from .models_cases import CaseOutcome, CaseStudy

__all__ = ["CaseOutcome", "CaseStudy"]
