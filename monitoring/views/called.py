"""Where networks call us: verified by each network's own rule, answered once it is stored."""

import logging
from uuid import UUID

from django.core.exceptions import RequestDataTooBig
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from connectors.base import ReadError
from connectors.network import Event, Unreadable
from core.clock import database_now
from monitoring.ingest import SourceGone
from monitoring.services import called

logger = logging.getLogger(__name__)

# Meta puts up to a thousand changes into one call.
MOST_BYTES = 4 * 1024 * 1024


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def called_by_network(request: HttpRequest, network: str, public_id: UUID) -> HttpResponse:
    """Answer a network's challenge, or take in what it tells.

    200 means stored, or known already. 401: not verified. 503: send it again. Nothing of what an
    unverified call says is read, and no answer tells it more than that.
    """
    try:
        found = called.find(network, public_id)
        if found is None:
            return _plain(404)
        if request.method == "POST":
            return _receive(request, found)
        return _challenge(request, found)
    except OperationalError:
        logger.warning("A call of %s could not be stored now", network, exc_info=True)
        return _plain(503)


def _challenge(request: HttpRequest, found: called.Called) -> HttpResponse:
    answer = called.challenge(found, request.GET.dict())
    if answer is None:
        return _plain(403)
    content_type, text = answer
    return HttpResponse(text, content_type=content_type, headers=_HEADERS)


def _receive(request: HttpRequest, found: called.Called) -> HttpResponse:
    try:
        body = request.body
    except RequestDataTooBig:
        body = b""
    if not 0 < len(body) <= MOST_BYTES:
        return _plain(413)
    headers = {name.lower(): value for name, value in request.headers.items()}
    event = Event(headers, body, request.GET.dict())
    try:
        called.receive(found, event, now=database_now())
    except (called.NotVerified, Unreadable, SourceGone) as refusal:
        return _plain(_STATUS[type(refusal)])
    except ReadError:
        logger.warning("A call of %s could not be worked off", found.source.kind, exc_info=True)
        return _plain(503)
    return _plain(200)


_STATUS = {called.NotVerified: 401, Unreadable: 400, SourceGone: 404}


# What is given back of a challenge comes from outside: no browser may take it for a page.
_HEADERS = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox"}


def _plain(status: int) -> HttpResponse:
    headers = {**_HEADERS, **({"Retry-After": "10"} if status == 503 else {})}
    return HttpResponse(status=status, content_type="text/plain", headers=headers)
