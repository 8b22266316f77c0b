"""Where a gateway posts the text messages that people write back.

`POST /hooks/replies/` with `{"from": "+4512345678", "text": "ack"}`, signed by Standard Webhooks
with REPLY_SECRET. The answer `{"text": …}` is for the person: a gateway may send it back to them.
"""

import json

from django.conf import settings
from django.http import Http404, HttpRequest, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from core import signatures
from core.clock import database_now
from notifications.services.replies import Written, take_text

MAX_BODY = 20_000


@csrf_exempt
@require_POST
def reply(request: HttpRequest) -> JsonResponse:
    """Take one text message."""
    if not settings.REPLY_SECRET:
        raise Http404
    if int(request.headers.get("Content-Length") or 0) > MAX_BODY:
        return JsonResponse({"detail": "too large"}, status=413)
    now, call = database_now(), request.headers.get("webhook-id", "")
    try:
        signatures.verify(
            [settings.REPLY_SECRET],
            call_id=call,
            timestamp=request.headers.get("webhook-timestamp", ""),
            signature=request.headers.get("webhook-signature", ""),
            body=request.body,
            now=now,
        )
    except signatures.BadSignature as error:
        return JsonResponse({"detail": str(error)}, status=401)
    try:
        said = json.loads(request.body)
        written = Written(str(said["from"]), str(said["text"]), call)
    except (ValueError, KeyError, TypeError):
        return JsonResponse({"detail": '{"from": …, "text": …}'}, status=400)
    outcome = take_text(written, now=now)
    words = outcome.words if outcome else _("There is no call that you could answer.")
    return JsonResponse({"text": words, "done": bool(outcome and outcome.done)})
