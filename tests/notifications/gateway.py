"""A server on the loopback that any provider could be: keeps what it is sent, answers as told."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Call:
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Gateway:
    """`statuses` are given first, one a call; then `status`. `delay` is in seconds."""

    port: int = 0
    status: int = 200
    statuses: list[int] = field(default_factory=list)
    delay: float = 0
    calls: list[Call] = field(default_factory=list)
    location: str = ""

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"


@contextmanager
def serving() -> Iterator[Gateway]:
    gateway = Gateway()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            gateway.calls.append(Call(self.path, headers, body))
            time.sleep(gateway.delay)
            status = gateway.statuses.pop(0) if gateway.statuses else gateway.status
            said = b"ok" if status == 200 else b"no such chat"
            self.send_response(status)
            if gateway.location:
                self.send_header("Location", gateway.location)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        do_PUT = do_GET = do_POST  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    gateway.port = server.server_port
    try:
        yield gateway
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
