"""Approving without an account: the exact text and its digest, two buttons, one answer.

Mail gateways and chats open every link they carry: looking does nothing, only pressing does. The
page needs no cookie; what it may do is bound by the link's signature, so a forged form gains
nothing and there is no CSRF token.
"""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods

from core.clock import database_now
from core.errors import Refused
from core.outsiders import headed, too_many
from responses import outside, picturing, services
from responses.enums import Verdict
from responses.forms import VerdictForm
from responses.models import Draft, Version
from responses.models_policy import ApprovalLink
from responses.placing import MOST as MOST_IMAGES
from responses.postures import postures
from responses.previews import Preview, previews
from responses.services.links import Answer, obstacle

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
        "images": _images(link) if shown else [],
        "previews": _previews(draft, shown) if shown else [],
        **(_warned(draft, shown.text) if shown else {}),
    }
    return render(request, "responses/outside.html", context, status=409 if problem else 200)


def _previews(draft: Draft, version: Version) -> list[Preview]:
    return previews(list(draft.accounts.all()), version.text, parts_for=version.parts_for)


def _images(link: ApprovalLink) -> list[picturing.Shown]:
    """What is to be approved beside the text, at addresses that hang on the same link."""
    token = outside.token_of(link)
    return [
        picturing.Shown(at, each, reverse("responses:outside_image", args=[token, each.sha256]))
        for at, each in enumerate(link.version.images, 1)
    ]


@require_GET
def image(request: HttpRequest, link: str, image: str) -> HttpResponse:
    """An image that is asked about, for as long as it is."""
    if too_many(request, "outside_image", most=MOST * MOST_IMAGES):
        return headed(HttpResponse(_("Too many attempts. Wait a minute."), status=429))
    try:
        found = outside.find(link)
    except outside.BadLink:
        raise Http404 from None
    asked = {each.sha256 for each in found.version.images}
    if image not in asked or obstacle(found, found.version.draft, now=database_now()):
        raise Http404
    return headed(picturing.sent(found.version.draft, image))


def _warned(draft: Draft, text: str) -> dict[str, Any]:
    """How the text stands, and the versions that a language model suggested: what an approver with
    an account is shown too. Of other texts only what is out is quoted."""
    versions = draft.versions.filter(suggestion__isnull=False)
    return {
        "found": postures(draft.incident, text, draft=draft, now=database_now()),
        "helped": list(versions.select_related("suggestion", "editor").order_by("number")),
    }


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
