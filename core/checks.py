"""Settings that start but should not stay."""

import ipaddress
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register


@register(Tags.security)
def check_open_without_tls(**kwargs: Any) -> list[CheckMessage]:
    """Beyond this machine, passwords and session cookies would travel in the clear."""
    if settings.SECURE or _is_loopback(settings.HOST):
        return []
    return [
        Warning(
            f"CrisisDesk listens on {settings.HOST}, but PUBLIC_URL is not https: passwords travel"
            " in the clear.",
            hint="Put a proxy with TLS in front and set PUBLIC_URL to its https:// address.",
            id="core.W001",
        )
    ]


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
