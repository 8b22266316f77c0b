"""After the crisis: what happened, how long it took, what was learned. Prints as it is."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from accounts.enums import Permission
from accounts.http import SignedIn
from accounts.rules import allowed
from core.clock import database_now
from incidents import selectors, services
from incidents.panels import REVIEW
from incidents.report import report
from incidents.times import four_times

from .access import attempt, find, find_to
from .rows import timeline_rows

# A review shows the whole log up to here; beyond it says how many it leaves out.
MOST_ENTRIES = 300


@login_required
@require_GET
def review(request: SignedIn, reference: str) -> HttpResponse:
    now = database_now()
    incident = find(request.user, reference)
    log = selectors.timeline(incident, size=MOST_ENTRIES)
    context = {
        "incident": incident,
        "now": now,
        "times": four_times(incident),
        "chart": report(incident, now=now),
        "rows": timeline_rows(reversed(log.entries), now=now),
        "left_out": incident.entries_count - len(log.entries),
        "slots": REVIEW.panels,
        "may_run": allowed(request.user, Permission.RUN_INCIDENT, incident.brand_id),
    }
    return render(request, "incidents/review.html", context)


@login_required
@require_POST
def summarise(request: SignedIn, reference: str) -> HttpResponse:
    incident = find_to(request, reference, Permission.RUN_INCIDENT)
    text = request.POST.get("summary", "")
    attempt(
        request,
        lambda: services.summarise(incident.pk, text, by=request.user, now=database_now()),
    )
    return redirect("incidents:review", incident.reference)
