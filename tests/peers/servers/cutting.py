"""A relay before a server that can lose its answers: the work is done there, but nobody hears."""

import http.client
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import urlsplit


@dataclass
class Relay:
    """`cuts` are the "METHOD path" whose next answer is lost; `lost` those that were."""

    url: str = ""
    cuts: set[str] = field(default_factory=set)
    lost: list[str] = field(default_factory=list)


@contextmanager
def before(url: str) -> Iterator[Relay]:
    """Relay calls to the server at `url` until the end of the block."""
    relay = Relay()
    target = urlsplit(url)

    class Handler(BaseHTTPRequestHandler):
        def _relay(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            there = http.client.HTTPConnection(target.hostname or "", target.port, timeout=30)
            there.request(self.command, self.path, body, dict(self.headers))
            answer = there.getresponse()
            told = answer.read()
            there.close()
            called = f"{self.command} {self.path.split('?')[0]}"
            if called in relay.cuts:
                relay.cuts.discard(called)
                relay.lost.append(called)
                return
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in {"transfer-encoding", "connection", "content-length"}:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(told)))
            self.end_headers()
            self.wfile.write(told)

        do_GET = do_POST = do_PUT = do_DELETE = _relay  # noqa: N815 - the base class's names

        def log_message(self, *_args: object) -> None:
            """Tests need no access log."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    relay.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield relay
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
