"""Plans from elsewhere: files, calendar addresses and webhooks."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from accounts.enums import Permission
from accounts.http import SignedIn
from accounts.rules import require
from core.clock import database_now
from core.errors import Refused
from core.words import Words
from marketing import selectors, showing
from marketing.enums import FeedKind
from marketing.forms import FeedForm, ImportForm
from marketing.models import Feed
from marketing.reading import Fault, Unreadable
from marketing.services import feeding

from .common import brands_with


@login_required
@never_cache
def import_file(request: SignedIn) -> HttpResponse:
    """Take in a plan from a file, and name each row that was left out."""
    able = brands_with(request.user, Permission.PLAN_MARKETING)
    if not able:
        raise Http404(_("You may not plan anything."))
    arguments = (request.POST, request.FILES) if request.method == "POST" else ()
    form = ImportForm(*arguments, brands=able)
    taken = None
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            taken = feeding.import_file(
                form.cleaned_data["brand"], file.read(), file.name, by=request.user,
                now=database_now(),
            )  # fmt: skip
        except (Unreadable, Refused) as error:
            form.add_error("file", str(error))
    refused = [
        (each.row, Fault(each.fault).label, each.shown) for each in (taken.refused if taken else ())
    ]
    context = {"form": form, "taken": taken, "refused": refused}
    return render(request, "marketing/import.html", context)


@login_required
@never_cache
def feeds(request: SignedIn) -> HttpResponse:
    """The tools outside whose plans are shown, and for who manages a brand how to add one."""
    managed = brands_with(request.user, Permission.MANAGE_BRAND)
    form = None
    if managed:
        arguments = (request.POST,) if request.method == "POST" else ()
        form = FeedForm(*arguments, brands=managed)
    if request.method == "POST":
        if form is None:
            raise Http404
        if form.is_valid() and (added := _add(request, form)):
            return added
    rows = [_row(feed, [brand.pk for brand in managed]) for feed in selectors.feeds(request.user)]
    return render(request, "marketing/feeds.html", {"form": form, "rows": rows})


def _row(feed: Feed, managed: list[int]) -> dict[str, Any]:
    return {
        "feed": feed,
        "kind": FeedKind(feed.kind).label,
        "problem": str(Words.of(feed.error)) if feed.error else "",
        "may_remove": feed.brand_id in managed,
    }


def _add(request: SignedIn, form: FeedForm) -> HttpResponse | None:
    given = form.cleaned_data
    names = ("name", "entry_kind", "network", "country", "sender")
    fields = {name: given[name] for name in names}
    try:
        feed, secret = feeding.add_feed(
            given["brand"], given["kind"], fields, by=request.user, now=database_now(),
            url=given["url"],
        )  # fmt: skip
    except Refused as refused:
        form.add_error(None, str(refused))
        return None
    if not secret:
        messages.success(request, _("Connected. It is asked within seconds."))
        return redirect("marketing:feeds")
    # Shown this once.
    context = {
        "feed": feed,
        "secret": secret,
        "address": request.build_absolute_uri(showing.webhook(feed, secret)),
    }
    return render(request, "marketing/feed_secret.html", context)


@login_required
@require_POST
def remove(request: SignedIn, pk: int) -> HttpResponse:
    feed = selectors.feeds(request.user).filter(pk=pk).first()
    if feed is None:
        raise Http404(_("There is no such connection."))
    require(request.user, Permission.MANAGE_BRAND, feed.brand_id)
    feeding.remove_feed(pk, by=request.user)
    messages.success(request, _("Disconnected. Its entries have left the calendar."))
    return redirect("marketing:feeds")
