"""Links of subscribers: whoever holds one may confirm or leave, and nothing else.

The signature proves that it is ours; the nonce that it is of this subscription and no earlier one.
"""

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.core.signing import BadSignature, SignatureExpired, Signer, TimestampSigner
from django.urls import reverse

from responses.models_statement import StatementSubscriber

_CONFIRM, _LEAVE = "responses.statement.confirm", "responses.statement.leave"
# How long a link that asks for a confirmation works.
CONFIRM_WITHIN = timedelta(hours=24)


class BadLink(Exception):
    """Not ours, changed on the way, too old, or of a subscription that is gone."""


@dataclass(frozen=True)
class Named:
    """The subscription that a link names."""

    pk: int
    nonce: str


def confirm_url(subscriber: StatementSubscriber) -> str:
    token = TimestampSigner(salt=_CONFIRM).sign(_value(subscriber))
    return settings.PUBLIC_URL + reverse("responses:statement_confirm", args=[token])


def leave_url(subscriber: StatementSubscriber) -> str:
    token = Signer(salt=_LEAVE).sign(_value(subscriber))
    return settings.PUBLIC_URL + reverse("responses:statement_leave", args=[token])


def read_confirm(token: str) -> Named:
    try:
        return _named(TimestampSigner(salt=_CONFIRM).unsign(token, max_age=CONFIRM_WITHIN))
    except (BadSignature, SignatureExpired):
        raise BadLink from None


def read_leave(token: str) -> Named:
    try:
        return _named(Signer(salt=_LEAVE).unsign(token))
    except BadSignature:
        raise BadLink from None


def _value(subscriber: StatementSubscriber) -> str:
    return f"{subscriber.pk}-{subscriber.nonce}"


def _named(value: str) -> Named:
    pk, _dash, nonce = value.partition("-")
    return Named(int(pk), nonce)
