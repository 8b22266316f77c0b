"""Sockets are opened by our own pages only: a browser sends cookies along from anybody's page.

Channels' AllowedHostsOriginValidator compares host names alone and lets `http://localhost:1` in;
here scheme, host and port must be those under which the page was served.
"""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http.request import split_domain_port, validate_host


def is_own(origin: str, host: str) -> bool:
    """Whether a page from `origin` may open a socket that it reached by the Host header `host`."""
    if origin in {_origin(url) for url in (settings.PUBLIC_URL, *settings.CSRF_TRUSTED_ORIGINS)}:
        return True
    domain, _ = split_domain_port(host)
    # The Host header is checked as on pages: a foreign name that resolves to us is no way in.
    if not domain or not validate_host(domain, settings.ALLOWED_HOSTS):
        return False
    scheme = "https" if settings.SECURE else "http"
    return origin == f"{scheme}://{host.lower()}"


def _origin(url: str) -> str:
    """Scheme, host and port as a browser writes them in the Origin header."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()


class OwnPagesOnly:
    """ASGI middleware that refuses the handshake of a foreign page with 403."""

    def __init__(self, application: Any) -> None:
        self._application = application

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if is_own(_header(scope, b"origin"), _header(scope, b"host")):
            await self._application(scope, receive, send)
            return
        await receive()
        await send({"type": "websocket.close"})


def _header(scope: Any, name: bytes) -> str:
    """The header's text; empty where it is absent or there are several."""
    found = [value for key, value in scope["headers"] if key == name]
    return found[0].decode("latin-1") if len(found) == 1 else ""
