"""Mentions and the incidents they belong to: the panel on a mention's page, and linking many."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.enums import Permission
from accounts.http import SignedIn
from accounts.rules import allowed
from core.clock import database_now
from core.errors import Refused
from incidents import selectors, services
from incidents.models import Incident
from monitoring import asked
from monitoring.enums import JobKind
from monitoring.models import Mention
from monitoring.selectors import get_mention
from monitoring.services import many

from .access import attempt, find_to, require

# Closed cases to choose from, the latest first.
CASES = 50


@login_required
@require_http_methods(["GET", "POST"])
def mention(request: SignedIn, pk: int) -> HttpResponse:
    """Show where the mention belongs (GET); link it to the incident `reference` (POST)."""
    try:
        found = get_mention(request.user, pk)
    except Mention.DoesNotExist:
        raise Http404 from None
    problem = _link(request, found) if request.method == "POST" else ""
    if request.method == "POST" and not request.htmx:
        return redirect("monitoring:mention", pk=pk)
    linked = list(selectors.with_mention(request.user, found.pk))
    others = selectors.open_of_brand(request.user, [found.brand_id]).exclude(
        pk__in=[each.pk for each in linked]
    )
    context = {
        "mention": found,
        "linked": linked,
        "others": others,
        "problem": problem,
        "may_link": allowed(request.user, Permission.TRIAGE, found.brand_id),
        "may_open": allowed(request.user, Permission.OPEN_INCIDENT, found.brand_id),
    }
    fragment = "#panel" if request.htmx else ""
    return render(request, f"incidents/mention.html{fragment}", context)


def _link(request: SignedIn, found: Mention) -> str:
    """Return why it was refused, or ""."""
    require(request.user, Permission.TRIAGE, found.brand_id)
    incident: Incident = find_to(request, request.POST.get("reference", ""), Permission.TRIAGE)
    if incident.brand_id != found.brand_id:
        return _("The incident belongs to another brand.")
    what = {"id": found.pk, "published_at": found.published_at, "author": found.author}
    return attempt(
        request,
        lambda: services.link_mention(incident.pk, what, by=request.user, now=database_now()),
    )


@login_required
@require_http_methods(["GET", "POST"])
def link(request: SignedIn) -> HttpResponse:
    """Link `?mention=7&mention=9`, or all that the stream's filter `?query=` shows."""
    given = request.POST if request.method == "POST" else request.GET
    ids = asked.integers(given.getlist("mention"), many.MOST_TICKED)
    query = given.get("query", "")
    if request.method == "POST":
        return _link_many(request, given.get("reference", ""), ids, query)
    brands = [pk for pk in request.user.roles if allowed(request.user, Permission.TRIAGE, pk)]
    if ids:
        found = Mention.objects.visible_to(request.user).filter(pk__in=ids, brand_id__in=brands)
        brands = list(found.values_list("brand_id", flat=True).distinct())
    context = {
        "now": database_now(),
        "ids": ids,
        "query": query,
        "open": list(selectors.open_of_brand(request.user, brands).order_by("-detected_at")),
        "closed": list(selectors.closed_of_brand(request.user, brands)[:CASES]),
    }
    return render(request, "incidents/link.html", context)


def _link_many(request: SignedIn, reference: str, ids: list[int], query: str) -> HttpResponse:
    now, user = database_now(), request.user
    params = {"incident": reference}
    try:
        if ids:
            job = many.do_now(JobKind.LINK, params, ids, by=user, now=now)
        else:
            wanted = asked.parse(query, brands=user.roles, now=now, me=user.pk)
            job = many.start(JobKind.LINK, params, wanted.filters, query=query, by=user, now=now)
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("monitoring:mentions")
    if len(ids) == 1:
        return redirect("monitoring:mention", pk=ids[0])
    return redirect("monitoring:job", job.pk)
