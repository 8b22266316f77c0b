"""The order of telling in the war room and the review, and the word that something cannot wait."""

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.enums import Permission
from accounts.http import SignedIn, act, refusal
from accounts.rules import allowed
from incidents.models import Incident
from responses.enums_plan import Audience
from responses.models import Draft
from responses.models_telling import EarlyWord
from responses.plan import order, reading
from responses.services.plan import telling

from .common import draft_page, find_draft
from .engage import numbers


def find_incident(request: SignedIn, reference: str) -> Incident:
    visible = Incident.with_drills.visible_to(request.user).select_related("brand", "merged_into")
    found: Incident | None = visible.filter(reference=reference).first()
    if found is None:
        raise Http404(_("There is no such incident."))
    return found


@login_required
@require_http_methods(["GET", "POST"])
def tellings(request: SignedIn, reference: str) -> HttpResponse:
    """Who is told in which order; POST notes it and shows the panel again."""
    incident, problem = find_incident(request, reference), ""
    if request.method == "POST":
        problem = _note(request, incident)
        if "HX-Request" not in request.headers:
            return redirect("incidents:incident", reference)
    incident = order.going_on(incident)
    rows = order.order_of(incident)
    plan = reading.latest(incident.brand_id)
    planned = [row["audience"] for row in plan.content["order"]] if plan else []
    words = EarlyWord.objects.filter(draft__incident=incident).select_related("draft", "said_by")
    context = {
        "incident": incident,
        "rows": rows,
        "untold": order.untold(incident),
        "newer": bool(planned) and planned != [row.audience for row in rows],
        "early": [(each, order.named([Audience(a) for a in each.untold])) for each in words],
        "may": allowed(request.user, Permission.RUN_INCIDENT, incident.brand_id),
        "problem": problem,
    }
    status = 422 if problem else 200
    return render(request, "responses/plan/tellings.html", context, status=status)


def _note(request: SignedIn, incident: Incident) -> str:
    said = request.POST
    deed = telling.Deed(said.get("do", ""), said.get("audience", ""), said.get("note", ""))
    return refusal(lambda now: telling.do(incident.pk, deed, by=request.user, now=now))


@login_required
@require_POST
def early(request: SignedIn, reference: str, number: int) -> HttpResponse:
    """Say why a draft goes out before others are told."""
    found = find_draft(request, reference, number)
    return act(
        request,
        lambda now: telling.say_early(
            found.pk, reason=request.POST.get("reason", ""), by=request.user, now=now
        ),
        then=_back(request, found),
        done=_("Noted in the timeline. Once approved it waits for nobody."),
    )


def _back(request: SignedIn, draft: Draft) -> tuple[str | int, ...]:
    """Where the reason was given: `page` is "approval", "concerns" or a conversation's number."""
    page = request.POST.get("page", "")
    if page == "concerns":
        return "responses:concerns", draft.incident.reference
    if asked := numbers([page]):
        return "responses:conversation", draft.incident.reference, asked[0]
    return draft_page(draft, "responses:approval" if page == "approval" else "responses:draft")


@login_required
@require_GET
def before(request: SignedIn, reference: str, number: int) -> HttpResponse:
    """Who has to be told first and what was approved beforehand, for the approvals inbox."""
    found = find_draft(request, reference, number)
    return render(request, "responses/plan/before.html", {"draft": found})
