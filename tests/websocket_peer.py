"""A WebSocket server on loopback that does with each connection what a test tells it to."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import Server, ServerConnection, serve


@contextmanager
def websocket_peer(handle: Callable[[ServerConnection], None], **how: object) -> Iterator[str]:
    """Serve on a free port of 127.0.0.1 until the end of the block; gives the ws:// address.

    The connection is closed when `handle` returns.
    """

    def careful(connection: ServerConnection) -> None:
        try:
            handle(connection)
        except ConnectionClosed:
            """The client has left: that is its right."""

    server: Server = serve(careful, "127.0.0.1", 0, **how)  # type: ignore[arg-type]
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"ws://127.0.0.1:{server.socket.getsockname()[1]}"
    finally:
        server.shutdown()
        thread.join()
