"""A brand's channels: where a step tells many at once."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from accounts.enums import Permission
from accounts.http import SignedIn
from accounts.models import Brand
from accounts.rules import require
from accounts.selectors import administered, get_brand
from core.clock import database_now
from core.errors import Refused
from notifications import selectors
from notifications.carriers import icon_of, label_of
from notifications.forms import ChannelForm
from notifications.services import channels as services


@login_required
@require_GET
def listing(request: SignedIn) -> HttpResponse:
    managed = administered(request.user)
    context = {
        "rows": [
            (each, icon_of(each.service), label_of(each.service), each.brand_id in managed)
            for each in selectors.channels(request.user)
        ],
        "brands": Brand.objects.filter(pk__in=managed),
    }
    return render(request, "notifications/channels.html", context)


@login_required
@never_cache
def new(request: SignedIn, slug: str) -> HttpResponse:
    """Add a channel; a webhook's secret is shown in the answer that makes it, and never again."""
    brand = get_brand(request.user, slug)
    require(request.user, Permission.MANAGE_BRAND, brand)
    form = ChannelForm(request.POST or None, initial={"language": request.user.language})
    context = {"form": form, "brand": brand}
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            channel, secret = services.add_channel(
                brand, said["service"], said["to"], name=said["name"],
                language=said["language"], by=request.user, now=database_now(),
            )  # fmt: skip
        except Refused as refusal:
            form.add_error("to", str(refusal))
        else:
            if not secret:
                return redirect("notifications:channels")
            context = {"channel": channel, "secret": secret, "brand": brand}
    return render(request, "notifications/channel_new.html", context)


@login_required
@require_POST
def remove(request: SignedIn, pk: int) -> HttpResponse:
    services.remove_channel(pk, by=request.user)
    messages.success(request, _("Removed. Steps that told it are passed."))
    return redirect("notifications:channels")


@login_required
@require_POST
def test(request: SignedIn, pk: int) -> HttpResponse:
    services.try_channel(pk, by=request.user, now=database_now())
    messages.success(request, _("A test is on its way to the channel."))
    return redirect("notifications:channels")
