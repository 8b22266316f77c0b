"""Answering a mention from the stream: an answer is a draft of an incident, so first which one."""

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET

from accounts.enums import Permission
from accounts.http import SignedIn
from accounts.rules import require
from core.clock import database_now
from incidents.models import Incident
from incidents.selectors import open_of_brand, with_mention
from monitoring.models import Mention
from monitoring.selectors import get_mention


@login_required
@require_GET
def reply(request: SignedIn) -> HttpResponse:
    """Go on to the draft that answers `?mention=7`; ask first where several incidents fit."""
    given = request.GET.get("mention", "")
    if not given.isdecimal() or len(given) > 18:
        return redirect("monitoring:mentions")
    try:
        mention = get_mention(request.user, int(given))
    except Mention.DoesNotExist:
        raise Http404 from None
    require(request.user, Permission.DRAFT, mention.brand_id)
    fitting = _fitting(request, mention)
    if len(fitting) == 1:
        address = reverse("responses:new", args=[fitting[0].reference])
        return redirect(f"{address}?mention={mention.pk}")
    context = {"mention": mention, "incidents": fitting, "now": database_now()}
    return render(request, "responses/reply.html", context)


def _fitting(request: SignedIn, mention: Mention) -> list[Incident]:
    """The incidents that the mention is linked to, or else the brand's open ones."""
    linked = list(with_mention(request.user, mention.pk))
    return linked or list(open_of_brand(request.user, [mention.brand_id]).order_by("-detected_at"))
