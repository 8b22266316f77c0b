"""The list of incidents, and declaring one."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from accounts.enums import Permission
from accounts.http import SignedIn
from accounts.models import Brand, User
from core.clock import database_now
from incidents import selectors, services
from incidents.enums import Origin, Severity
from incidents.forms import DeclareForm, brands_with
from incidents.models import Incident
from incidents.selectors import Filters
from monitoring.models import Mention
from monitoring.selectors import get_mention

from .access import attempt, require

PAGE = 50
SHOWN = ("open", "resolved", "all")


@login_required
@require_GET
def incidents(request: SignedIn) -> HttpResponse:
    """The list; every filter is in the address."""
    query = request.GET
    brands = list(Brand.objects.visible_to(request.user))
    shown = query.get("shown", "")
    chosen = [brand for brand in brands if brand.slug == query.get("brand")]
    filters = Filters(
        shown=shown if shown in SHOWN else "open",
        brands=[brand.pk for brand in chosen],
        severities=[int(each) for each in query.getlist("severity") if each in "1234" and each],
        words=query.get("q", "").replace("\0", "")[:200],
    )
    page = Paginator(selectors.listing(request.user, filters), PAGE).get_page(query.get("page"))
    context = {
        "now": database_now(),
        "page": page,
        "filters": filters,
        "brands": brands,
        "brand": chosen[0] if chosen else None,
        "severities": Severity,
        "may_declare": brands_with(request.user, Permission.OPEN_INCIDENT).exists(),
    }
    return render(request, "incidents/list.html", context)


@login_required
def declare(request: SignedIn) -> HttpResponse:
    """Open an incident by hand; with `?mention=` from that mention, which is linked to it."""
    mention = _mention(request.user, request.GET.get("mention", ""))
    initial = _proposed(mention) if mention else {"brand": request.GET.get("brand")}
    form = DeclareForm(request.POST or None, user=request.user, initial=initial)
    if not brands_with(request.user, Permission.OPEN_INCIDENT).exists():
        # Nobody may declare anything nowhere: 403 in words.
        require(request.user, Permission.OPEN_INCIDENT, 0)
    if request.method == "POST" and form.is_valid():
        opened: list[Incident] = []
        wanted = form.cleaned_data
        if not attempt(request, lambda: opened.append(_open(request.user, wanted, mention))):
            return redirect("incidents:incident", opened[0].reference)
    return render(request, "incidents/declare.html", {"form": form, "mention": mention})


def _mention(user: User, pk: str) -> Mention | None:
    if not pk:
        return None
    if not pk.isdecimal():
        raise Http404
    try:
        return get_mention(user, int(pk))
    except Mention.DoesNotExist:
        raise Http404 from None


def _proposed(mention: Mention) -> dict[str, Any]:
    return {
        "brand": mention.brand_id,
        "title": (mention.title or mention.text)[:120],
        "crisis_type": mention.crisis_type,
    }


def _open(user: User, wanted: dict[str, Any], mention: Mention | None) -> Any:
    now = database_now()
    # Another brand was chosen than the mention is about: then it is not evidence for it.
    fits = mention is not None and mention.brand_id == wanted["brand"].pk
    linked = (
        {"id": mention.pk, "published_at": mention.published_at, "author": mention.author}
        if mention and fits
        else None
    )
    until = services.suspicion_end(wanted["brand"], now=now)
    return services.open_incident(
        wanted["brand"],
        title=wanted["title"],
        crisis_type=wanted["crisis_type"],
        severity=wanted["severity"],
        severity_reasons=[{"code": "person", "name": str(user)}],
        origin=Origin.MENTION if linked else Origin.PERSON,
        by=user,
        mention=linked,
        private_to=wanted["members"] if wanted["is_private"] else None,
        triage_until=until if wanted["is_suspicion"] else None,
        began_at=mention.published_at if mention and fits else now,
        now=now,
    )
