"""What is read about mentions. Callers pass only brands that the reader may see."""

from .farthest import top_posts
from .filters import Cursor, Filters
from .pulse import Pulse, latest_at, pulses
from .stream import (
    Page,
    Post,
    Summary,
    TooSlow,
    get_mention,
    kept_posts,
    networks,
    newer,
    samples,
    stream,
    summary,
    whole,
)
from .volume import Lately, NetworkShare, Point, Shares, lately, volume

__all__ = [
    "Cursor",
    "Filters",
    "Lately",
    "NetworkShare",
    "Page",
    "Point",
    "Post",
    "Pulse",
    "Shares",
    "Summary",
    "TooSlow",
    "get_mention",
    "kept_posts",
    "lately",
    "latest_at",
    "networks",
    "newer",
    "pulses",
    "samples",
    "stream",
    "summary",
    "top_posts",
    "volume",
    "whole",
]
