"""Signed one-time links by which somebody without an account approves: one row, one answer.

The link says only which row it is of, whose text, and until when; that it is ours is what the
signature proves, and that it is used once, or taken back, is kept in the row.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.urls import reverse
from django.utils.http import base36_to_int, int_to_base36

from .models_policy import ApprovalLink

_SALT = "responses.outside"
_TOKEN = re.compile(r"([0-9a-z]{1,13})-([0-9a-f]{16})-([0-9a-z]{1,13})")
MAX_TOKEN = 200


class BadLink(Exception):
    """Not ours, or changed on the way."""


@dataclass(frozen=True)
class Token:
    link_id: int
    digest: str
    expires: datetime


def address(link: ApprovalLink) -> str:
    """Return the whole address of the page on which the link is answered."""
    return f"{settings.PUBLIC_URL}{reverse('responses:outside', args=[token_of(link)])}"


def token_of(link: ApprovalLink) -> str:
    until = int_to_base36(int(link.expires_at.timestamp()))
    return Signer(salt=_SALT).sign(f"{int_to_base36(link.pk)}-{link.sha256[:16]}-{until}")


def read(token: str) -> Token:
    """Return what a token is of, however old it is. Raises BadLink."""
    try:
        value = Signer(salt=_SALT).unsign(token) if len(token) <= MAX_TOKEN else ""
    except BadSignature:
        raise BadLink from None
    found = _TOKEN.fullmatch(value)
    if not found:
        raise BadLink
    expires = datetime.fromtimestamp(base36_to_int(found[3]), tz=UTC)
    return Token(base36_to_int(found[1]), found[2], expires)


def find(token: str) -> ApprovalLink:
    """Return the row of a token that is ours. Raises BadLink."""
    read_token = read(token)
    rows = ApprovalLink.objects.select_related(
        "asked_by", "step", "version__draft__incident__brand", "version__draft__author"
    )
    link = rows.filter(pk=read_token.link_id).first()
    if link is None or not link.sha256.startswith(read_token.digest):
        raise BadLink
    return link
