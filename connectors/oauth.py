"""Tokens that end: renewed through Connection.renew, by one process at a time.

Stored secrets have `access_token` and `expires_at` (seconds since 1970, 0: unknown) beside what
the network gave the person who connected the account.
"""

import base64
import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext_noop as _

from core import http

from .base import Connection, ReadError, Unauthorized
from .rest import Call, Kind, Rest, read_error
from .shapes import moment, number, text

# A token is renewed this long before its end: a call takes time, and clocks differ.
AHEAD = timedelta(seconds=60)

# Takes stored secrets, returns the network's answer {"access_token", "expires_in", …}.
Ask = Callable[[Mapping[str, Any], datetime], dict[str, Any]]


class Renewing:
    """A bearer token that `ask` makes anew when it has ended, or when the network refuses it.

    `rotates` says that making a new one uses up what it was made with (refresh tokens that may be
    used once): then it is only done where the new secrets can be stored.
    """

    def __init__(
        self, connection: Connection, ask: Ask, *, rotates: bool = False, header: str = ""
    ) -> None:
        self._connection = connection
        self._secrets = connection.secrets
        self._ask = ask
        self._rotates = rotates
        self._header = header

    def headers(self, *, now: datetime) -> Mapping[str, str]:
        ends = expiry(self._secrets)
        if not self._secrets.get("access_token") or (ends and ends - now < AHEAD):
            self.renew(now=now)
        token = self._secrets.get("access_token", "")
        return {self._header: token} if self._header else {"Authorization": f"Bearer {token}"}

    def renew(self, *, now: datetime) -> bool:
        def exchange(stored: Mapping[str, Any]) -> Mapping[str, Any]:
            return {**stored, **kept(self._ask(stored, now), stored, now=now)}

        try:
            self._secrets = self._connection.renew(exchange)
        except NotImplementedError:
            if self._rotates:
                raise Unauthorized(
                    _("The access token has ended. Save the account, then test it again.")
                ) from None
            self._secrets = exchange(self._secrets)
        except http.HttpError as error:
            raise ReadError(error) from error
        return True


def expiry(secrets: Mapping[str, Any]) -> datetime | None:
    """Return when the access token ends, as far as is known."""
    ends = number(secrets, "expires_at")
    return moment(ends) if ends else None


def kept(answer: Mapping[str, Any], stored: Mapping[str, Any], *, now: datetime) -> dict[str, Any]:
    """Return what is to be stored of a token endpoint's answer. Raises Unauthorized without one."""
    token = text(answer, "access_token")
    if not token:
        raise Unauthorized(_("The network gave no access token. Connect the account again."))
    lasts = number(answer, "expires_in")
    fresh = {
        "access_token": token,
        "expires_at": int(now.timestamp()) + lasts if lasts else 0,
    }
    refresh = text(answer, "refresh_token")
    if refresh:
        fresh["refresh_token"] = refresh
    return fresh


def refresh(url: str, *, basic: bool = True, grant: str = "refresh_token", agent: str = "") -> Ask:
    """Return the exchange of RFC 6749: at `url`, the client named by HTTP Basic or in the form.

    `grant` "client_credentials" needs no refresh token; `agent` is a User-Agent of our own.
    """

    def ask(stored: Mapping[str, Any], now: datetime) -> dict[str, Any]:
        form = {"grant_type": grant}
        if grant == "refresh_token":
            form["refresh_token"] = text(stored, "refresh_token")
            if not form["refresh_token"]:
                raise Unauthorized(
                    _("The access token has ended, and there is no refresh token to renew it with.")
                )
        client = text(stored, "client_id"), text(stored, "client_secret")
        headers = {"User-Agent": agent} if agent else {}
        if basic and client[1]:
            headers["Authorization"] = basic_auth(*client)
        else:
            form["client_id"] = client[0]
            if client[1]:
                form["client_secret"] = client[1]
        return exchanged(Call(url, method="POST", form=form, headers=headers), now=now)

    return ask


def basic_auth(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def exchanged(call: Call, *, now: datetime) -> dict[str, Any]:
    """Call a token endpoint. Raises Unauthorized where it refuses, else ReadError."""
    answer, verdict = Rest("").ask(call, now=now)
    if verdict.kind is Kind.FINE and isinstance(answer.data, dict):
        return answer.data
    if verdict.kind in {Kind.REFUSED, Kind.UNAUTHORIZED, Kind.FORBIDDEN}:
        raise Unauthorized(
            _("The network no longer renews the access token. Connect the account again.")
        )
    raise read_error(verdict)


def service_key(secret: str) -> dict[str, Any]:
    """Return a pasted JSON key file as an object. Raises Unauthorized for what is none."""
    try:
        found = json.loads(secret)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or not text(found, "private_key"):
        raise Unauthorized(_("This is no key file of a service account: paste all of its JSON."))
    return found
