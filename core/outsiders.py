"""What pages for people without an account share: their headers, and a bound on calls.

Such pages hang on a signed link, so guessing one must be slow, and neither a search engine nor the
next site may learn of it.
"""

from functools import cache as once

import redis
from django.core.cache import cache
from django.db import connection
from django.http import HttpRequest, HttpResponse

from .live_sender import connect

SECONDS = 60
HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
}


def headed(response: HttpResponse) -> HttpResponse:
    """Return the answer with the headers that keep its address to those who have it."""
    for name, value in HEADERS.items():
        response[name] = value
    return response


def too_many(request: HttpRequest, door: str, *, most: int) -> bool:
    """Count a call of `door`; whether its address has made more than `most` in a minute.

    All web processes count together, in Redis. While that is away each counts for itself.
    """
    key = f"{prefix()}{door}:{request.META.get('REMOTE_ADDR', '')}"
    try:
        calls = _together(key)
    except (redis.RedisError, OSError):
        calls = _alone(key)
    return calls > most


def prefix() -> str:
    """What our keys begin with: Redis may serve several desks."""
    return f"crisisdesk:{connection.settings_dict['NAME']}:calls:"


def _together(key: str) -> int:
    with client().pipeline() as both:
        both.incr(key)
        # Only where there is none yet: the minute begins with the first call.
        both.expire(key, SECONDS, nx=True)
        return int(both.execute()[0])


def _alone(key: str) -> int:
    cache.add(key, 0, timeout=SECONDS)
    try:
        return cache.incr(key)
    except ValueError:  # it ran out between the two
        return 0


@once
def client() -> redis.Redis:
    """One client a process, with a pool of lines of its own."""
    return connect()
