"""Calls to Google's APIs, by a person's consent (refresh token) or a service account's key."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext_noop as _

from connectors import jwt
from connectors.base import Connection, Unauthorized
from connectors.oauth import Renewing, exchanged, refresh, service_key
from connectors.rest import (
    Answer,
    Auth,
    Bearer,
    Call,
    Kind,
    Verdict,
    complaint,
    forbidden,
    limited,
)
from connectors.shapes import items, pick, text
from core.words import Words

TOKENS = "https://oauth2.googleapis.com/token"
# Days of quota begin at midnight in California.
CALIFORNIA = ZoneInfo("America/Los_Angeles")
_DAILY = {"quotaExceeded", "dailyLimitExceeded"}
_MINUTELY = {"rateLimitExceeded", "userRateLimitExceeded"}
_CLOSED = {"commentsDisabled", "videoNotFound"}


def by_consent(connection: Connection) -> Auth:
    """Return the tokens of a person who agreed; the refresh token can be used again and again."""
    url = connection.config.get("tokens", TOKENS)
    client = {"client_id": connection.config.get("client_id", "")}
    if not connection.secrets.get("refresh_token"):
        raise Unauthorized(_("This needs a refresh token of a Google account. Enter one."))

    def ask(stored: Mapping[str, Any], now: datetime) -> dict[str, Any]:
        return refresh(url, basic=False)({**client, **stored}, now)

    return Renewing(connection, ask)


def by_key(key: str) -> Auth:
    """Return an API key, which opens what is public. In a header: never in an address."""
    return Bearer(key, scheme="", header="X-Goog-Api-Key")


def by_service_account(connection: Connection, scope: str) -> Auth:
    """Return the tokens of a service account: each is asked for with a signed claim."""
    url = connection.config.get("tokens", TOKENS)

    def ask(stored: Mapping[str, Any], now: datetime) -> dict[str, Any]:
        key = service_key(str(stored.get("service_account", "")))
        at = int(now.timestamp())
        claims = {
            "iss": text(key, "client_email"),
            "scope": scope,
            "aud": TOKENS,
            "iat": at,
            "exp": at + 3600,
        }
        assertion = jwt.sign(
            claims,
            key=text(key, "private_key"),
            algorithm="RS256",
            key_id=text(key, "private_key_id"),
        )
        form = {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": assertion}
        return exchanged(Call(url, method="POST", form=form), now=now)

    return Renewing(connection, ask)


def midnight(now: datetime) -> datetime:
    """Return when the next day of quota begins."""
    there = now.astimezone(CALIFORNIA)
    return (there + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)


def judge(answer: Answer, now: datetime) -> Verdict | None:
    """Tell Google's errors apart, most of which come with status 403."""
    reasons = {text(each, "reason") for each in items(pick(answer.data, "error"), "errors")}
    if answer.status not in {403, 404, 429}:
        return None
    if reasons & _DAILY:
        words = _("Google's quota for today is used up. We go on when the next day begins.")
        return Verdict(Kind.LIMITED, Words(words), (midnight(now) - now).total_seconds())
    if reasons & _MINUTELY:
        return Verdict(Kind.LIMITED, limited(), 60.0)
    if reasons & _CLOSED:
        return Verdict(Kind.MISSING, forbidden(complaint(answer.data)))
    return None
