"""The pause: pressing it, its banner, its checklist, its end."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from accounts.enums import Permission
from accounts.http import SignedIn, act
from accounts.models import Brand
from accounts.rules import allowed
from core.clock import database_now
from core.errors import Refused
from incidents.enums import State
from incidents.models import Incident
from marketing import selectors, services
from marketing.enums import PostState
from marketing.forms import EndForm, PauseForm
from marketing.models import ChecklistItem, Pause

from .common import brands_with, find_pause, in_zone


@login_required
@never_cache
@require_GET
def banner(request: SignedIn) -> HttpResponse:
    """The strip on every page while marketing of one of the reader's brands is paused."""
    context = {"pauses": list(selectors.running(request.user))}
    return render(request, "marketing/banner.html", context)


@login_required
@never_cache
def new(request: SignedIn) -> HttpResponse:
    """Press the pause: what would be stopped stands beside the form."""
    able = brands_with(request.user, Permission.PAUSE_MARKETING)
    if not able:
        raise Http404(_("You may not pause anything."))
    incidents = _incidents(request, able)
    first = incidents.get(request.GET.get("incident", ""))
    ids = [brand.pk for brand in able]
    accounts = selectors.publishing_accounts(ids)
    with in_zone(able[0]):
        form = PauseForm(
            request.POST if request.method == "POST" else None,
            brands=able,
            channels=sorted({account.network for account in accounts}),
            incidents=[(ref, f"{ref} {each.title}") for ref, each in incidents.items()],
            initial=_initial(request, able, first),
        )
        if (
            request.method == "POST"
            and form.is_valid()
            and (made := _press(request, form, incidents))
        ):
            return redirect("marketing:pause", made[0].pk)
        context = {"form": form, "counts": _counts(request, able)}
        return render(request, "marketing/pause_new.html", context)


def _initial(request: SignedIn, able: list[Brand], incident: Incident | None) -> dict[str, Any]:
    wanted = incident.brand.slug if incident else request.GET.get("brand", "")
    brands = [brand for brand in able if brand.slug == wanted] or (able if len(able) == 1 else [])
    return {
        "brands": brands,
        "incident": incident.reference if incident else "",
        "reason": incident.title if incident and not incident.is_private else "",
    }


def _incidents(request: SignedIn, brands: list[Brand]) -> dict[str, Incident]:
    rows = Incident.objects.visible_to(request.user).filter(brand__in=brands)
    open_ones = rows.exclude(state=State.RESOLVED).select_related("brand")
    return {each.reference: each for each in open_ones.order_by("severity", "-pk")[:20]}


def _press(
    request: SignedIn, form: PauseForm, incidents: dict[str, Incident]
) -> list[Pause] | None:
    """Pause each of the brands; what is paused already stays as it is."""
    given = form.cleaned_data
    incident = incidents.get(given.get("incident", ""))
    terms = services.Terms(given["reason"], given["planned_end"], given["gap"])
    scope = services.Scope(**form.lists())
    made, problems = [], []
    for brand in given["brands"]:
        here = incident if incident and incident.brand_id == brand.pk else None
        try:
            pause = services.press(
                brand, terms, by=request.user, now=database_now(), scope=scope, incident=here
            )
        except Refused as refused:
            problems.append(f"{brand}: {refused}")
        else:
            made.append(pause)
    for problem in problems:
        if made:
            messages.error(request, problem)
        else:
            form.add_error(None, problem)
    return made or None


def _counts(request: SignedIn, brands: list[Brand]) -> list[dict[str, Any]]:
    """What of each brand would be stopped here, and what by hand; when the next one is due."""
    rows = selectors.posts(request.user).filter(brand__in=brands)
    waiting = list(
        rows.filter(state__in=(PostState.QUEUED, PostState.ELSEWHERE), at__gte=database_now())
        .order_by("at").values_list("brand_id", "state", "at")[:5000]
    )  # fmt: skip
    return [_count(brand, [(s, at) for pk, s, at in waiting if pk == brand.pk]) for brand in brands]


def _count(brand: Brand, waiting: list[tuple[str, datetime]]) -> dict[str, Any]:
    own = [at for state, at in waiting if state == PostState.QUEUED]
    return {
        "brand": brand,
        "own": len(own),
        "elsewhere": len(waiting) - len(own),
        "next": own[0] if own else None,
    }


@login_required
@never_cache
@require_GET
def history(request: SignedIn) -> HttpResponse:
    """Every pause of the reader's brands, the newest first."""
    context = {"pauses": list(selectors.pauses(request.user)[:100])}
    return render(request, "marketing/pauses.html", context)


@login_required
@require_POST
def end(request: SignedIn, pk: int) -> HttpResponse:
    find_pause(request, pk)
    return act(
        request,
        lambda now: services.end(pk, by=request.user, now=now),
        then=("marketing:pause", pk),
        done=_("Marketing goes on. What nobody decided about stays held."),
    )


@login_required
@require_POST
def prolong(request: SignedIn, pk: int) -> HttpResponse:
    pause = find_pause(request, pk)
    with in_zone(pause.brand):
        form = EndForm(request.POST)
        form.is_valid()
    return act(
        request,
        lambda now: services.prolong(
            pk, form.cleaned_data.get("planned_end"), by=request.user, now=now
        ),
        then=("marketing:pause", pk),
    )


@login_required
@require_POST
def take_over(request: SignedIn, pk: int) -> HttpResponse:
    find_pause(request, pk)
    return act(
        request,
        lambda now: services.take_over(pk, by=request.user, now=now),
        then=("marketing:pause", pk),
    )


@login_required
@require_POST
def tick(request: SignedIn, pk: int) -> HttpResponse:
    """Tick an item of the checklist, or take the tick back."""
    item = ChecklistItem.objects.filter(pk=pk, pause__brand__in=request.user.roles).first()
    if item is None:
        raise Http404(_("There is no such item."))
    done = request.POST.get("done") == "1"
    return act(
        request,
        lambda now: services.tick(pk, done, by=request.user, now=now),
        then=("marketing:pause", item.pause_id),
    )


@login_required
@never_cache
@require_GET
def panel(request: SignedIn, reference: str) -> HttpResponse:
    """Marketing in the war room: what is paused, or how to pause it."""
    rows = Incident.objects.visible_to(request.user)
    incident = rows.select_related("brand").filter(reference=reference).first()
    if incident is None:
        raise Http404(_("There is no such incident."))
    pauses = list(selectors.running(request.user).filter(brand=incident.brand_id))
    now = database_now()
    coming = list(
        selectors.posts(request.user).filter(
            brand=incident.brand_id, at__gte=now, state__in=(PostState.QUEUED, PostState.HELD,
                                                             PostState.ELSEWHERE),
        )[:300]
    )  # fmt: skip
    context = {
        "incident": incident,
        "pauses": pauses,
        "coming": len(coming),
        "marked": len(selectors.marks(coming, request.user)),
        "may_pause": allowed(request.user, Permission.PAUSE_MARKETING, incident.brand_id),
    }
    return render(request, "marketing/panel.html", context)
