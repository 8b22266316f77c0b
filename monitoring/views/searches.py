"""Saved searches: the list with what is unread, saving, removing."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from accounts.http import SignedIn
from core.clock import database_now
from core.errors import Refused
from monitoring import asked, choosing
from monitoring.choosing import SavedRow
from monitoring.models_triage import SavedSearch
from monitoring.selectors import searches as selectors
from monitoring.selectors.filters import Filters
from monitoring.services import searches as services


@login_required
@require_GET
def searches(request: SignedIn) -> HttpResponse:
    """The searches, each with what is unread; `?search=7` is the one being looked at."""
    user, now = request.user, database_now()
    found = selectors.searches(user)
    current = asked.integer(request.GET.get("search", ""))
    for each in found:
        if each.pk == current:
            services.look(each, by=user, now=now)

    def read(search: SavedSearch) -> Filters:
        return asked.parse(search.query, brands=user.roles, now=now, me=user.pk).filters

    counts = selectors.unread(user, found, read, now=now)
    context = {
        "now": now,
        "searches": found,
        "saved": tuple(SavedRow.of(each, counts.get(each.pk)) for each in found),
        "current": current,
    }
    fragment = "#list" if request.htmx else ""
    return render(request, f"monitoring/searches.html{fragment}", context)


@login_required
@require_POST
def save(request: SignedIn) -> HttpResponse:
    """Keep the filter under a name, for oneself or for a brand."""
    user, now = request.user, database_now()
    given = request.POST.get("query", "")
    wanted = asked.parse(given, brands=user.roles, now=now, me=user.pk)
    query = wanted.address(search="").removeprefix("?")
    brand = asked.integer(request.POST.get("brand", ""))
    try:
        made = services.save_search(
            request.POST.get("name", ""), query, by=user, brand_id=brand, now=now
        )
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect(reverse("monitoring:mentions") + wanted.address())
    choosing.forget_saved(user)
    return redirect(SavedRow.of(made).address)


@login_required
@require_POST
def delete(request: SignedIn, pk: int) -> HttpResponse:
    """Remove a search."""
    try:
        services.delete_search(selectors.get_search(request.user, pk), by=request.user)
    except SavedSearch.DoesNotExist:
        raise Http404 from None
    except Refused as refusal:
        messages.error(request, str(refusal))
    choosing.forget_saved(request.user)
    return redirect("monitoring:searches")
