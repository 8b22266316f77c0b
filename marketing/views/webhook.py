"""Where scheduling tools push their plans to: signed, answered after the commit."""

from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from core import signatures
from core.api.strict import BadJson
from core.clock import database_now
from core.crypto import Unsealable
from core.errors import Conflict
from marketing import reading
from marketing.enums import FeedKind
from marketing.models import Feed
from marketing.reading import Fault, Unreadable
from marketing.services import feeding
from monitoring import senders


class _Answer(Exception):
    def __init__(self, status: int, detail: str, **more: Any) -> None:
        super().__init__(detail)
        self.response = JsonResponse({"detail": detail, **more}, status=status)


@csrf_exempt
@require_POST
def receive(request: HttpRequest, public_id: UUID, secret: str = "") -> HttpResponse:
    """Take one call: 200 with counts, or 4xx with what is wrong and in which row."""
    try:
        return _take(request, public_id, secret)
    except _Answer as answer:
        return answer.response


def _take(request: HttpRequest, public_id: UUID, in_address: str) -> JsonResponse:
    feed = (
        Feed.objects.select_related("brand")
        .filter(public_id=public_id, kind=FeedKind.WEBHOOK, is_active=True)
        .first()
    )
    if feed is None:
        raise _Answer(404, _("There is no such webhook."))
    now = database_now()
    body = _body(request)
    call_id = _verify(request, feed, body, in_address)
    try:
        read = reading.from_json(body, ZoneInfo(feed.brand.time_zone))
        taken = feeding.receive(feed, read, call_id=call_id, now=now)
    except (BadJson, Unreadable) as error:
        raise _Answer(400, str(error)) from None
    except Conflict as conflict:
        raise _Answer(409, str(conflict)) from None
    errors = [{"row": each.row, "message": str(Fault(each.fault).label)} for each in taken.refused]
    counts = {"new": taken.new, "changed": taken.changed, "known": taken.known, "gone": taken.gone}
    status = 200 if any(counts.values()) or not errors else 422
    return JsonResponse({**counts, "refused": len(errors), "errors": errors}, status=status)


def _body(request: HttpRequest) -> bytes:
    try:
        return request.body
    except RequestDataTooBig:
        raise _Answer(413, _("The body is too large. Send it in several calls.")) from None


def _verify(request: HttpRequest, feed: Feed, body: bytes, in_address: str) -> str:
    headers = {name.lower(): value for name, value in request.headers.items()}
    call = senders.Call(headers, body, str(request.META.get("REMOTE_ADDR", "")), in_address)
    try:
        known = [feeding.secret_of(feed)]
        return senders.verify({"sender": feed.sender}, known, call, now=database_now())
    except senders.Stranger:
        raise _Answer(403, _("Calls from this address are not taken.")) from None
    except (signatures.BadSignature, Unsealable) as error:
        raise _Answer(401, _("The signature is not accepted."), reason=str(error)) from None
