"""Settings: the accounts by which a brand reads and publishes."""

from dataclasses import asdict
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.enums import Permission
from accounts.http import SignedIn
from accounts.models import Brand
from accounts.rules import require
from accounts.selectors import administered
from core.clock import database_now
from core.errors import Forbidden, Refused

from . import guides, selectors, services
from .base import ReadError
from .consent import Begun
from .forms import AccountForm
from .models import ConnectedAccount
from .registry import NETWORKS
from .trying import Tried

# What a session keeps while its person is at a network's page.
_BEGUN = "connectors.consent"


@login_required
@require_GET
def listing(request: SignedIn) -> HttpResponse:
    """The accounts of every brand that the reader manages."""
    rows: dict[int, list[tuple[ConnectedAccount, object]]] = {pk: [] for pk in _managed(request)}
    for each in selectors.managed_accounts(request.user):
        if each.network in NETWORKS:
            rows[each.brand_id].append((each, NETWORKS[each.network]))
    brands = [(brand, rows[brand.pk]) for brand in Brand.objects.filter(pk__in=rows)]
    return render(request, "connectors/accounts.html", {"brands": brands})


@login_required
@require_GET
def choose(request: SignedIn) -> HttpResponse:
    """On which network? With `q`, those whose name holds it."""
    brands = list(Brand.objects.filter(pk__in=_managed(request)))
    slug = request.GET.get("brand", "")
    q = request.GET.get("q", "")[:60]
    context = {
        "brands": brands,
        "brand": next((each for each in brands if each.slug == slug), brands[0]),
        "groups": selectors.by_group(selectors.connectable(), q=q),
        "q": q,
    }
    return render(request, "connectors/account_choose.html", context)


def _managed(request: SignedIn) -> list[int]:
    managed = administered(request.user)
    if not managed:
        raise Forbidden(_("Only administrators of a brand manage its accounts."))
    return managed


@login_required
@require_GET
def guide(request: SignedIn, network: str) -> HttpResponse:
    """What the network wants before it lets us in."""
    try:
        made = guides.guide(network)
    except FileNotFoundError:
        raise Http404(_("There is no such page.")) from None
    label = NETWORKS[network].label if network in NETWORKS else guides.heading(network)
    context = {"guide": made, "label": label}
    return render(request, "connectors/guide.html", context)


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def new(request: SignedIn, brand: str, network: str) -> HttpResponse:
    """Connect an account, or test what was typed; a secret of ours is shown once, after it."""
    found = Brand.objects.visible_to(request.user).filter(slug=brand).first()
    if found is None or network not in selectors.connectable():
        raise Http404(_("There is no such brand or network."))
    require(request.user, Permission.MANAGE_BRAND, found)
    form = AccountForm(NETWORKS[network], request.POST or None)
    context: dict[str, Any] = {"brand": found}
    if request.method == "POST" and form.is_valid():
        if "try" in request.POST:
            context["tried"] = _test_typed(form, network)
        else:
            try:
                return _connected(request, found, network, form)
            except Refused as refused:
                form.add_error(None, str(refused))
    return _form_page(request, form, network, context)


def _connected(request: SignedIn, brand: Brand, network: str, form: AccountForm) -> HttpResponse:
    account, secret = services.connect(
        brand, network, name=form.cleaned_data["name"], values=form.values, by=request.user
    )
    if secret:
        return _show_secret(request, account, secret)
    if services.may_consent(account):
        messages.success(request, _("%(name)s is saved.") % {"name": account.name})
        return redirect("connectors:account", account.pk)
    messages.success(request, _("%(name)s is connected.") % {"name": account.name})
    return redirect("connectors:accounts")


def _test_typed(form: AccountForm, network: str, account: ConnectedAccount | None = None) -> Tried:
    name = form.cleaned_data["name"]
    now = database_now()
    return services.test_typed(network, form.values, account=account, name=name, now=now)


def _form_page(
    request: SignedIn, form: AccountForm, network: str, context: dict[str, Any]
) -> HttpResponse:
    account = context.get("account")
    context |= {
        "form": form,
        "may_consent": account is not None and services.may_consent(account),
        "way_back": services.way_back(),
        "network": NETWORKS[network],
        "name": network,
        "guide": guides.exists(network),
    }
    return render(
        request, "connectors/account_form.html", context, status=422 if form.errors else 200
    )


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def account(request: SignedIn, pk: int) -> HttpResponse:
    """Change an account, or test what was typed; an empty secret stays as it is."""
    found = _find_managed(request, pk)
    kept = services.stored_secrets(found)
    network = NETWORKS[found.network]
    form = AccountForm(network, request.POST or None, account=found, kept=kept)
    context: dict[str, Any] = {"brand": found.brand, "account": found}
    if request.method == "POST" and form.is_valid():
        if "try" in request.POST:
            context["tried"] = _test_typed(form, found.network, found)
        else:
            try:
                name = form.cleaned_data["name"]
                now = database_now()
                services.change(pk, name=name, values=form.values, by=request.user, now=now)
                messages.success(request, _("Saved. It takes effect at once."))
                return redirect("connectors:accounts")
            except Refused as refused:
                form.add_error(None, str(refused))
    return _form_page(request, form, found.network, context)


@login_required
@require_POST
@never_cache
def secret(request: SignedIn, pk: int) -> HttpResponse:
    """Make a new secret, shown once."""
    _find_managed(request, pk)
    try:
        found, made = services.replace_secret(pk, by=request.user)
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect("connectors:accounts")
    return _show_secret(request, found, made)


def _show_secret(request: SignedIn, account: ConnectedAccount, secret: str) -> HttpResponse:
    context = {"account": account, "secret": secret}
    return render(request, "connectors/account_secret.html", context)


@login_required
@require_POST
def test(request: SignedIn, pk: int) -> HttpResponse:
    """Test the account as it is stored, without publishing anything."""
    found = _find_managed(request, pk)
    tried = services.test(found, by=request.user, now=database_now())
    kept = services.stored_secrets(found)
    form = AccountForm(NETWORKS[found.network], account=found, kept=kept)
    context = {"brand": found.brand, "account": found, "tried": tried}
    return _form_page(request, form, found.network, context)


@login_required
@require_GET
@never_cache
def grant(request: SignedIn, pk: int) -> HttpResponse:
    """Send the person to the network's own page, where they grant access.

    Not by a form: our policy lets none lead to another site. Nothing changes until they come back.
    """
    found = _find_managed(request, pk)
    try:
        begun, page = services.begin_consent(found, by=request.user, now=database_now())
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect("connectors:account", pk)
    request.session[_BEGUN] = asdict(begun)
    return redirect(page)


@login_required
@require_GET
@never_cache
def granted(request: SignedIn) -> HttpResponse:
    """Take back who was sent by `grant`: once, in the same session, with the same state."""
    kept = request.session.pop(_BEGUN, None)
    begun = Begun(**kept) if kept else None
    if begun is None or not begun.answers(request.GET.get("state", ""), now=database_now()):
        messages.error(
            request, _("This sign-in was not begun here, or too long ago. Begin it once more.")
        )
        return redirect("connectors:accounts")
    found = _find_managed(request, begun.account_id)
    _take_code(request, found, begun)
    return redirect("connectors:account", found.pk)


def _take_code(request: SignedIn, account: ConnectedAccount, begun: Begun) -> None:
    code = request.GET.get("code", "")[:4000]
    label = NETWORKS[account.network].label
    if not code:
        messages.error(request, _("%(network)s did not grant access.") % {"network": label})
        return
    try:
        tried = services.finish_consent(account, begun, code, by=request.user, now=database_now())
    except ReadError as error:
        messages.error(request, str(error.words))
        return
    messages.success(request, _("%(network)s has granted access.") % {"network": label})
    if tried.error:
        messages.error(request, str(tried.error))


@login_required
@require_POST
def deactivate(request: SignedIn, pk: int) -> HttpResponse:
    return _switch(request, pk, on=False)


@login_required
@require_POST
def activate(request: SignedIn, pk: int) -> HttpResponse:
    return _switch(request, pk, on=True)


def _switch(request: SignedIn, pk: int, *, on: bool) -> HttpResponse:
    _find_managed(request, pk)
    services.switch(pk, on=on, by=request.user)
    return redirect("connectors:accounts")


def _find_managed(request: SignedIn, pk: int) -> ConnectedAccount:
    """404 for a brand that is not the reader's, 403 for one that the reader does not manage."""
    found = selectors.accounts(request.user).filter(pk=pk, network__in=NETWORKS).first()
    if found is None:
        raise Http404(_("There is no such account."))
    require(request.user, Permission.MANAGE_BRAND, found.brand_id)
    return found
