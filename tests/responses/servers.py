"""Real servers on loopback that a brand's own system could be."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Behaviour:
    """How the server answers a POST. `status` 0 cuts the line after the request has been read."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    # Seconds before it answers, or an event that it waits for.
    delay: float = 0
    keeps: bool = True
    calls: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    # What it has created, by idempotency key: for looking up.
    created: dict[str, str] = field(default_factory=dict)
    url: str = ""


@contextmanager
def webhook_server(behaviour: Behaviour) -> Iterator[Behaviour]:
    """Serve on a free port of 127.0.0.1 until left; GET /posts/<key> looks a post up."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            behaviour.calls.append(({k.lower(): v for k, v in self.headers.items()}, body))
            time.sleep(behaviour.delay)
            key = json.loads(body)["idempotency_key"]
            if behaviour.keeps:
                behaviour.created.setdefault(key, f"post-{len(behaviour.created) + 1}")
            if not behaviour.status:
                self.close_connection = True
                return
            self._answer(behaviour.status, key)

        def do_GET(self) -> None:
            key = self.path.rsplit("/", 1)[-1]
            self._answer(200 if key in behaviour.created else 404, key)

        def _answer(self, status: int, key: str) -> None:
            post = behaviour.created.get(key, "")
            payload = json.dumps({"id": post, "url": f"https://oats.example/{post}"}).encode()
            self.send_response(status)
            for name, value in behaviour.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(payload)))
            self.end_headers()
            self.wfile.write(payload)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    behaviour.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield behaviour
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
