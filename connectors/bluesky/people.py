"""Who wrote a post: handles and followers, asked for many at once and remembered for a while."""

import logging
import time
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from threading import Lock

from connectors.base import Post
from core import http

from .posts import address, whose
from .session import Session
from .xrpc import XrpcError

logger = logging.getLogger(__name__)

# What one call takes, how many people are remembered, and for how many seconds.
AT_ONCE = 25
REMEMBERED = 20_000
FRESH = 6 * 3600.0


@dataclass(frozen=True, slots=True)
class Person:
    handle: str
    followers: int
    # By time.monotonic().
    asked_at: float


_known: OrderedDict[tuple[str, str], Person] = OrderedDict()
_lock = Lock()


def complete(posts: list[Post], session: Session) -> list[Post]:
    """Return the posts with their authors' handles and followers, where Bluesky tells these.

    Reading goes on without: how many follow an author is no reason to miss what is said.
    """
    known = _recall(session.service, {post.author_id for post in posts})
    missing = sorted({post.author_id for post in posts} - known.keys())
    try:
        for at in range(0, len(missing), AT_ONCE):
            known |= _ask(session, missing[at : at + AT_ONCE])
    except (XrpcError, http.HttpError) as error:
        logger.warning("Bluesky did not tell who the authors are: %s", error)
    return [_told(post, known.get(post.author_id)) for post in posts]


def _told(post: Post, person: Person | None) -> Post:
    if person is None:
        return post
    who = person.handle or post.author_id
    url = address(who, whose(post.external_id)[1])
    return replace(post, author=who, url=url, reach=person.followers)


def _recall(service: str, dids: Iterable[str]) -> dict[str, Person]:
    oldest = time.monotonic() - FRESH
    with _lock:
        found = {did: _known.get((service, did)) for did in dids}
    return {did: person for did, person in found.items() if person and person.asked_at > oldest}


def _ask(session: Session, dids: list[str]) -> dict[str, Person]:
    said = session.call("app.bsky.actor.getProfiles", query={"actors": dids})
    profiles = said.get("profiles")
    found: dict[str, Person] = {}
    for profile in profiles if isinstance(profiles, list) else []:
        did, person = _read(profile)
        if did in dids and person:
            found[did] = person
    with _lock:
        for did, person in found.items():
            _known[session.service, did] = person
            _known.move_to_end((session.service, did))
        while len(_known) > REMEMBERED:
            _known.popitem(last=False)
    return found


def _read(profile: object) -> tuple[str, Person | None]:
    if not isinstance(profile, dict) or not isinstance(profile.get("did"), str):
        return "", None
    handle, followers = profile.get("handle"), profile.get("followersCount")
    known = handle if isinstance(handle, str) and handle != "handle.invalid" else ""
    count = followers if isinstance(followers, int) else 0
    return profile["did"], Person(known, count, time.monotonic())
