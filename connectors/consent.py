"""Access granted on the network's own page: OAuth 2.0's authorization code (RFC 6749, RFC 7636).

A person goes to the network, agrees, and comes back with a code that is worth tokens for as long as
a minute. Nobody has to copy a token, and we never see a password.
"""

import base64
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from . import oauth
from .rest import Call

# How long somebody may take to agree.
PATIENCE = timedelta(minutes=20)


@dataclass(frozen=True)
class Consent:
    """Where a network asks its user, and where it gives tokens for the code that comes back.

    `basic` names the client by HTTP Basic instead of in the form; `pkce` where the network knows
    it; `more` are further parameters that its page wants.
    """

    page: str
    tokens: str
    scopes: tuple[str, ...]
    basic: bool = True
    pkce: bool = False
    more: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Begun:
    """What is kept in the person's session until they come back; nobody else can go on with it."""

    account_id: int
    state: str
    verifier: str
    until: str

    @classmethod
    def new(cls, account_id: int, *, now: datetime) -> "Begun":
        until = (now + PATIENCE).isoformat()
        return cls(account_id, secrets.token_urlsafe(24), secrets.token_urlsafe(48), until)

    def answers(self, state: str, *, now: datetime) -> bool:
        """Whether an answer with this state belongs to it, and has not come too late."""
        same = secrets.compare_digest(self.state.encode(), state.encode())
        return same and now < datetime.fromisoformat(self.until)


def address(consent: Consent, begun: Begun, *, client_id: str, back: str) -> str:
    """Return the network's page on which a person agrees and is sent `back` from."""
    query = {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": back,
        "scope": " ".join(consent.scopes),
        "state": begun.state,
        **dict(consent.more),
    }
    if consent.pkce:
        digest = hashlib.sha256(begun.verifier.encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        query |= {"code_challenge": challenge, "code_challenge_method": "S256"}
    return f"{consent.page}?{urlencode(query)}"


def tokens(
    consent: Consent,
    begun: Begun,
    code: str,
    *,
    client: tuple[str, str],
    back: str,
    now: datetime,
) -> Mapping[str, Any]:
    """Exchange the code for tokens. Raises ReadError. Call it outside any transaction."""
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": back}
    if consent.pkce:
        form["code_verifier"] = begun.verifier
    headers = {"User-Agent": "web:crisisdesk:v1"}
    if consent.basic:
        headers["Authorization"] = oauth.basic_auth(*client)
    else:
        form |= {"client_id": client[0], "client_secret": client[1]}
    call = Call(consent.tokens, method="POST", form=form, headers=headers)
    return oauth.exchanged(call, now=now)
