"""WebSockets to addresses that somebody typed, behind the same gate as every other call."""

from collections.abc import Mapping

from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection
from websockets.sync.client import connect as _connect

from . import gate
from .http import USER_AGENT, parse

_WEB = {"ws": "http", "wss": "https"}
_PORTS = {"http": 80, "https": 443}
MAX_MESSAGE = 1024 * 1024


def connect(
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    timeout: float = 10,
    max_message: int = MAX_MESSAGE,
    compress: bool = False,
) -> ClientConnection:
    """Open a WebSocket; use it as a context manager. Raises Blocked or Unreachable.

    `timeout` (seconds) covers look-up, TLS and handshake. Redirects are not followed. A silent peer
    is asked every 20 s whether it lives; reading from a dead one raises
    websockets.exceptions.ConnectionClosed. A message above `max_message` bytes, unpacked, ends the
    connection.
    """
    scheme, _, rest = url.partition("://")
    parts = parse(f"{_WEB.get(scheme.lower(), scheme)}://{rest}")
    host = parts.hostname or ""
    secure = parts.scheme == "https"
    line = gate.connect(
        host, parts.port or _PORTS[parts.scheme], tls=False, timeout=timeout, ports=gate.WEB_PORTS
    )
    # From here on the library minds the time; a limit on the socket would end a quiet line.
    line.settimeout(None)
    try:
        return _connect(
            f"{'wss' if secure else 'ws'}://{parts.geturl().partition('://')[2]}",
            sock=line,
            ssl=gate.context() if secure else None,
            additional_headers=dict(headers or {}),
            user_agent_header=USER_AGENT,
            compression="deflate" if compress else None,
            proxy=None,
            open_timeout=timeout,
            max_size=max_message,
            legacy=True,
        )
    except (OSError, EOFError, WebSocketException, ValueError) as error:
        line.close()
        raise gate.unreachable(host, error) from error
