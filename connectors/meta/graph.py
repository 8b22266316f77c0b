"""Calls to Meta's Graph API: tokens and their proof, errors by code, use by percentages."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext_noop as _

from connectors import signing
from connectors.base import Connection, Quota, ReadError, Unauthorized
from connectors.oauth import expiry
from connectors.rest import (
    Answer,
    Call,
    Kind,
    Rest,
    Verdict,
    complaint,
    forbidden,
    limited,
    unauthorized,
)
from connectors.shapes import number, pick, text
from core.words import Words

FACEBOOK = "https://graph.facebook.com"
VERSION = "v24.0"
# Meta's error codes. Some come with status 400, some with 403 or 500: the code decides.
_KINDS = (
    ({102, 190}, Kind.UNAUTHORIZED),
    ({4, 17, 32, 341, 613, 80001, 80002, 80006, 80007}, Kind.LIMITED),
    ({3, 10, *range(200, 300)}, Kind.FORBIDDEN),
    ({1, 2}, Kind.BROKEN),
)
_NO_SUCH_OBJECT = 33
_NO_SUCH_NAME = 803
# How long to wait where Meta does not say: its windows are an hour long.
_USUAL_WAIT = 600.0
# Sixty-day tokens are renewed a week before they end; Meta takes none younger than a day.
RENEW_AHEAD = timedelta(days=7)
RENEW_EVERY = timedelta(days=1)


class Token:
    """The account's token in a header, renewed in time where Meta has a way (`renew_url`).

    With the app's secret every call carries the proof that it comes from the app, so that a token
    that leaks is of no use (an app can demand it: "Require app secret").
    """

    def __init__(self, connection: Connection, *, renew_url: str = "", grant: str = "") -> None:
        self._connection = connection
        self._secrets: Mapping[str, Any] = connection.secrets
        self._renew_url = renew_url
        self._grant = grant
        if not self._secrets.get("access_token"):
            raise Unauthorized(_("This needs an access token of the account. Enter one."))

    def headers(self, *, now: datetime) -> Mapping[str, str]:
        if self._due(now):
            self.renew(now=now)
        return {"Authorization": f"Bearer {self._secrets['access_token']}"}

    @property
    def ends_at(self) -> datetime | None:
        """When the token ends, as far as that is known; of one that we renew, a long way off."""
        return expiry(self._secrets) if self._renew_url else None

    def renew(self, *, now: datetime) -> bool:
        """Ask for sixty more days. A token that is refused is not renewed: a person must act."""
        if not self._due(now):
            return False
        try:
            self._secrets = self._connection.renew(lambda stored: self._renewed(stored, now))
        except NotImplementedError:
            return False
        return True

    def _due(self, now: datetime) -> bool:
        ends = expiry(self._secrets)
        tried = number(self._secrets, "renewed_at")
        lately = now.timestamp() - tried < RENEW_EVERY.total_seconds()
        return bool(self._renew_url) and not lately and (ends is None or ends - now < RENEW_AHEAD)

    def _renewed(self, stored: Mapping[str, Any], now: datetime) -> Mapping[str, Any]:
        """Keep the token as it is where Meta does not renew it yet."""
        kept = {**stored, "renewed_at": int(now.timestamp())}
        # Meta takes the token of this one call in the address, and in no other place.
        params = {"grant_type": self._grant, "access_token": stored["access_token"]}
        try:
            answer, verdict = Rest("").ask(Call(self._renew_url, params=params), now=now)
        except ReadError:
            return kept
        if verdict.kind is not Kind.FINE or not text(answer.data, "access_token"):
            return kept
        ends = int(now.timestamp()) + number(answer.data, "expires_in")
        return {**kept, "access_token": text(answer.data, "access_token"), "expires_at": ends}


def facebook(connection: Connection) -> Rest:
    """Return the Graph API with a Page's token, which does not end by time."""
    version = connection.config.get("version") or VERSION
    base = connection.config.get("api", FACEBOOK)
    return rest(f"{base}/{version}", Token(connection))


def rest(base: str, token: Token) -> Rest:
    return Rest(base, auth=token, judge=judge, quota=quota)


def proof(secrets: Mapping[str, Any]) -> str:
    """Return the parameter `appsecret_proof`, "" where the app's secret is not known."""
    if not secrets.get("app_secret"):
        return ""
    return signing.hexadecimal(secrets["app_secret"], secrets["access_token"].encode())


def judge(answer: Answer, _now: datetime) -> Verdict | None:
    """Say what an error of the Graph API comes to; None where there is none."""
    error = pick(answer.data, "error")
    if not isinstance(error, dict):
        return None
    said = text(error, "error_user_msg") or complaint(answer.data)
    kind = _kind(number(error, "code"), number(error, "error_subcode"))
    if kind is Kind.REFUSED and answer.status >= 500:
        kind = Kind.BROKEN
    wait = _regain(answer.headers) if kind is Kind.LIMITED else None
    return Verdict(kind, _words(kind, said), wait)


def _kind(code: int, subcode: int) -> Kind:
    if subcode == _NO_SUCH_OBJECT or code == _NO_SUCH_NAME:
        return Kind.MISSING
    for codes, kind in _KINDS:
        if code in codes:
            return kind
    return Kind.REFUSED


def _words(kind: Kind, said: str) -> Words:
    if kind is Kind.UNAUTHORIZED:
        return unauthorized()
    if kind is Kind.LIMITED:
        return limited()
    if kind is Kind.FORBIDDEN:
        return forbidden(said)
    if kind is Kind.MISSING:
        return Words(_("Meta does not show it, or has it no more."))
    return Words(_("Meta refuses and says: %(said)s"), {"said": said})


def quota(headers: Mapping[str, str], _now: datetime) -> Quota | None:
    """Return what is left in hundredths: Meta tells what was used, not of how much."""
    used = [_used(each) for each in _uses(headers)]
    return Quota(max(100 - max(used), 0), 100) if used else None


def _regain(headers: Mapping[str, str]) -> float:
    minutes = [number(each, "estimated_time_to_regain_access") for each in _uses(headers)]
    return max(minutes, default=0) * 60.0 or _USUAL_WAIT


def _uses(headers: Mapping[str, str]) -> list[dict[str, Any]]:
    """The reports of both headers: of the app, and of each kind of use of each business."""
    app = _object(headers.get("x-app-usage"))
    uses = [app] if app else []
    for kinds in _object(headers.get("x-business-use-case-usage")).values():
        if isinstance(kinds, list):
            uses += [each for each in kinds if isinstance(each, dict)]
    return uses


def _used(report: Mapping[str, Any]) -> int:
    return max(number(dict(report), name) for name in ("call_count", "total_time", "total_cputime"))


def _object(header: str | None) -> dict[str, Any]:
    try:
        found = json.loads(header or "")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
