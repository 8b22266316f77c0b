"""How an incident hangs together with others: links, merging, splitting."""

from collections.abc import Callable
from datetime import datetime

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts.enums import Permission
from accounts.http import SignedIn
from accounts.rules import allowed
from core.clock import database_now
from incidents import selectors, services
from incidents.enums import Severity, Tie
from incidents.models import Incident
from incidents.selectors import ties
from incidents.services.merging import UNDO_FOR
from monitoring.models import Mention

from .access import attempt, find, find_to, require
from .rows import timeline_rows

# What can be chosen from when an incident is split: the newest.
MOST = 200


@login_required
@require_http_methods(["GET", "POST"])
def related(request: SignedIn, reference: str) -> HttpResponse:
    """The panel of linked and merged incidents; a POST changes it: `do` names how."""
    incident = find(request.user, reference)
    problem = ""
    if request.method == "POST":
        require(request.user, Permission.RUN_INCIDENT, incident.brand_id)
        deed = _DEEDS.get(request.POST.get("do", ""))
        if deed is None:
            raise Http404
        problem = attempt(request, lambda: deed(incident, request, database_now()))
        if not problem and request.POST["do"] in ("merge", "unmerge"):
            return _to_room(request, incident)
        if not request.htmx:
            return redirect("incidents:related", incident.reference)
    return _panel(request, incident, problem=problem)


def _to_room(request: SignedIn, incident: Incident) -> HttpResponse:
    """Merged, the room is another's: the whole page goes there."""
    fresh = find(request.user, incident.reference)
    response = redirect("incidents:incident", (fresh.merged_into or fresh).reference)
    if request.htmx:
        response.status_code = 204
        response["HX-Redirect"] = response["Location"]
        del response["Location"]
    return response


def _panel(request: SignedIn, incident: Incident, *, problem: str) -> HttpResponse:
    now, user = database_now(), request.user
    may_run = allowed(user, Permission.RUN_INCIDENT, incident.brand_id)
    standing = incident.merges.filter(undone_at=None).first()
    context = {
        "incident": incident,
        "may_run": may_run,
        "related": ties.related(incident, user=user),
        "merged": [
            (each, now <= each.at + UNDO_FOR and each.target_id == incident.pk)
            for each in ties.merged_in(incident)
        ],
        "undoable": standing is not None and now <= standing.at + UNDO_FOR,
        "choices": ties.choices(incident, user=user) if may_run else [],
        "mergeable": ties.mergeable(incident, user=user) if may_run else [],
        "kinds": [(each.value, each.label) for each in Tie if each != Tie.SPLIT],
        "problem": problem,
    }
    fragment = "#panel" if request.htmx else ""
    status = 422 if problem else 200
    return render(request, f"incidents/related.html{fragment}", context, status=status)


def _other(request: SignedIn) -> Incident:
    return find(request.user, request.POST.get("other", ""))


def _tie(incident: Incident, request: SignedIn, now: datetime) -> None:
    kind = request.POST.get("tie", "")
    services.tie(incident.pk, _other(request).pk, kind, by=request.user, now=now)


def _untie(incident: Incident, request: SignedIn, now: datetime) -> None:
    wanted = request.POST.get("link", "")
    for each in ties.related(incident, user=request.user):
        if str(each.link.pk) == wanted:
            services.untie(each.link, by=request.user, now=now)
            return
    raise Http404


def _merge(incident: Incident, request: SignedIn, now: datetime) -> None:
    reason, target = request.POST.get("reason", ""), _other(request)
    services.merge(incident.pk, target.pk, by=request.user, reason=reason, now=now)


def _unmerge(incident: Incident, request: SignedIn, now: datetime) -> None:
    """Taken back from either side: `other` names the merged one where it is the target's page."""
    merged = _other(request) if request.POST.get("other") else incident
    services.unmerge(merged.pk, by=request.user, reason=request.POST.get("reason", ""), now=now)


_DEEDS: dict[str, Callable[[Incident, SignedIn, datetime], None]] = {
    "tie": _tie,
    "untie": _untie,
    "merge": _merge,
    "unmerge": _unmerge,
}


@login_required
@require_http_methods(["GET", "POST"])
def split(request: SignedIn, reference: str) -> HttpResponse:
    """Choose what leaves the incident, and make an incident of it."""
    incident = find_to(request, reference, Permission.RUN_INCIDENT)
    if request.method == "POST":
        made: list[Incident] = []
        if not attempt(request, lambda: made.append(_split(request, incident))):
            return redirect("incidents:incident", made[0].reference)
    log = selectors.timeline(incident, size=MOST)
    linked = incident.linked_mentions.order_by("-pk").values_list("mention_id", flat=True)
    mentions = Mention.objects.visible_to(request.user).filter(pk__in=list(linked[:MOST]))
    context = {
        "incident": incident,
        "rows": timeline_rows(log.entries, now=database_now()),
        "mentions": mentions,
        "tasks": incident.tasks.select_related("owner"),
        "severities": Severity,
        "given": request.POST,
    }
    return render(request, "incidents/split.html", context)


def _split(request: SignedIn, incident: Incident) -> Incident:
    given = request.POST
    severity = given.get("severity", "")
    part = services.Part(
        given.get("title", ""),
        int(severity) if severity in ("1", "2", "3", "4") else incident.severity,
        entries=_numbers(given.getlist("entry")),
        mentions=_numbers(given.getlist("mention")),
        tasks=_numbers(given.getlist("task")),
    )
    return services.split(
        incident.pk,
        part,
        by=request.user,
        reason=given.get("reason", ""),
        call="call" in given,
        now=database_now(),
    )


def _numbers(given: list[str]) -> list[int]:
    return [int(each) for each in given[:MOST] if each.isdecimal() and len(each) < 19]
