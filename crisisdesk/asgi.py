"""One port for everything: pages through WSGI threads, sockets through Channels' routing.

Django's own ASGI handler starts a thread per request for the synchronous middleware, which makes
an empty request five times as dear; hence pages go through a2wsgi. Run it with
`--ws-per-message-deflate false --ws-max-size 65536`.
"""

import os
from typing import Any

from a2wsgi import WSGIMiddleware
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crisisdesk.settings")
# Before the imports below: they need the apps to be loaded.
_wsgi = get_wsgi_application()

from channels.routing import URLRouter  # noqa: E402
from channels.sessions import CookieMiddleware  # noqa: E402

from core.bounded import Bounded  # noqa: E402
from core.origins import OwnPagesOnly  # noqa: E402
from core.routing import websocket_urlpatterns  # noqa: E402

WSGI_THREADS = 6
# Calls of outside programs: enough threads that calls wait together and are written together,
# and as many under way as are answered within half a second.
HOOKS = "/hooks/"
HOOK_THREADS = 16
MOST_HOOKS = 64

_pages = WSGIMiddleware(_wsgi, workers=WSGI_THREADS)  # type: ignore[arg-type]
_hooks = Bounded(WSGIMiddleware(_wsgi, workers=HOOK_THREADS), most=MOST_HOOKS)  # type: ignore[arg-type]
_sockets = OwnPagesOnly(CookieMiddleware(URLRouter(websocket_urlpatterns)))


async def application(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "websocket":
        await _sockets(scope, receive, send)
    elif scope["type"] == "http" and scope["path"].startswith(HOOKS):
        await _hooks(scope, receive, send)
    else:
        # Also answers the server's lifespan messages.
        await _pages(scope, receive, send)
