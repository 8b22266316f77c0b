"""How the sender of a webhook call shows who it is: four ways, chosen for each source.

`standard` signs by Standard Webhooks: nothing can be replayed. `hub` signs as GitHub and Meta do.
`bearer` sends the secret in a header; `address` can do neither, so the secret is part of its
address, and the calls should be bound to the tool's own networks besides.
"""

import hashlib
import hmac
import ipaddress
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from connectors.declared import BadSetting
from core import signatures
from core.signatures import BadSignature

STANDARD, HUB, BEARER, ADDRESS = "standard", "hub", "bearer", "address"
CHOICES = (
    (STANDARD, gettext_lazy("Signs by Standard Webhooks")),
    (HUB, gettext_lazy("Signs as GitHub and Meta do (X-Hub-Signature-256)")),
    (BEARER, gettext_lazy("Sends the secret in the header Authorization")),
    (ADDRESS, gettext_lazy("Can do neither: the secret is part of the address")),
)


@dataclass(frozen=True, slots=True)
class Call:
    """What arrived: `headers` have lower-case names, `in_address` is what stood at its end."""

    headers: Mapping[str, str]
    body: bytes
    caller: str
    in_address: str = ""


class Stranger(Exception):
    """The call does not come from where it should; the text is for the log of the sender."""


def check(config: Mapping[str, Any]) -> None:
    """Refuse what is no address or network. Raises BadSetting."""
    for line in config.get("addresses") or ():
        try:
            ipaddress.ip_network(line, strict=False)
        except ValueError:
            words = _("%(line)s is no IP address or network.") % {"line": line[:60]}
            raise BadSetting(words, name="addresses") from None


def verify(
    config: Mapping[str, Any],
    secrets: Iterable[str],
    call: Call,
    *,
    now: datetime,
) -> str:
    """Return the call's id: the sender's own where its signature covers one, else a new one.

    Raises BadSignature or Stranger.
    """
    _refuse_strangers(config.get("addresses") or (), call.caller)
    way = config.get("sender", STANDARD)
    if way == STANDARD:
        call_id = call.headers.get("webhook-id", "")
        signatures.verify(
            secrets,
            call_id=call_id,
            timestamp=call.headers.get("webhook-timestamp", ""),
            signature=call.headers.get("webhook-signature", ""),
            body=call.body,
            now=now,
        )
        return call_id
    given = _given(way, call)
    if not any(hmac.compare_digest(given, _expected(way, secret, call.body)) for secret in secrets):
        raise BadSignature("the secret or signature does not fit")
    # Posts that are sent twice are known by their ids.
    return uuid.uuid4().hex


def _given(way: str, call: Call) -> bytes:
    if way == HUB:
        return call.headers.get("x-hub-signature-256", "").encode()
    if way == BEARER:
        kind, _blank, token = call.headers.get("authorization", "").partition(" ")
        return token.strip().encode() if kind.lower() == "bearer" else b""
    return call.in_address.encode()


def _expected(way: str, secret: str, body: bytes) -> bytes:
    if way == HUB:
        return b"sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest().encode()
    return in_url(secret).encode() if way == ADDRESS else secret.encode()


def in_url(secret: str) -> str:
    """Return a secret as it stands in an address: letters and figures only."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _refuse_strangers(allowed: Iterable[str], caller: str) -> None:
    networks = [ipaddress.ip_network(line, strict=False) for line in allowed]
    if not networks:
        return
    try:
        address = ipaddress.ip_address(caller)
    except ValueError:
        raise Stranger(caller) from None
    address = getattr(address, "ipv4_mapped", None) or address
    if not any(address in network for network in networks):
        raise Stranger(caller)
