"""Where the sockets are."""

from django.urls import path, re_path

from .consumers import live_socket, nowhere

websocket_urlpatterns = [path("ws/live/", live_socket), re_path(r"", nowhere)]  # type: ignore[arg-type,list-item]
