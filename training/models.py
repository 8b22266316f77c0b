"""The rows of this room."""

from .models_cases import CaseStudy

__all__ = ["CaseStudy"]
