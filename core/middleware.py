"""What no page should have to think of."""

import json
from collections.abc import Callable

from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.defaults import page_not_found

from .errors import Conflict, Forbidden, Refused

Next = Callable[[HttpRequest], HttpResponse]


class AddressMiddleware:
    """Refuse a NUL character in the address: no text column can hold it, so no answer exists."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "\x00" in request.path or "%00" in request.META.get("QUERY_STRING", ""):
            return HttpResponseBadRequest("400 Bad Request\n", content_type="text/plain")
        return self.get_response(request)


class RefusalMiddleware:
    """Show what a service refused with its words, where a view does not do so itself.

    A page answers with a page, an htmx request with a toast and nothing swapped. A row that a
    selector did not find for this person is a 404, like one that does not exist.
    """

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, ObjectDoesNotExist):
            return page_not_found(request, Http404())
        if not isinstance(error, Refused):
            return None
        if request.headers.get("HX-Request"):
            return _toast(error)
        return _page(request, error)


def status_of(refusal: Refused) -> int:
    if isinstance(refusal, Forbidden):
        return 403
    return 409 if isinstance(refusal, Conflict) else 422


def _toast(refusal: Refused) -> HttpResponse:
    response = HttpResponse(status=status_of(refusal))
    response["HX-Reswap"] = "none"
    response["HX-Trigger"] = json.dumps({"toast": {"text": str(refusal), "level": "error"}})
    return response


def _page(request: HttpRequest, refusal: Refused) -> HttpResponse:
    back = request.headers.get("Referer", "")
    here = url_has_allowed_host_and_scheme(
        back, {request.get_host()}, require_https=request.is_secure()
    )
    context = {"exception": str(refusal), "back": back if here else "/"}
    template = "403.html" if isinstance(refusal, Forbidden) else "refused.html"
    return render(request, template, context, status=status_of(refusal))
