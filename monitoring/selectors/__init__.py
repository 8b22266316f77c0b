"""What is read about mentions. Callers pass only brands that the reader may see."""

from .pulse import Pulse, latest_at, pulses
from .stream import (
    Cursor,
    Filters,
    Page,
    Post,
    get_mention,
    networks,
    newer,
    samples,
    stream,
    top_posts,
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
    "by_network",
    "get_mention",
    "latest_at",
    "networks",
    "newer",
    "pulses",
    "samples",
    "sentiment_shares",
    "stream",
    "top_posts",
    "volume",
    "whole",
]
