"""What people do with mentions."""

from .correcting import correct_sentiment

__all__ = ["correct_sentiment"]
