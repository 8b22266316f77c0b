"""The stream of mentions, one mention, and the correction of what it means."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.cache import cache
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
from core import formats, markup
from core.clock import database_now
from core.errors import Refused

from . import asked, feed
from .enums import CrisisType, Sentiment
from .models import Mention, Source
from .panels import MENTION
from .selectors import get_mention, latest_at, networks, newer, stream
from .selectors.stream import REACH
from .services import correct_sentiment


@require_GET
@login_required
def mentions(request: SignedIn) -> HttpResponse:
    """A page of the stream; with htmx and `after`, only the rows that came since."""
    now = database_now()
    names = brand_names(request.user)
    wanted = asked.read(request.GET, brands=names, now=now)
    shown: dict[str, Any] = {
        "brand_names": names,
        "may_correct": _correctable(request.user),
        "now": now,
    }
    if request.htmx and wanted.newer_than is not None:
        fresh = newer(request.user, wanted.filters, wanted.newer_than)
        return render(request, "monitoring/mentions.html#rows", {"rows": feed.rows(fresh, **shown)})
    page = stream(request.user, wanted.filters, wanted.after)
    older = asked.cursor_text(page.older) if page.older else ""
    context = {
        "now": now,
        "rows": feed.rows(page.posts, **shown),
        "older": wanted.address(before=older) if older else "",
        "newest": wanted.address() if wanted.after else "",
        "live_groups": " ".join(f"brand.{pk}" for pk in wanted.filters.brands or names),
        "follows": not wanted.after and wanted.filters.order != REACH,
        "by_reach": wanted.filters.order == REACH,
        "newest_first": wanted.address(order=""),
        "farthest_first": wanted.address(order=REACH),
        "feed_address": wanted.address(),
        "all_time": wanted.address(period="all"),
        "chips": asked.chips(wanted, names, markup.NETWORK_NAMES),
        "fields": _fields(
            formats.language(), tuple(names.items()), _networks(sorted(names)), wanted.choices
        ),
        "asked": wanted,
        **_proof_of_life(request.user, bool(page.posts)),
    }
    return render(request, "monitoring/mentions.html", context)


def _correctable(user: User) -> set[int]:
    return {pk for pk in user.roles if allowed(user, Permission.TRIAGE, pk)}


def _proof_of_life(user: User, any_posts: bool) -> dict[str, Any]:
    """What an empty stream says: whether anything is watched, and when something last came in."""
    if any_posts:
        return {}
    return {
        "sources": Source.objects.filter(brand__in=user.roles, is_active=True).count(),
        "latest": latest_at(list(user.roles)),
        "may_manage": any(allowed(user, Permission.MANAGE_BRAND, pk) for pk in user.roles),
    }


@dataclass(frozen=True, eq=False)
class Field:
    """A select of the filter, ready to print. Equal only to itself: pages are remembered by it."""

    name: str
    label: str
    options: SafeString


@lru_cache(maxsize=256)
def _fields(
    language: str,
    brands: tuple[tuple[int, str], ...],
    spoken_on: tuple[str, ...],
    chosen: frozenset[tuple[str, str]],
) -> tuple[Field, ...]:
    """The filter's selects, with what is `chosen`, in the active `language`."""
    options: dict[str, list[tuple[str, Any]]] = {
        "brand": [(str(pk), name) for pk, name in brands],
        "network": [(name, markup.NETWORK_NAMES.get(name, name)) for name in spoken_on],
        "sentiment": list(Sentiment.choices),
        "type": list(CrisisType.choices),
        "lang": [(code, formats.language_name(code)) for code in asked.LANGUAGES],
        "reach": [(str(least), asked.reach_words(least)) for least in asked.REACHES],
        "period": [
            *((key, label) for key, (label, _span) in asked.PERIODS.items()),
            ("all", asked.ALL_TIME),
        ],
    }
    return tuple(
        _field(name, offered, chosen)
        for name, offered in options.items()
        # One brand or network is no choice.
        if len(offered) > 1
    )


def _field(
    name: str, offered: Iterable[tuple[str, Any]], chosen: frozenset[tuple[str, str]]
) -> Field:
    choices = ((value, words, (name, value) in chosen) for value, words in offered)
    return Field(name, str(asked.NAMES[name]), markup.options(choices))


def _networks(brands: list[int]) -> tuple[str, ...]:
    """The networks to choose from: those of the last day, asked once in five minutes."""
    key = "monitoring.networks." + "-".join(map(str, brands))
    found: tuple[str, ...] | None = cache.get(key)
    if found is None:
        found = tuple(networks(brands, since=database_now() - timedelta(days=1)))
        cache.set(key, found, timeout=300)
    return found


def _mention(request: SignedIn, pk: int) -> Mention:
    try:
        return get_mention(request.user, pk)
    except Mention.DoesNotExist:
        raise Http404 from None


@require_GET
@login_required
def mention(request: SignedIn, pk: int) -> HttpResponse:
    """One mention whole, with what can be done about it."""
    found = _mention(request, pk)
    context = {
        "now": database_now(),
        "mention": found,
        "meant": found.corrected_sentiment or found.sentiment,
        "source": Source.objects.filter(pk=found.source_id).select_related("brand").first(),
        "url": markup.safe_url(found.url),
        "choices": Sentiment.choices,
        "may_correct": allowed(request.user, Permission.TRIAGE, found.brand_id),
        "panels": MENTION.panels,
    }
    return render(request, "monitoring/mention.html", context)


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
