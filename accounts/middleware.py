"""The reader's language and time zone, for every page and fragment; and the first run."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import translation
from django.utils.cache import patch_vary_headers

from .reading import reading_by_request
from .selectors import anyone

Next = Callable[[HttpRequest], HttpResponse]
# Programs ask here; a page that makes the first administrator is no answer for them.
_NOT_PAGES = ("/api/", "/healthz", "/readyz", "/metrics", "/static/", "/ws/")


class ReaderMiddleware:
    """Activate the reader's language and zone; say the language in the response."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with reading_by_request(request):
            language = translation.get_language()
            request.LANGUAGE_CODE = language  # type: ignore[attr-defined]
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", language or "")
        patch_vary_headers(response, ("Accept-Language", "Cookie"))
        return response


class FirstRunMiddleware:
    """Lead every page to /start/ while there is nobody who could sign in."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response
        # Once there is someone there always is: asked no more.
        self._set_up = False

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if self._set_up or request.method != "GET" or request.path.startswith(_NOT_PAGES):
            return self.get_response(request)
        self._set_up = request.user.is_authenticated or anyone()
        start = reverse("accounts:start")
        if not self._set_up and request.path != start:
            return HttpResponseRedirect(start)
        return self.get_response(request)
