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
from .volume import NetworkShare, Point, Shares, by_network, sentiment_shares, volume

__all__ = [
    "Cursor",
    "Filters",
    "NetworkShare",
    "Page",
    "Point",
    "Post",
    "Pulse",
    "Shares",
    "Summary",
    "TooSlow",
    "by_network",
    "get_mention",
    "kept_posts",
    "latest_at",
    "networks",
    "newer",
    "pulses",
    "samples",
    "sentiment_shares",
    "stream",
    "summary",
    "top_posts",
    "volume",
    "whole",
]
