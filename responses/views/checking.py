"""What stands beside the composer while one writes: check and contradictions. Saves nothing."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from accounts.http import SignedIn
from core.clock import database_now
from core.text import clean
from responses import texts
from responses.advising import Checked
from responses.checks import check as check_text
from responses.guarding import guarded
from responses.guidelines import guidelines
from responses.models import Draft
from responses.selectors import offered
from responses.services import media
from responses.services.checking import leaning
from responses.services.rows import latest_version

from . import images
from .common import find_draft


def typed(request: SignedIn, draft: Draft) -> str:
    """What stands in the composer, or without a form what was saved last.

    Not trimmed: places in it have to be those of the field.
    """
    if request.method != "POST":
        return latest_version(draft).written
    return clean(request.POST.get("text", ""))[: texts.MAX_LENGTH]


@login_required
@require_http_methods(["GET", "POST"])
def check(request: SignedIn, reference: str, number: int) -> HttpResponse:
    """The check of what is being typed (POST), or of what was saved (GET)."""
    draft = find_draft(request, reference, number)
    text = typed(request, draft)
    report = check_text(text, guidelines(draft.incident.brand_id))
    checked = Checked(text, report, leaning(draft.incident, text))
    context = {
        "draft": draft,
        "checked": checked,
        "obstacles": _obstacles(request, draft),
        "reason": clean(request.POST.get("reason", "")),
        "typing": request.method == "POST" or request.GET.get("typing") == "1",
    }
    return render(request, "responses/check.html", context)


def _obstacles(request: SignedIn, draft: Draft) -> list[str]:
    """What stands in the way of the images, as typed or as saved."""
    typing = images.typed(request.POST)
    if typing is None:
        shown = latest_version(draft).images
        return media.obstacles(shown, draft.accounts.all(), answers=bool(draft.reply_to))
    ticked = {int(pk) for pk in request.POST.getlist("accounts") if pk.isdecimal() and len(pk) < 19}
    chosen = (each for each in offered(draft) if each.pk in ticked)
    shown = images.placed(draft, typing)
    return media.obstacles(shown, chosen, answers=bool(draft.reply_to))


@login_required
@require_http_methods(["GET", "POST"])
def contradictions(request: SignedIn, reference: str, number: int) -> HttpResponse:
    """What the text contradicts of all that stands of the incident."""
    draft = find_draft(request, reference, number)
    told, among = guarded(draft.incident, typed(request, draft), now=database_now())
    # Postures have a panel of their own, which looks at drafts too.
    found = [each for each in told if each.clash.kind != "posture"]
    typing = request.method == "POST"
    context = {"draft": draft, "found": found, "among": among, "typing": typing}
    return render(request, "responses/contradictions.html", context)
