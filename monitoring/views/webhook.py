"""Where platforms push mentions to: signed, without a session, answered after the commit."""

import hmac
import logging
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import RequestDataTooBig
from django.db import OperationalError
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseForbidden,
    HttpResponseNotAllowed,
    JsonResponse,
)
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from core import signatures
from core.api.strict import BadJson
from core.errors import Conflict
from monitoring import mapped, payload, senders
from monitoring.enums import RefusalCode
from monitoring.ingest import Accepted, SourceGone
from monitoring.models import Source
from monitoring.rows import Refusal
from monitoring.services import inbound
from monitoring.services.sources import secrets

logger = logging.getLogger(__name__)


class _Answer(Exception):
    """The call is not taken; the answer says why."""

    def __init__(
        self, status: int, detail: str, headers: dict[str, str] | None = None, **more: Any
    ) -> None:
        super().__init__(detail)
        self.response = JsonResponse({"detail": detail, **more}, status=status, headers=headers)


@csrf_exempt
@require_http_methods(["GET", "POST"])
def webhook(request: HttpRequest, public_id: UUID, secret: str = "") -> HttpResponse:
    """Take one call: 200 with counts, or 4xx with what is wrong and in which row and field.

    200 means stored: it is sent after the commit. Good rows are kept beside bad ones. `secret` is
    that of senders who can only keep it in the address. GET is how Meta asks whether we are there.
    """
    if request.method == "GET":
        return _handshake(request, public_id)
    try:
        return _receive(request, public_id, secret)
    except _Answer as answer:
        return answer.response
    except OperationalError:
        logger.warning("A webhook call could not be stored now", exc_info=True)
        words = _("It cannot be stored at the moment. Send it again with the same webhook-id.")
        return JsonResponse({"detail": words}, status=503, headers={"Retry-After": "10"})


def _handshake(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Give back the challenge to a caller who knows the secret (hub.verify_token)."""
    source, now = inbound.find(public_id)
    token = request.GET.get("hub.verify_token", "").encode()
    if source is None or source.config.get("sender") != senders.HUB:
        return HttpResponseNotAllowed(["POST"])
    if not any(hmac.compare_digest(token, known.encode()) for known in secrets(source, now=now)):
        return HttpResponseForbidden()
    return HttpResponse(request.GET.get("hub.challenge", "")[:200], content_type="text/plain")


def _receive(request: HttpRequest, public_id: UUID, secret: str) -> JsonResponse:
    body = _body(request)
    source, now = inbound.find(public_id)
    if source is None:
        raise _Answer(404, _("There is no such webhook."))
    call_id = _verify(request, source, body, in_address=secret, now=now)
    if not source.is_active:
        raise _Answer(403, _("This source is paused in CrisisDesk."))
    carried = _read(body, source)
    if not carried.posts:
        raise _refusal(carried.refused)
    try:
        outcome = inbound.receive(source, carried.posts, call_id=call_id, now=now)
    except Conflict as conflict:
        raise _Answer(409, str(conflict)) from None
    except SourceGone:
        raise _Answer(404, _("There is no such webhook.")) from None
    except inbound.Busy:
        words = _("Too much is waiting here. Send it again with the same webhook-id.")
        raise _Answer(429, words, headers={"Retry-After": "1"}) from None
    except inbound.NothingUsable as nothing:
        raise _refusal(carried.refused + _in_call(nothing.outcome.refused, carried)) from None
    return _told(outcome, carried)


def _body(request: HttpRequest) -> bytes:
    try:
        return request.body
    except RequestDataTooBig:
        raise _Answer(
            413, _("The body is too large. Send the mentions in several calls.")
        ) from None


def _verify(
    request: HttpRequest, source: Source, body: bytes, *, in_address: str, now: datetime
) -> str:
    """Return the call's id if the sender is who it should be."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    call = senders.Call(headers, body, str(request.META.get("REMOTE_ADDR", "")), in_address)
    try:
        return senders.verify(source.config, secrets(source, now=now), call, now=now)
    except senders.Stranger:
        raise _Answer(403, _("Calls from this address are not taken.")) from None
    except signatures.BadSignature as error:
        raise _Answer(401, _("The signature is not accepted."), reason=str(error)) from None


def _read(body: bytes, source: Source) -> payload.Payload:
    lines = mapped.lines_of(source.config)
    try:
        return mapped.read(body, lines) if lines else payload.read(body)
    except BadJson as error:
        raise _Answer(400, str(error)) from None
    except payload.WrongShape:
        words = _('Send {"mentions": […]} with one to %(most)d mentions.')
        if lines:
            words = _("The mapping finds no list of one to %(most)d mentions in this call.")
        raise _Answer(422, words % {"most": payload.MAX_MENTIONS}, errors=[]) from None


def _refusal(refused: list[Refusal]) -> _Answer:
    words = _("No mention in this call can be used; nothing was kept.")
    return _Answer(422, words, errors=_in_words(refused))


def _told(outcome: Accepted, carried: payload.Payload) -> JsonResponse:
    refused = carried.refused + _in_call(outcome.refused, carried)
    return JsonResponse(
        {
            "accepted": outcome.new,
            "known": outcome.known,
            "unmatched": outcome.unmatched,
            "refused": len(refused),
            "errors": _in_words(refused),
            "changed": _in_words(_in_call(outcome.mended, carried)),
        }
    )


def _in_call(refusals: list[Refusal], carried: payload.Payload) -> list[Refusal]:
    """Give each its row in the call instead of the one among the posts that were made of it."""
    return [Refusal(carried.rows[each.row], each.field, each.code) for each in refusals]


def _in_words(refusals: list[Refusal]) -> list[dict[str, Any]]:
    ordered = sorted(refusals, key=lambda refusal: refusal.row)
    return [
        {"row": each.row, "field": each.field, "message": str(RefusalCode(each.code).label)}
        for each in ordered
    ]
