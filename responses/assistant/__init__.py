"""A language model behind any server that speaks /v1/chat/completions. It has no tools and no say.

What it is told is put together here from what the person who asks may see; what it answers is text,
shown as a suggestion until somebody takes it into a draft.
"""

from .client import Answer, Endpoint, ModelError, complete
from .prompts import MOST_TOKENS, Brief, messages, reserve

__all__ = [
    "MOST_TOKENS",
    "Answer",
    "Brief",
    "Endpoint",
    "ModelError",
    "complete",
    "messages",
    "reserve",
]
