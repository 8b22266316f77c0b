"""Working on one mention at a time: its state, its person, the chart, its labels."""

import json
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.enums import Permission
from accounts.http import SignedIn
from accounts.models import User
from accounts.rules import allowed
from accounts.selectors import brand_names
from core.clock import database_now
from core.errors import Refused
from monitoring import asked, chart, feed
from monitoring.feed import Shown
from monitoring.models import Mention
from monitoring.models_triage import MentionState
from monitoring.selectors import handling
from monitoring.selectors.stream import shown as shown_posts
from monitoring.services import triage as services
from monitoring.services.corrections import correct
from monitoring.services.triage import Place

from .access import find_mention


@login_required
@require_POST
def set_state(request: SignedIn, pk: int) -> HttpResponse:
    """Set the state (`state`), or give the mention to somebody (`assignee`: me, none or an id)."""
    found = find_to_triage(request.user, pk)
    seen = asked.integer(request.POST.get("version", ""))
    place, now = Place(found.pk, found.brand_id, found.published_at), database_now()

    def do() -> MentionState:
        if "assignee" in request.POST:
            person = _person(request.user, request.POST["assignee"])
            return services.assign(place, person, by=request.user, now=now, seen=seen)
        state = request.POST.get("state", "")
        return services.set_state(place, state, by=request.user, now=now, seen=seen)

    return _answer(request, found, do)


@login_required
@require_http_methods(["GET", "POST"])
def walk(request: SignedIn, pk: int) -> HttpResponse:
    """The chart: is it true, what kind of post is it, what is done about it."""
    found = find_to_triage(request.user, pk)
    if request.method == "POST":
        seen = asked.integer(request.POST.get("version", ""))
        place = Place(found.pk, found.brand_id, found.published_at)
        answers = {name: request.POST.get(name, "") for name in ("truth", "kind", "course", "note")}
        return _answer(
            request,
            found,
            lambda: services.decide(place, answers, by=request.user, now=database_now(), seen=seen),
        )
    fragment = "#chart" if request.htmx else ""
    return render(request, f"monitoring/chart.html{fragment}", _chart(request, found))


@login_required
@require_POST
def label(request: SignedIn, pk: int) -> HttpResponse:
    """Set one label right: `field` and `value`. With htmx answer with the row anew."""
    found = find_to_triage(request.user, pk)
    try:
        field, value = request.POST.get("field", ""), request.POST.get("value", "")
        row = correct(found, field, value, request.user)
    except Refused as refusal:
        return _refused(request, found, str(refusal))
    if not request.htmx:
        return redirect("monitoring:mention", pk=found.pk)
    names = brand_names(request.user)
    told = Shown(database_now(), names, frozenset({found.brand_id}), feed.tags([row.pk]))
    return HttpResponse(feed.rows(shown_posts([row]), told))


@login_required
@require_POST
def not_about(request: SignedIn, pk: int) -> HttpResponse:
    """Report that the mention does not speak of the brand."""
    found = find_to_triage(request.user, pk)
    place = Place(found.pk, found.brand_id, found.published_at)
    return _answer(
        request,
        found,
        lambda: services.report_not_about(place, by=request.user, now=database_now()),
    )


@login_required
@require_GET
def states(request: SignedIn) -> HttpResponse:
    """What was done about the mentions `?id=7&id=9`: the parts of their rows that follow live."""
    ids = asked.integers(request.GET.getlist("id"), handling.MOST)
    return HttpResponse("".join(shown(row) for row in handling.handled(request.user, ids)))


def shown(row: MentionState) -> SafeString:
    """The part of the mention's row that says what was done about it."""
    assignee = str(row.assignee) if row.assignee else None
    return mark_safe(  # noqa: S308 - made and escaped by feed
        feed.handling(row.mention_id, row.version, row.state, row.kind, assignee)
    )


def find_to_triage(user: User, pk: int) -> Mention:
    """Return the mention to somebody who may work on it; 404 to who may not know of it."""
    found = find_mention(user, pk)
    if not allowed(user, Permission.TRIAGE, found.brand_id):
        raise PermissionDenied(_("You need the role of responder or lead to work on mentions."))
    return found


def _person(user: User, given: str) -> User | None:
    if given == asked.ME:
        return user
    number = asked.integer(given)
    return User.objects.filter(pk=number).first() if number else None


def _answer(request: SignedIn, found: Mention, do: Callable[[], MentionState]) -> HttpResponse:
    """Do it; with htmx answer with the part of the row, and with why not where it was refused."""
    try:
        row = do()
    except Refused as refusal:
        return _refused(request, found, str(refusal))
    if request.htmx:
        return HttpResponse(shown(row))
    return redirect("monitoring:mention", pk=found.pk)


def _refused(request: SignedIn, found: Mention, why: str) -> HttpResponse:
    if not request.htmx:
        messages.error(request, why)
        return redirect("monitoring:mention", pk=found.pk)
    answer = HttpResponse(why, status=409, content_type="text/plain")
    # What somebody else has done is fetched, too.
    told = {"toast": {"text": why, "level": "error"}, "cd:triage": {}}
    answer["HX-Trigger"] = json.dumps(told)
    return answer


def _chart(request: SignedIn, found: Mention) -> dict[str, Any]:
    row = handling.state_of(found.pk)
    truth = _answered(request, "truth", chart.Truth, row)
    kind = _answered(request, "kind", chart.PostKind, row) if truth else ""
    advice = chart.advise(chart.Truth(truth), chart.PostKind(kind)) if truth and kind else None
    return {
        "now": database_now(),
        "mention": found,
        "row": row,
        "version": row.version if row else 0,
        "truth": truth,
        "kind": kind,
        "advice": advice,
        "truths": _keyed(chart.Truth.choices, "ypnu"),
        "kinds": _keyed(chart.PostKind.choices, "12345"),
        "courses": _keyed(chart.Course.choices, "67890"),
        "considerations": chart.CONSIDERATIONS,
    }


def _answered(request: SignedIn, name: str, codes: Any, row: MentionState | None) -> str:
    """The answer so far; the one recorded earlier when the chart is opened again."""
    given = request.GET.get(name, "")
    if not request.GET and row is not None:
        given = getattr(row, name)
    return given if given in codes.values else ""


def _keyed(choices: list[tuple[str, Any]], keys: str) -> list[tuple[str, Any, str]]:
    return [(value, label, key) for (value, label), key in zip(choices, keys, strict=True)]
