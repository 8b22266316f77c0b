"""Signed links: one person, one action, one subject, one call, until a time; nothing is stored.

What the link says is readable by whoever holds it (ids only); that it is ours and unchanged is
what the signature proves. That it is used once is kept by `Answer`.
"""

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.urls import reverse
from django.utils.http import base36_to_int, int_to_base36

from accounts.models import User

from .actions import KNOWN

_SALT = "notifications.links"
_TOKEN = re.compile(r"([0-9a-z]+)-([a-z]+)-([a-z]+\.[0-9]+)-([0-9a-z]+)-([0-9a-z]*)")
MAX_TOKEN = 200


class BadLink(Exception):
    """Not ours, or changed on the way."""


@dataclass(frozen=True)
class Link:
    """What a link is for. `call` tells two calls of the same person for one subject apart."""

    user_id: int
    action: str
    subject: str
    expires: datetime
    call: str
    # Under which the answer is kept.
    key: str

    def expired(self, now: datetime) -> bool:
        return now >= self.expires


def signed_action(
    user: User, action: str, subject: str, expires: datetime, *, call: int | None = None
) -> str:
    """Return the whole address of a page where `user` can do this without signing in.

    `subject` is "room.id", as in "incident.42"; `call` is the id of what asks for it.
    """
    if action not in KNOWN or not re.fullmatch(r"[a-z]+\.[0-9]+", subject):
        raise ValueError(f"There is no link for {action} of {subject}.")
    until = int_to_base36(int(expires.timestamp()))
    about = "" if call is None else int_to_base36(call)
    value = f"{int_to_base36(user.pk)}-{action}-{subject}-{until}-{about}"
    token = Signer(salt=_SALT).sign(value)
    return f"{settings.PUBLIC_URL}{reverse('notifications:answer', args=[token])}"


def read(token: str) -> Link:
    """Return what a token is for, however old it is. Raises BadLink."""
    try:
        value = Signer(salt=_SALT).unsign(token) if len(token) <= MAX_TOKEN else ""
    except BadSignature:
        raise BadLink from None
    found = _TOKEN.fullmatch(value)
    if not found or found[2] not in KNOWN:
        raise BadLink
    expires = datetime.fromtimestamp(base36_to_int(found[4]), tz=UTC)
    key = hashlib.sha256(value.encode()).hexdigest()
    return Link(base36_to_int(found[1]), found[2], found[3], expires, found[5], key)
