"""The stream of mentions, and the correction of a sentiment in its place."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts.enums import Permission
from accounts.http import SignedIn
from accounts.models import User
from accounts.rules import allowed
from accounts.selectors import brand_names
from core import formats
from core.clock import database_now
from core.errors import Refused

from . import asked, choosing, feed
from .enums import Sentiment
from .models import Mention, Source
from .panels import ACTIONS
from .selectors import Page, Post, TooSlow, get_mention, latest_at, newer, stream
from .selectors.filters import REACH
from .services import correct_sentiment
from .services.showing import note as note_shown


@require_GET
@login_required
def mentions(request: SignedIn) -> HttpResponse:
    """A page of the stream; with htmx and `after`, only the rows that came since."""
    now = database_now()
    names = brand_names(request.user)
    wanted = asked.read(request.GET, brands=names, now=now, me=request.user.pk)
    if request.htmx and wanted.newer_than is not None:
        fresh = newer(request.user, wanted.filters, wanted.newer_than)
        rows = _rows(request.user, fresh, wanted, names, now)
        return render(request, "monitoring/mentions.html#rows", {"rows": rows})
    triaged = _triaged(request.user)
    page, too_slow = _page(request.user, wanted)
    note_shown(page.posts, now=now)
    older = asked.cursor_text(page.older) if page.older else ""
    choices, saved = choosing.offered_and_saved(request.user, names)
    first, more = choosing.fields(formats.language(), choices, wanted.choices)
    context = {
        "now": now,
        "rows": _rows(request.user, page.posts, wanted, names, now),
        "any_rows": bool(page.posts),
        "too_slow": too_slow,
        "older": wanted.address(before=older) if older else "",
        "newest": wanted.address() if wanted.after else "",
        "live_groups": " ".join(f"brand.{pk}" for pk in wanted.filters.brands or names),
        "follows": not wanted.after and wanted.filters.order != REACH,
        "by_reach": wanted.filters.order == REACH,
        "newest_first": wanted.address(order=""),
        "farthest_first": wanted.address(order=REACH),
        "feed_address": wanted.address(),
        "all_time": wanted.address(period="all"),
        "chips": choosing.chips(wanted, choices),
        "fields": first,
        "more_fields": more,
        "more_open": any(name not in choosing.IN_SIGHT for name, _value in wanted.kept),
        "asked": wanted,
        "saved": saved,
        "current": asked.integer(wanted.given("search")),
        "here": wanted.address().removeprefix("?"),
        "view": wanted.address(search="").removeprefix("?"),
        "share_with": [(pk, name) for pk, name in names.items() if pk in triaged],
        "may_triage": bool(triaged),
        "actions": tuple(ACTIONS),
        "labels": choosing.label_fields(formats.language()),
        "since": wanted.given("since"),
        "until": wanted.given("until"),
        **_proof_of_life(request.user, bool(page.posts)),
    }
    return render(request, "monitoring/mentions.html", context)


def _page(user: User, wanted: asked.Asked) -> tuple[Page, str]:
    """The page, and why there is none where it took too long."""
    try:
        return stream(user, wanted.filters, wanted.after), ""
    except TooSlow as slow:
        return Page([], None), str(slow)


def _rows(
    user: User, posts: list[Post], wanted: asked.Asked, names: dict[int, str], now: datetime
) -> SafeString:
    tags = feed.tags([post.id for post in posts])
    return feed.rows(posts, feed.Shown(now, names, _triaged(user), tags, wanted.address()))


def _triaged(user: User) -> frozenset[int]:
    return frozenset(pk for pk in user.roles if allowed(user, Permission.TRIAGE, pk))


def _proof_of_life(user: User, any_posts: bool) -> dict[str, Any]:
    """What an empty stream says: whether anything is watched, and when something last came in."""
    if any_posts:
        return {}
    return {
        "sources": Source.objects.filter(brand__in=user.roles, is_active=True).count(),
        "latest": latest_at(list(user.roles)),
        "may_manage": any(allowed(user, Permission.MANAGE_BRAND, pk) for pk in user.roles),
    }


def _mention(request: SignedIn, pk: int) -> Mention:
    try:
        return get_mention(request.user, pk)
    except Mention.DoesNotExist:
        raise Http404 from None


@require_http_methods(["GET", "POST"])
@login_required
def correct(request: SignedIn, pk: int) -> HttpResponse:
    """The choice of sentiments in place of the label (GET), and its outcome (POST)."""
    found = _mention(request, pk)
    if not allowed(request.user, Permission.TRIAGE, found.brand_id):
        raise PermissionDenied(_("You need the role of responder or lead to correct mentions."))
    if request.method == "GET":
        context = {
            "mention": found,
            "meant": found.corrected_sentiment or found.sentiment,
            "choices": Sentiment.choices,
        }
        return render(request, "monitoring/mention.html#choice", context)
    return _corrected(request, found)


def _corrected(request: SignedIn, found: Mention) -> HttpResponse:
    try:
        row = correct_sentiment(found, request.POST.get("sentiment", ""), by=request.user)
    except Refused as refusal:
        if request.htmx:
            return HttpResponse(str(refusal), status=409, content_type="text/plain")
        messages.error(request, str(refusal))
        return redirect("monitoring:mention", pk=found.pk)
    if request.htmx:
        return HttpResponse(feed.meant(row.pk, row.corrected_sentiment, correctable=True))
    return redirect("monitoring:mention", pk=row.pk)
