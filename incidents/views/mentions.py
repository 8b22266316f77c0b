"""A mention and the incidents it belongs to: the panel on the mention's page."""

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.enums import Permission
from accounts.http import SignedIn
from accounts.rules import allowed
from core.clock import database_now
from incidents import selectors, services
from incidents.models import Incident
from monitoring.models import Mention
from monitoring.selectors import get_mention

from .access import attempt, find_to, require


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
    others = selectors.open_of_brand([found.brand_id]).exclude(pk__in=[each.pk for each in linked])
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
