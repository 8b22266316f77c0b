"""A web server on loopback that answers as a test tells it to: the other end of every connector."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


@dataclass
class Call:
    """What arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Answer:
    """What goes back. `then` writes to the raw stream afterwards, for peers that misbehave."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    # False: no Content-Length, the body ends when the line is closed.
    sized: bool = True
    then: Callable[[BaseHTTPRequestHandler], None] | None = None


@dataclass
class Peer:
    """`answers[path]` is an Answer or makes one from the Call; `calls` is what arrived."""

    url: str
    answers: dict[str, Answer | Callable[[Call], Answer]]
    calls: list[Call]


@contextmanager
def peer() -> Iterator[Peer]:
    """Serve on a free port of 127.0.0.1 until the end of the block."""
    state = Peer("", {}, [])

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            size = int(self.headers.get("Content-Length") or 0)
            call = Call(self.command, self.path, dict(self.headers), self.rfile.read(size))
            state.calls.append(call)
            found = state.answers.get(self.path.split("?")[0], Answer(b"nothing here", 404))
            answer = found(call) if callable(found) else found
            with suppress(OSError):
                self._answer(answer)

        do_GET = do_POST = do_HEAD = do_PUT = do_DELETE = _serve  # noqa: N815 - the base class's names

        def _answer(self, answer: Answer) -> None:
            self.close_connection = True
            self.send_response(answer.status)
            # Said as well as done, for clients that keep their lines.
            self.send_header("Connection", "close")
            for name, value in answer.headers.items():
                self.send_header(name, value)
            if answer.sized:
                self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)
            if answer.then:
                answer.then(self)

        def log_message(self, *_args: object) -> None:
            """Tests need no access log."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    state.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield state
    finally:
        server.shutdown()
        thread.join()
        server.socket.close()
