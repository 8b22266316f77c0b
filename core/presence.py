"""Who is looking at an object's page right now. Kept in Redis for a minute; losing it harms nobody.

Each socket writes itself under its own name, so that a person with two tabs stays until both are
closed. A socket that dies without a word is forgotten when its minute is over.
"""

import logging
import time
from collections.abc import Iterable
from typing import Any

import redis

from . import live, live_sender

logger = logging.getLogger(__name__)

# Sockets write themselves again every LIVE_RECHECK_SECONDS, at most 30.
KEEP_SECONDS = 75
IDLE_KEEP_SECONDS = 12 * 3600
_clients: list[redis.Redis] = []


def enter(group: str, user_id: int, visit: str) -> None:
    """Note that the socket `visit` (any unique word) of a person shows the group's page."""
    now = time.time()
    before = present(group)
    try:
        with _client().pipeline(transaction=True) as pipeline:
            pipeline.zremrangebyscore(_key(group), "-inf", now)
            pipeline.srem(_idle_key(group), user_id)
            pipeline.zadd(_key(group), {f"{user_id}:{visit}": now + KEEP_SECONDS})
            pipeline.expire(_key(group), KEEP_SECONDS)
            pipeline.execute()
    except (redis.RedisError, OSError) as error:
        logger.info("Presence was not noted: %s", error)
        return
    if user_id not in before:
        live.hint(group, "presence", {"count": len(before) + 1})


def stay(seen: Iterable[tuple[str, int, str]]) -> None:
    """Keep sockets, as (group, user id, visit), for another while. One exchange for all."""
    until = time.time() + KEEP_SECONDS
    try:
        with _client().pipeline(transaction=False) as pipeline:
            for group, user_id, visit in seen:
                pipeline.zadd(_key(group), {f"{user_id}:{visit}": until})
                pipeline.expire(_key(group), KEEP_SECONDS)
            pipeline.execute()
    except (redis.RedisError, OSError) as error:
        logger.info("Presence was not kept: %s", error)


def leave(group: str, user_id: int, visit: str) -> None:
    """Forget the socket; tell the page if it was the person's last one there."""
    try:
        _client().zrem(_key(group), f"{user_id}:{visit}")
    except (redis.RedisError, OSError) as error:
        logger.info("Presence was not withdrawn: %s", error)
        return
    left = present(group)
    if user_id not in left:
        live.hint(group, "presence", {"count": len(left)})


def present(group: str) -> list[int]:
    """Return the ids of the people on the page, ascending; nobody while Redis is away."""
    try:
        members: Any = _client().zrangebyscore(_key(group), time.time(), "+inf")
    except (redis.RedisError, OSError) as error:
        logger.info("Presence is not known: %s", error)
        return []
    return sorted({int(member.split(b":")[0]) for member in members})


def rest(group: str, user_id: int, *, idle: bool) -> None:
    """Note that somebody on the page has done nothing for a while, or does something again."""
    try:
        with _client().pipeline(transaction=False) as pipeline:
            if idle:
                pipeline.sadd(_idle_key(group), user_id)
                pipeline.expire(_idle_key(group), IDLE_KEEP_SECONDS)
            else:
                pipeline.srem(_idle_key(group), user_id)
            pipeline.execute()
    except (redis.RedisError, OSError) as error:
        logger.info("Idleness was not noted: %s", error)
        return
    live.hint(group, "presence", {"count": len(present(group))})


def idle(group: str) -> set[int]:
    """Return the ids of those who are on the page and do nothing; nobody while Redis is away."""
    try:
        members: Any = _client().smembers(_idle_key(group))
    except (redis.RedisError, OSError) as error:
        logger.info("Idleness is not known: %s", error)
        return set()
    return {int(member) for member in members}


def _idle_key(group: str) -> str:
    return f"{live_sender.channel_prefix()}idle:{group}"


def _key(group: str) -> str:
    return f"{live_sender.channel_prefix()}presence:{group}"


def _client() -> redis.Redis:
    # Made late, and once: the pool inside is safe for threads and for forks.
    if not _clients:
        _clients.append(live_sender.connect())
    return _clients[0]
