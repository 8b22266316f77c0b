"""Fire drills: started from a policy, watched in their own war room, told of in a report."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.enums import Permission
from accounts.http import SignedIn
from accounts.rules import allowed
from core.clock import database_now
from incidents import selectors, services
from incidents.models import EscalationPolicy
from incidents.models_escalation import FireDrill
from incidents.selectors.drills import report

from .access import attempt, require


@login_required
@require_POST
def start(request: SignedIn, pk: int) -> HttpResponse:
    """Begin a drill and go to where it can be watched."""
    visible = EscalationPolicy.objects.visible_to(request.user)
    policy = get_object_or_404(visible.select_related("brand"), pk=pk)
    require(request.user, Permission.MANAGE_BRAND, policy.brand)
    made: list[FireDrill] = []
    problem = attempt(
        request,
        lambda: made.append(services.start_drill(policy, by=request.user, now=database_now())),
    )
    if problem:
        return redirect("incidents:policies")
    messages.success(request, _("The fire drill has begun: the first step is called now."))
    return redirect("incidents:drill", made[0].pk)


@login_required
def drill(request: SignedIn, pk: int) -> HttpResponse:
    """Who was called in a drill, by which means, and who answered in how long."""
    found = get_object_or_404(selectors.drills(request.user), pk=pk)
    rows = report(found)
    context = {
        "drill": found,
        "rows": rows,
        "answered": sum(1 for row in rows if row.answered_at),
        "managing": allowed(request.user, Permission.MANAGE_BRAND, found.brand_id),
    }
    return render(request, "incidents/drill.html", context)


@login_required
@require_POST
def stop(request: SignedIn, pk: int) -> HttpResponse:
    found = get_object_or_404(FireDrill.objects.visible_to(request.user), pk=pk)
    require(request.user, Permission.MANAGE_BRAND, found.brand_id)
    attempt(request, lambda: services.stop_drill(found, by=request.user, now=database_now()))
    return redirect("incidents:drill", pk)
