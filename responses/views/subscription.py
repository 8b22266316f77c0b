"""Subscribing to a statement by e-mail, for people without an account.

The form stands on a public page that is served elsewhere, so there is no CSRF token to send along;
what a link does is bound by its signature. A link is opened by mail programs before its reader
opens it: only pressing the button does anything. No answer tells whether an address is known.
"""

from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from core.clock import database_now
from core.outsiders import headed, too_many
from responses.models_statement import Statement, StatementSite
from responses.services.statement import subscribing
from responses.statements import addresses, links

# Requests a minute from one address.
MOST = 20


class SubscribeForm(forms.Form):
    email = forms.EmailField(max_length=254)
    language = forms.CharField(max_length=8, required=False)


@csrf_exempt
@require_POST
def subscribe(request: HttpRequest, site: str, slug: str) -> HttpResponse:
    """Take the form of a statement's page. The same answer, whatever is known of the address."""
    rows = Statement.objects.select_related("site__brand")
    statement = rows.filter(site__slug=site, slug=slug, published_at__isnull=False).first()
    if statement is None:
        raise Http404
    form = SubscribeForm(request.POST)
    with translation.override(_language(statement.site, request.POST.get("language", ""))):
        if too_many(request, "statement", most=MOST):
            return _page(request, "many", status=429)
        if not form.is_valid():
            return _page(request, "invalid", status=422, back=addresses.statement(statement))
        subscribing.subscribe(statement.pk, **form.cleaned_data, now=database_now())
        return _page(request, "asked", back=addresses.statement(statement))


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, consent: str) -> HttpResponse:
    """Ask; subscribe when the button is pressed."""
    named = _named(links.read_confirm, consent)
    if request.method != "POST":
        return _page(request, "confirm")
    found = subscribing.confirm(named, now=database_now())
    if found is None:
        raise Http404
    with translation.override(found.language):
        return _page(request, "confirmed", back=addresses.statement(found.statement))


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def leave(request: HttpRequest, farewell: str) -> HttpResponse:
    """Ask; leave when the button is pressed, or a mail program does so (RFC 8058)."""
    named = _named(links.read_leave, farewell)
    if request.method != "POST":
        return _page(request, "leave")
    subscribing.leave(named)
    return _page(request, "left")


def _named(read: Any, token: str) -> links.Named:
    try:
        named: links.Named = read(token)
    except links.BadLink:
        raise Http404(_("The link is too old, or not ours.")) from None
    return named


def _language(site: StatementSite, wanted: str) -> str:
    main: str = site.languages[0]
    return wanted if wanted in site.languages else main


def _page(request: HttpRequest, step: str, *, status: int = 200, back: str = "") -> HttpResponse:
    context = {"step": step, "back": back}
    return headed(render(request, "responses/subscription.html", context, status=status))
