"""The resume gate: each held post is kept, changed or dropped; and what was stopped by hand."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from accounts.enums import Permission
from accounts.http import SignedIn, act
from accounts.rules import allowed
from connectors.registry import NETWORKS
from core.clock import database_now
from core.errors import Forbidden, Refused
from incidents.models import Incident
from marketing import selectors, services, showing
from marketing.enums import Chore
from marketing.forms import EndForm, KeepForm
from marketing.models import ChecklistItem, Pause, ScheduledPost
from marketing.services.deciding import full_minute, next_free

from .common import find_pause, find_post, in_zone


@login_required
@never_cache
@require_GET
def gate(request: SignedIn, pk: int) -> HttpResponse:
    """One pause: what it holds, what is left to decide, what has to be stopped by hand."""
    pause = find_pause(request, pk)
    now = database_now()
    posts = list(selectors.held(request.user, pause).order_by("is_kept", "at", "pk"))
    marks = selectors.marks(posts, request.user)
    chores = [_chore(item) for item in selectors.chores(pause)]
    user, brand = request.user, pause.brand
    may_pause = allowed(user, Permission.PAUSE_MARKETING, brand)
    with in_zone(brand):
        context = {
            "now": now,
            "pause": pause,
            "incident": _shown_incident(request, pause),
            "scope": _scope(pause),
            "rows": [_held(post, marks, now) for post in posts],
            "left": sum(not post.is_kept for post in posts),
            "ahead": sum(not post.is_kept and post.at > now and post.pk not in marks
                         for post in posts),
            "chores": chores,
            "undone": sum(not chore["item"].done_at for chore in chores),
            "end_form": EndForm(initial={"planned_end": pause.planned_end}),
            "may_pause": may_pause,
            "may_decide": allowed(user, Permission.PLAN_MARKETING, brand)
            and (pause.owner_id in (None, user.pk)),
            "may_tick": allowed(user, Permission.PLAN_MARKETING, brand),
            "groups": f"brand.{brand.pk}",
        }  # fmt: skip
        return render(request, "marketing/pause.html", context)


def _shown_incident(request: SignedIn, pause: Pause) -> Incident | None:
    """The incident, for who may see it: a private one is not named to the others."""
    if pause.incident_id is None:
        return None
    return Incident.objects.visible_to(request.user).filter(pk=pause.incident_id).first()


def _scope(pause: Pause) -> list[str]:
    labels = [str(NETWORKS[name].label) if name in NETWORKS else name for name in pause.networks]
    return [*labels, *(country.title() for country in pause.countries)]


def _held(post: ScheduledPost, marks: dict[int, Any], now: Any) -> dict[str, Any]:
    found = marks.get(post.pk, [])
    free = post.at
    if not post.is_kept:
        free = next_free(post, now=now, wanted=full_minute(post.at))
    return {
        "row": showing.row(post, marks),
        "pieces": showing.pieces(post, found),
        "whys": [(mark.words, showing.why(mark)) for mark in found],
        "is_late": post.at <= now,
        "form": KeepForm(initial={"at": free, "text": post.text}, prefix=f"p{post.pk}"),
        "free": free,
    }


def _chore(item: ChecklistItem) -> dict[str, Any]:
    network = item.account.network if item.account else item.network
    known = NETWORKS.get(network)
    return {
        "item": item,
        "label": Chore(item.chore).label,
        "network": known.label if known else network,
    }


@login_required
@require_POST
def keep(request: SignedIn, pk: int) -> HttpResponse:
    """Keep a held post, as it is or changed."""
    post = find_post(request, pk)
    with in_zone(post.brand):
        form = KeepForm(request.POST, prefix=f"p{pk}")
        form.is_valid()
    given = form.cleaned_data
    text = given.get("text") or None

    def decide(now: Any) -> object:
        return services.keep(pk, by=request.user, now=now, at=given.get("at"), text=text)

    return act(request, decide, then=_after(post), done=_("Kept."))


def _after(post: ScheduledPost) -> tuple[str | int, ...]:
    if post.pause_id:
        return ("marketing:pause", post.pause_id)
    return ("marketing:post", post.pk)


@login_required
@require_POST
def let_drop(request: SignedIn, pk: int) -> HttpResponse:
    post = find_post(request, pk)
    return act(
        request,
        lambda now: services.let_drop(pk, by=request.user, now=now),
        then=_after(post),
        done=_("Dropped. It is not sent."),
    )


@login_required
@require_POST
def undecide(request: SignedIn, pk: int) -> HttpResponse:
    post = find_post(request, pk)
    return act(
        request, lambda now: services.undecide(pk, by=request.user, now=now), then=_after(post)
    )


@login_required
@require_POST
def keep_ahead(request: SignedIn, pk: int) -> HttpResponse:
    """Keep what is still ahead, save what the scan marked."""
    pause = find_pause(request, pk)
    marked = selectors.marks(list(selectors.held(request.user, pause)), request.user)
    try:
        kept = services.keep_ahead(pk, by=request.user, now=database_now(), but=marked)
    except Forbidden:
        raise
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(
            request,
            ngettext("%(kept)d post is kept.", "%(kept)d posts are kept.", kept) % {"kept": kept},
        )
    return redirect("marketing:pause", pk)
