"""The reader's language and time zone, for every page and fragment."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.cache import patch_vary_headers

from .reading import reading_by_request

Next = Callable[[HttpRequest], HttpResponse]


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
