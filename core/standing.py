"""Whether the people behind many sockets are still signed in, and may still hear what they hear.

A thousand sockets asked one by one would cost more than all the frames that they are sent, so
sessions and people are read for many at once. The rules are those of django.contrib.auth.get_user.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY, get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from . import live

# The codes that a socket is closed with.
SIGNED_OUT, WITHDRAWN = 4401, 4403


@dataclass(frozen=True)
class Claim:
    """What a socket was let in for."""

    session: str
    user_id: int
    groups: tuple[str, ...] = ()


def judge(claims: Sequence[Claim]) -> list[int]:
    """Return for each claim the code to close its socket with; 0 where it still holds."""
    people = _signed_in({claim.session for claim in claims})
    return [_verdict(claim, people.get(claim.session)) for claim in claims]


def _verdict(claim: Claim, user: AbstractBaseUser | None) -> int:
    if user is None or user.pk != claim.user_id:
        return SIGNED_OUT
    if not all(live.may_join(user, group) for group in claim.groups):
        return WITHDRAWN
    return 0


def _signed_in(keys: Collection[str]) -> dict[str, AbstractBaseUser]:
    """Return who is signed in by each session. Sessions are kept in the database."""
    store = SessionStore()
    rows = store.model.objects.filter(session_key__in=keys, expire_date__gt=timezone.now())
    sessions = {row.session_key: store.decode(row.session_data) for row in rows}
    ids = {key: int(data[SESSION_KEY]) for key, data in sessions.items() if SESSION_KEY in data}
    found = get_user_model().objects.filter(is_active=True).in_bulk(set(ids.values()))
    for read in live.AHEAD:
        read(list(found.values()))
    return {
        key: found[pk]
        for key, pk in ids.items()
        if pk in found and _vouched(found[pk], sessions[key].get(HASH_SESSION_KEY, ""))
    }


def _vouched(user: Any, given: str) -> bool:
    """Whether the session was made with the person's present password."""
    hashes = [user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()]
    return any(constant_time_compare(given, known) for known in hashes)
