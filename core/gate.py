"""Which addresses may be called: the judgement behind every way out (core.http, core.websocket).

The gate stands at the socket: a name is resolved once, every address it gives is judged, and the
connection goes to the address that was judged, so a second, different answer of the name server
changes nothing.
"""

import ipaddress
import socket
import ssl
import time
from collections.abc import Collection
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_noop as _

from .words import Worded

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Place = tuple[int, tuple]
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

WEB_PORTS = frozenset({80, 443})
# Seconds for one of several addresses of a host, before the next is tried.
_PATIENCE = 3.0
# What `is_global` lets pass in one version of Python or another: translations of other addresses
# (NAT64, 6to4, Teredo, relays), carriers' private ranges, segments, documentation.
_NEVER = [
    ipaddress.ip_network(text)
    for text in (
        "0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.88.99.0/24", "198.18.0.0/15",
        "64:ff9b::/96", "64:ff9b:1::/48", "2001::/23", "2002::/16", "3fff::/20", "5f00::/16",
        "fec0::/10", "::/96",
    )
]  # fmt: skip


class HttpError(Worded):
    """A request failed. `str(error)` is fit for the person who set the address."""


class Blocked(HttpError):
    """The address, or one it led to, may not be called. Nothing was sent."""


class Unreachable(HttpError):
    """No answer. `sent` says whether the request may have arrived there nevertheless."""

    def __init__(self, message: str, *, sent: bool = False, **params: Any) -> None:
        super().__init__(message, **params)
        self.sent = sent


class TooLarge(HttpError):
    """The answer is larger than was asked for, packed or unpacked."""


def connect(
    host: str,
    port: int,
    *,
    tls: bool = True,
    timeout: float = 10,
    ports: Collection[int] = WEB_PORTS,
) -> socket.socket:
    """Open a line for a client that speaks something else than HTTP: IMAP, WebSocket.

    `timeout` (seconds) covers look-up, connection and TLS together, and stays on the socket as the
    limit of each later call. Unless OUTBOUND_ALLOW says otherwise, `port` must be one of `ports`
    and the host on the public internet. Raises Blocked or Unreachable, and nothing else.
    """
    deadline = time.monotonic() + timeout
    raw = None
    try:
        raw = reach(resolve(host, port, deadline=deadline, ports=ports), deadline)
        line = secured(raw, host, deadline) if tls else raw
    except OSError as error:
        if raw is not None:
            raw.close()
        raise unreachable(host, error) from error
    line.settimeout(timeout)
    return line


def resolve(
    host: str, port: int, *, deadline: float, ports: Collection[int] = WEB_PORTS
) -> list[Place]:
    """Return the socket addresses to connect to, if every one of them may be called.

    `deadline` is by time.monotonic(). Raises Blocked or Unreachable.
    """
    if time.monotonic() >= deadline:
        raise Unreachable(_("%(host)s did not answer in time."), host=host)
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError, OverflowError, ValueError) as error:
        raise Unreachable(_("There is no host called %(host)s."), host=host) from error
    if all(_may_call(host, port, str(place[0]), ports) for *_kind, place in found):
        return [(family, place) for family, _type, _protocol, _name, place in found]
    raise Blocked(
        _(
            "%(host)s port %(port)d may not be called: it is not on the public internet, "
            "or not an ordinary web port. An operator can allow it with OUTBOUND_ALLOW."
        ),
        host=host,
        port=port,
    )


def reach(places: list[Place], deadline: float) -> socket.socket:
    """Connect to the first address that answers; the last one's failure is the answer."""
    for number, (family, place) in enumerate(places, start=1):
        last = number == len(places)
        left = time_left(deadline)
        raw = socket.socket(family, socket.SOCK_STREAM)
        raw.settimeout(left if last else min(left, _PATIENCE))
        try:
            raw.connect(place)
        except OSError:
            raw.close()
            if last:
                raise
        else:
            return raw
    raise OSError("no address")


def secured(raw: socket.socket, host: str, deadline: float) -> ssl.SSLSocket:
    """Put TLS on a line, by the system's authorities, for exactly this host."""
    raw.settimeout(time_left(deadline))
    return context().wrap_socket(raw, server_hostname=host)


def unreachable(host: str | None, error: Exception, *, sent: bool = False) -> Unreachable:
    """Put what the system said of a line into words for the person who set the address."""
    if isinstance(error, ssl.SSLError):
        words = _("The certificate or encryption of %(host)s is not in order: %(error)s")
        return Unreachable(words, sent=sent, host=host, error=error.reason or error)
    if isinstance(error, TimeoutError):
        return Unreachable(_("%(host)s did not answer in time."), sent=sent, host=host)
    return Unreachable(
        _("%(host)s could not be reached: %(error)s"),
        sent=sent,
        host=host,
        error=error or type(error).__name__,
    )


@lru_cache(maxsize=1)
def context() -> ssl.SSLContext:
    """The one set of authorities by which others are believed to be who they say they are."""
    return ssl.create_default_context()


def time_left(deadline: float) -> float:
    """Seconds left; raises TimeoutError when there are none."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _may_call(host: str, port: int, address: str, ports: Collection[int]) -> bool:
    names, networks = _allowed(tuple(settings.OUTBOUND_ALLOW))
    ip = ipaddress.ip_address(address.split("%", 1)[0])
    ip = getattr(ip, "ipv4_mapped", None) or ip
    if host.lower() in names or any(ip in network for network in networks):
        return True
    return port in ports and _is_public(ip)


def is_own(host: str) -> bool:
    """Whether an operator has named this host, or the network of this address, in OUTBOUND_ALLOW.

    For what may go to one's own machines and to nobody else's, such as texts without encryption.
    """
    names, networks = _allowed(tuple(settings.OUTBOUND_ALLOW))
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host.lower() in names
    return any(address in network for network in networks)


def _is_public(ip: Address) -> bool:
    return ip.is_global and not ip.is_multicast and not any(ip in network for network in _NEVER)


@lru_cache(maxsize=8)
def _allowed(entries: tuple[str, ...]) -> tuple[set[str], list[Network]]:
    """Split OUTBOUND_ALLOW into host names and networks."""
    names: set[str] = set()
    networks: list[Network] = []
    for entry in entries:
        try:
            networks.append(ipaddress.ip_network(entry, strict=False))
        except ValueError:
            names.add(entry.lower())
    return names, networks
