"""What changes statement pages: sites, drafts for them, what is pressed, who is told."""

from .drafts import OPEN, Terms, change_terms, prepare, write
from .sites import Wanted, change_site, open_site, rotate_key

__all__ = [
    "OPEN",
    "Terms",
    "Wanted",
    "change_site",
    "change_terms",
    "open_site",
    "prepare",
    "rotate_key",
    "write",
]
