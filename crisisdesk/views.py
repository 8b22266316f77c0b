"""The overview, the palette's search and, in development, the kit of components."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.enums import Role
from accounts.http import SignedIn
from core import palette
from core.clock import database_now
from core.navigation import shown
from core.text import clean

from . import kit as samples
from . import overview as regions
from .alarm import current


@require_GET
@login_required
def overview(request: SignedIn) -> HttpResponse:
    """The page, or with htmx the one region that asks for itself."""
    now = database_now()
    wanted = request.GET.get("range", "")
    wanted = wanted if wanted in regions.RANGES else "24h"
    target = request.htmx.target if request.htmx else None
    if target in regions.REGIONS:
        context = regions.REGIONS[target](request.user, now, wanted)
        return render(request, f"crisisdesk/overview.html#{target}", context)
    context = regions.context(request.user, now=now, wanted=wanted)
    return render(request, "crisisdesk/overview.html", context)


@require_GET
@login_required
def navigation(request: SignedIn) -> HttpResponse:
    """The rail's entries with their pips as they are now; `page` is the view that is open."""
    entries = shown(request, request.GET.get("page", ""))
    return render(request, "components/rail.html#entries", {"navigation": entries})


@require_GET
@login_required
def search(request: SignedIn) -> HttpResponse:
    """Groups of what the palette found; without script, a page of them."""
    query = clean(request.GET.get("q", ""))[:80].strip()
    context = {"query": query, "groups": palette.search(request.user, query)}
    part = "#groups" if request.htmx else ""
    return render(request, f"crisisdesk/search.html{part}", context)


@require_GET
@login_required
def kit(request: SignedIn) -> HttpResponse:
    """Every component and state, with its markup: the reference for those who make screens."""
    return render(request, "crisisdesk/kit.html", samples.context(database_now()))


@require_GET
@login_required
def alarm(request: SignedIn) -> HttpResponse:
    """The strip on every page while the desk's own check finds something wrong; else nothing.

    What exactly is for those who can mend it.
    """
    found = current()
    administers = Role.ADMINISTRATOR in request.user.roles.values()
    context = {"found": found, "details": found if administers else []}
    return render(request, "components/alarm.html", context)
