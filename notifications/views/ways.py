"""How one is told: addresses, orders, quiet hours, devices."""

import json
from collections.abc import Callable
from functools import cache
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from accounts.http import SignedIn
from core.clock import database_now
from core.errors import Refused
from notifications import codes, selectors
from notifications.carriers import (
    CARRIERS,
    PERSONAL,
    Carrier,
    carrier,
    icon_of,
    provider_label,
)
from notifications.channels import push
from notifications.channels.email import configured
from notifications.enums import Urgency
from notifications.forms import AddressForm, CodeForm, PreferenceForm, RuleForm
from notifications.models import Address, Rule
from notifications.order import Way
from notifications.services import addresses, wishes


@login_required
@require_GET
def ways(request: SignedIn) -> HttpResponse:
    """Everything on one page, with what would happen now on top."""
    now = database_now()
    mine = selectors.addresses(request.user)
    names = {address.pk: address for address in mine}
    context = {
        "now": now,
        "addresses": [(address, icon_of(address.service)) for address in mine],
        "mail": selectors.latest_mail(request.user),
        "configured": configured(),
        "carriers": [(each, each.available) for name in PERSONAL if (each := CARRIERS[name])],
        "rules": [_told(rule, names) for rule in Rule.objects.filter(user=request.user)],
        "page_now": _now(request, Urgency.PAGE, names, now),
        "news_now": _now(request, Urgency.NEWS, names, now),
        "one": selectors.hangs_on_one(request.user, now=now),
        "failing": selectors.failing(),
        "preference": PreferenceForm(instance=selectors.preference(request.user)),
        "key": push.public_key(),
    }
    part = "#addresses" if request.headers.get("HX-Target") == "addresses" else ""
    return render(request, f"notifications/ways.html{part}", context)


def _now(request: SignedIn, urgency: str, names: dict[int, Address], now: Any) -> list[Any]:
    found = selectors.order_now(request.user, urgency, now=now)
    return [(way, _name(way, names), int((way.at - now).total_seconds()) // 60) for way in found]


def _name(way: Way, names: dict[int, Address]) -> str:
    if way.address is None:
        return _("E-mail of my profile")
    address = names[way.address]
    return f"{address.get_means_display()}: {address}"


def _told(rule: Rule, names: dict[int, Address]) -> tuple[Rule, list[tuple[str, int]]]:
    """A rule with its steps in words and minutes."""
    return rule, [(_step(step, names), step["after"] // 60) for step in rule.steps]


def _step(step: dict[str, Any], names: dict[int, Address]) -> str:
    if step["way"] == "address":
        address = names.get(step["address"])
        return f"{address.get_means_display()}: {address}" if address else "–"
    return _("Push on all my devices") if step["way"] == "push" else _("E-mail of my profile")


def _personal(service: str) -> Carrier:
    found = carrier(service) if service in PERSONAL else None
    if found is None:
        raise Http404
    return found


@login_required
def address_new(request: SignedIn, service: str) -> HttpResponse:
    found = _personal(service)
    form = AddressForm(request.POST or None, found=found)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            address = addresses.add_address(
                request.user, service, said["to"], label=said["label"], now=database_now()
            )
        except Refused as refusal:
            form.add_error("to", str(refusal))
        else:
            return redirect("notifications:address_code", address.pk)
    return render(request, "notifications/address_new.html", {"form": form, "carrier": found})


@login_required
@never_cache
def address_code(request: SignedIn, pk: int) -> HttpResponse:
    """Confirm an address by the code that was sent to it."""
    address = request.user.addresses.get(pk=pk)
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            addresses.verify(request.user, pk, form.cleaned_data["code"], now=database_now())
        except Refused as refusal:
            form.add_error("code", str(refusal))
        else:
            messages.success(request, _("Confirmed. From now on you are told by it."))
            return redirect("notifications:ways")
    sent = address.deliveries.filter(notice__kind=codes.KIND).order_by("-pk").first()
    context = {"form": form, "address": address, "sent": sent}
    part = "#sent" if request.headers.get("HX-Target") == "sent" else ""
    return render(request, f"notifications/address_code.html{part}", context)


def _doing(request: SignedIn, do: Callable[[], object], done: str) -> HttpResponse:
    """Make a service call and come back to the page; what was refused is said there."""
    try:
        do()
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, done)
    return redirect("notifications:ways")


@login_required
@require_POST
def address_again(request: SignedIn, pk: int) -> HttpResponse:
    try:
        addresses.send_code(request.user, pk, now=database_now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    return redirect("notifications:address_code", pk)


@login_required
@require_POST
def address_remove(request: SignedIn, pk: int) -> HttpResponse:
    done = _("Removed. Nothing is sent there any more.")
    return _doing(request, lambda: addresses.remove_address(request.user, pk), done)


@login_required
@require_POST
def ring(request: SignedIn, pk: int | None = None) -> HttpResponse:
    """“Ring me now”: without a number, the e-mail of the profile."""
    done = _("You are being rung. What came of it stands beside the address.")
    return _doing(request, lambda: addresses.ring(request.user, pk, now=database_now()), done)


@login_required
def rule(request: SignedIn, pk: int | None = None) -> HttpResponse:
    """Make or change an order."""
    row = request.user.notice_rules.get(pk=pk) if pk is not None else None
    mine = selectors.addresses(request.user)
    form = RuleForm(request.POST or None, addresses=mine, rule=row)
    if request.method == "POST" and form.is_valid():
        try:
            wishes.save_rule(request.user, form.order(), rule_id=pk)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Saved. It holds from the next call on."))
            return redirect("notifications:ways")
    return render(request, "notifications/rule.html", {"form": form, "rule": row})


@login_required
@require_POST
def rule_remove(request: SignedIn, pk: int) -> HttpResponse:
    return _doing(request, lambda: wishes.remove_rule(request.user, pk), _("Removed."))


@login_required
@require_POST
def preferences(request: SignedIn) -> HttpResponse:
    form = PreferenceForm(request.POST, instance=selectors.preference(request.user))
    if not form.is_valid():
        messages.error(request, _("Not saved. Look at the hours and minutes."))
        return redirect("notifications:ways")
    said = form.cleaned_data
    return _doing(request, lambda: wishes.save_preference(request.user, **said), _("Saved."))


@login_required
@require_POST
def device(request: SignedIn) -> JsonResponse:
    """Take this browser as a device, or forget it: JSON from the page's script."""
    try:
        said = json.loads(request.body)
        name = str(said.get("name") or "")
        if said.get("forget"):
            addresses.unsubscribe(request.user, str(said["forget"]))
        else:
            subscription = said["subscription"]
            addresses.subscribe(request.user, subscription, label=name, now=database_now())
    except (ValueError, KeyError, AttributeError, TypeError):
        return JsonResponse({"detail": _("This could not be read.")}, status=400)
    except Refused as refusal:
        return JsonResponse({"detail": str(refusal)}, status=422)
    return JsonResponse({})


@login_required
@require_GET
def health(request: SignedIn) -> HttpResponse:
    """How those who carry our notices are doing, and since when."""
    found = [(each, provider_label(each.name)) for each in selectors.providers()]
    context = {"providers": found, "configured": configured()}
    return render(request, "notifications/health.html", context)


@require_GET
def worker(request: HttpRequest) -> HttpResponse:
    """The service worker: at the root, so that it may open every page of ours."""
    headers = {"Cache-Control": "no-cache"}
    return HttpResponse(_worker(), content_type="text/javascript", headers=headers)


@cache
def _worker() -> bytes:
    return (settings.BASE_DIR / "static" / "js" / "push-worker.js").read_bytes()
