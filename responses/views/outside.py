"""Approving without an account: the exact text and its digest, two buttons, one answer.

Mail gateways and chats open every link they carry: looking does nothing, only pressing does. The
page needs no cookie; what it may do is bound by the link's signature, so a forged form gains
nothing and there is no CSRF token.
"""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from core.clock import database_now
from core.errors import Refused
from core.outsiders import headed, too_many
from responses import outside, services
from responses.enums import Verdict
from responses.forms import VerdictForm
from responses.models_policy import ApprovalLink
from responses.services.links import Answer, obstacle
from responses.showing import previews

# Requests a minute from one address.
MOST = 40


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def answer(request: HttpRequest, link: str) -> HttpResponse:
    """Show what is asked; take the answer when a button is pressed."""
    if too_many(request, "outside", most=MOST):
        return headed(HttpResponse(_("Too many attempts. Wait a minute."), status=429))
    try:
        found = outside.find(link)
    except outside.BadLink:
        raise Http404 from None
    answering = _answered if request.method == "POST" else _asked
    return headed(answering(request, found))


def _asked(request: HttpRequest, link: ApprovalLink, problem: str = "") -> HttpResponse:
    draft = link.version.draft
    problem = problem or obstacle(link, draft, now=database_now())
    # A text that is over is nobody's outside any more: then only the reason is shown.
    shown = None if problem else link.version
    context = {
        "link": link,
        "draft": draft,
        "version": shown,
        "problem": problem,
        "previews": previews(list(draft.accounts.all()), shown.text) if shown else [],
    }
    return render(request, "responses/outside.html", context, status=409 if problem else 200)


def _answered(request: HttpRequest, link: ApprovalLink) -> HttpResponse:
    form = VerdictForm(request.POST)
    form.is_valid()
    said = Verdict.CHANGES if request.POST.get("verdict") == "changes" else Verdict.APPROVED
    word = Answer(said, form.cleaned_data.get("sha256", ""), form.cleaned_data.get("comment", ""))
    try:
        services.answer_outside(link.pk, word, now=database_now())
    except Refused as refused:
        return _asked(request, link, str(refused))
    context = {"link": link, "done": said}
    return render(request, "responses/outside.html", context)
