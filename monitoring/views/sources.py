"""Settings: where mentions come from, how each source is doing, and the words to listen for."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from accounts.enums import Permission
from accounts.http import SignedIn
from accounts.models import Brand
from accounts.rules import allowed, require
from accounts.selectors import get_brand, visible_brands
from connectors import guides
from connectors.models import ConnectedAccount
from connectors.selectors import by_group, usable
from connectors.trying import Tried
from core.clock import database_now
from core.errors import Forbidden, Refused
from monitoring import kinds, previews, senders
from monitoring.enums import SourceKind
from monitoring.forms import SourceForm, UploadForm, WordsForm
from monitoring.models import Query, Source
from monitoring.queries import simple
from monitoring.selectors import sources as selectors
from monitoring.services import polling
from monitoring.services import queries as query_services
from monitoring.services import sources as services

from .access import find, find_managed


@login_required
@require_GET
def sources(request: SignedIn) -> HttpResponse:
    """All sources of the reader's brands with their health."""
    now = database_now()
    managed = selectors.managed_brands(request.user)
    found = list(selectors.sources(request.user))
    healths = selectors.healths(found, now=now)
    rows = [{"source": s, "health": h} for s, h in zip(found, healths, strict=True)]
    context = {
        "rows": rows,
        "managed_ids": managed,
        "now": now,
        "managed": [b for b in visible_brands(request.user) if b.pk in managed],
    }
    return render(request, "monitoring/sources.html", context)


@login_required
@never_cache
def source_new(request: SignedIn) -> HttpResponse:
    """Make a source: first of which kind and for which brand, then its settings."""
    brands = [b for b in visible_brands(request.user) if b.pk in _managed(request)]
    if not brands:
        raise Forbidden(_("Only administrators of a brand add sources. Ask one of yours."))
    slug = request.GET.get("brand", "")
    brand = next((each for each in brands if each.slug == slug), None)
    if brand is None and len(brands) == 1:
        [brand] = brands
    kind = request.GET.get("kind", "")
    if brand is None or kind not in kinds.all_kinds():
        q = request.GET.get("q", "")[:60]
        context = {
            "brands": brands,
            "brand": brand or brands[0],
            "groups": by_group(kinds.all_kinds(), q=q),
            "q": q,
        }
        return render(request, "monitoring/source_kinds.html", context)
    return _new_of_kind(request, brand, kind)


def _new_of_kind(request: SignedIn, brand: Brand, kind: str) -> HttpResponse:
    form = SourceForm(kind, request.POST or None, brand=brand)
    context: dict[str, Any] = {
        "form": form,
        "brand": brand,
        "kind": kind,
        "network": kinds.all_kinds()[kind],
        "guide": guides.exists(kind),
        "has_account": "account" not in form.fields or usable(brand.pk, kind).exists(),
    }
    if "preview" in request.POST:
        context["preview"] = previews.preview(form)
    elif request.method == "POST" and form.is_valid():
        try:
            config = form.config()
            if "try" not in request.POST:
                return _made(request, brand, form, config)
            context["tried"] = _try_out(kind, config, form.account)
        except Refused as refusal:
            form.add_error(None, str(refusal))
    return render(request, "monitoring/source_new.html", context)


def _made(
    request: SignedIn, brand: Brand, form: SourceForm, config: dict[str, Any]
) -> HttpResponse:
    name = form.cleaned_data["name"]
    made = services.create_source(
        brand,
        kind=form.kind,
        name=name,
        config=config,
        account=form.account,
        poll_every=form.cleaned_data.get("poll_every"),
        by=request.user,
        now=database_now(),
    )
    if made.secret:
        # In this answer and never again; a redirect would have to keep it somewhere.
        return _page(request, find(request.user, made.source.pk), secret=made.secret)
    messages.success(request, _("%(name)s is being read from now on.") % {"name": name})
    return redirect("monitoring:source", made.source.pk)


@login_required
@never_cache
def source(request: SignedIn, pk: int) -> HttpResponse:
    """One source: its health, and for who may manage it its settings."""
    row = find(request.user, pk)
    if request.method != "POST":
        return _page(request, row)
    row = find_managed(request.user, pk)
    form = SourceForm(row.kind, request.POST, brand=row.brand, source=row)
    if "preview" in request.POST:
        return _page(request, row, form=form, preview=previews.preview(form))
    if form.is_valid():
        try:
            config = form.config()
            if "try" in request.POST:
                return _page(
                    request, row, form=form, tried=_try_out(row.kind, config, form.account)
                )
            services.update_source(
                row,
                name=form.cleaned_data["name"],
                config=config,
                account=form.account,
                poll_every=form.cleaned_data.get("poll_every"),
                by=request.user,
                now=database_now(),
            )
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Saved. It takes effect at once."))
            return redirect("monitoring:source", pk)
    return _page(request, row, form=form)


@login_required
@require_POST
def source_try(request: SignedIn, pk: int) -> HttpResponse:
    """Read the source once without keeping anything, and show what came.

    Where its credentials work again, what was stopped goes on.
    """
    row = find_managed(request.user, pk)
    tried = _try_out(row.kind, row.config, row.account)
    if tried.works and row.stopped_at:
        services.go_on(row, by=request.user, now=database_now())
        row = find(request.user, pk)
    return _page(request, row, tried=tried)


@login_required
@require_POST
def source_pause(request: SignedIn, pk: int) -> HttpResponse:
    """Pause a source, or with `active` let it go on."""
    active = bool(request.POST.get("active"))
    row = find_managed(request.user, pk)
    services.set_active(row, active=active, by=request.user, now=database_now())
    return redirect("monitoring:source", pk)


@login_required
@require_POST
@never_cache
def source_secret(request: SignedIn, pk: int) -> HttpResponse:
    """Make a new secret and show it, this once."""
    row = find_managed(request.user, pk)
    secret = services.rotate_secret(row, by=request.user, now=database_now())
    return _page(request, find(request.user, pk), secret=secret, rotated=True)


@login_required
def words(request: SignedIn, slug: str) -> HttpResponse:
    """The words by which sources that carry more than the brand are filtered."""
    brand = get_brand(request.user, slug)
    require(request.user, Permission.MANAGE_BRAND, brand)
    query = Query.objects.filter(brand=brand, name=query_services.WORDS).first() or Query()
    lists = simple.lists(query.expression if query.is_active else "")
    if lists is None:
        # It has grown into more than words.
        return redirect("monitoring:query", brand.slug, query.pk)
    initial = dict(zip(("any_of", "none_of"), map("\n".join, lists), strict=True))
    form = WordsForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            query_services.set_words(brand, **form.cleaned_data, by=request.user)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Saved. It applies to what comes in from now on."))
            return redirect("monitoring:sources")
    return render(request, "monitoring/source_words.html", {"form": form, "brand": brand})


def _managed(request: SignedIn) -> list[int]:
    return selectors.managed_brands(request.user)


def _try_out(kind: str, config: dict[str, Any], account: ConnectedAccount | None) -> Tried:
    return polling.try_out(kind, config, account=account, now=database_now())


def _page(request: SignedIn, row: Source, **more: Any) -> HttpResponse:
    now = database_now()
    managing = allowed(request.user, Permission.MANAGE_BRAND, row.brand_id)
    context: dict[str, Any] = {
        "source": row,
        "health": selectors.health(row, now=now),
        "now": now,
        "managing": managing,
        "readable": kinds.is_read(row.kind),
        "guide": guides.exists(row.kind),
        "form": SourceForm(row.kind, brand=row.brand, source=row) if managing else None,
        **more,
    }
    if row.kind == SourceKind.WEBHOOK:
        context |= _hook(row, more.get("secret", ""))
    network = kinds.find(row.kind)
    if network is not None and network.webhook and row.account_id:
        where = reverse("monitoring:network_webhook", args=[row.kind, row.public_id])
        context["network_hook"] = settings.PUBLIC_URL + where
    if row.kind == SourceKind.FILE and managing:
        context.setdefault("upload_form", UploadForm())
        context["imports"] = selectors.imports(request.user).filter(source=row)[:20]
    return render(request, "monitoring/source.html", context)


def _hook(row: Source, secret: str) -> dict[str, Any]:
    """Where a webhook's sender posts to; with a secret that is part of the address, as a whole."""
    address = settings.PUBLIC_URL + reverse("monitoring:webhook", args=[row.public_id])
    if row.config.get("sender") != senders.ADDRESS:
        return {"hook": address}
    return {"hook": address + "…", "whole": f"{address}{senders.in_url(secret)}/" if secret else ""}
