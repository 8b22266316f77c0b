"""A PostgreSQL URL read into Django's settings. Understands libpq's form with a socket folder."""

from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from core.env import BadSetting


def parse(url: str) -> dict[str, Any]:
    """Return a Django database entry for `postgresql://user:password@host:port/name?option=…`.

    `?host=/run/dir` names the folder of a socket. Unknown options go to the driver as they are.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise BadSetting("DATABASE_URL must start with postgresql://. CrisisDesk needs PostgreSQL.")
    options = dict(parse_qsl(parts.query))
    host = options.pop("host", "") or unquote(parts.hostname or "")
    return {
        # Takes live numbers just before each commit.
        "ENGINE": "core.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": str(parts.port or ""),
        "OPTIONS": options,
    }
