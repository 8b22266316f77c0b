"""What people do with mentions and sources; each module one subject."""

from .correcting import correct_sentiment

__all__ = ["correct_sentiment"]
