"""Settings: the accounts that a brand publishes through."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.enums import Permission
from accounts.models import Brand
from accounts.rules import require
from accounts.selectors import administered
from connectors.models import ConnectedAccount
from connectors.registry import NETWORKS
from core.errors import Forbidden, Refused
from responses import selectors, services
from responses.forms import SimulatorForm, WebhookForm

from .common import SignedIn, act

FORMS: dict[str, type[forms.Form]] = {
    "simulator": SimulatorForm,
    "outbound_webhook": WebhookForm,
}
LIST = ("responses:accounts",)


@login_required
@require_GET
def listing(request: SignedIn) -> HttpResponse:
    """The accounts of every brand that the reader manages."""
    managed = administered(request.user)
    if not managed:
        raise Forbidden(_("Only administrators of a brand manage its accounts."))
    rows: dict[int, list[tuple[ConnectedAccount, object]]] = {pk: [] for pk in managed}
    for account in selectors.managed_accounts(request.user):
        if account.network in FORMS:
            rows[account.brand_id].append((account, NETWORKS[account.network].label))
    brands = [(brand, rows[brand.pk]) for brand in Brand.objects.filter(pk__in=managed)]
    networks = [(name, NETWORKS[name].label) for name in FORMS]
    return render(request, "responses/accounts.html", {"brands": brands, "networks": networks})


def _find_account(request: SignedIn, pk: int) -> ConnectedAccount:
    """404 for a brand that is not the reader's; the service refuses those who may not manage."""
    accounts = ConnectedAccount.objects.filter(brand_id__in=request.user.roles)
    found = accounts.select_related("brand").filter(pk=pk).first()
    if found is None:
        raise Http404(_("There is no such account."))
    return found


@login_required
@require_http_methods(["GET", "POST"])
def new(request: SignedIn, brand: str, network: str) -> HttpResponse:
    """Connect an account; a webhook's secret is shown once, on the page that follows."""
    found = Brand.objects.visible_to(request.user).filter(slug=brand).first()
    if found is None or network not in FORMS:
        raise Http404(_("There is no such brand or network."))
    require(request.user, Permission.MANAGE_BRAND, found)
    form = FORMS[network](request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            return _connect(request, found, network, form.cleaned_data)
        except Refused as refused:
            form.add_error(None, str(refused))
    context = {"brand": found, "form": form, "network": NETWORKS[network].label}
    return render(
        request, "responses/account_new.html", context, status=422 if form.errors else 200
    )


def _connect(request: SignedIn, brand: Brand, network: str, values: dict[str, Any]) -> HttpResponse:
    if network == "simulator":
        services.connect_simulator(brand, by=request.user, **values)
        return redirect(*LIST)
    account, secret = services.connect_webhook(brand, by=request.user, **values)
    return _show_secret(request, account, secret)


def _show_secret(request: SignedIn, account: ConnectedAccount, secret: str) -> HttpResponse:
    response = render(
        request, "responses/account_secret.html", {"account": account, "secret": secret}
    )
    response["Cache-Control"] = "no-store"
    return response


@login_required
@require_POST
def secret(request: SignedIn, pk: int) -> HttpResponse:
    """Make a new secret, shown once."""
    account = _find_account(request, pk)
    require(request.user, Permission.MANAGE_BRAND, account.brand_id)
    try:
        account, made = services.replace_secret(pk, by=request.user)
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect(*LIST)
    return _show_secret(request, account, made)


@login_required
@require_POST
def test(request: SignedIn, pk: int) -> HttpResponse:
    """Try the account without publishing anything."""
    account = _find_account(request, pk)

    def look(now: object) -> None:
        error = services.try_account(account, by=request.user)
        if error:
            raise Refused(error)

    return act(request, look, then=LIST, done=_("The account is ready to publish."))


@login_required
@require_POST
def deactivate(request: SignedIn, pk: int) -> HttpResponse:
    _find_account(request, pk)
    return act(request, lambda now: services.deactivate_account(pk, by=request.user), then=LIST)


@login_required
@require_POST
def activate(request: SignedIn, pk: int) -> HttpResponse:
    _find_account(request, pk)
    return act(request, lambda now: services.activate_account(pk, by=request.user), then=LIST)
