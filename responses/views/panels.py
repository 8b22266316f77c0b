"""What this room shows on the pages of an incident (responses/panels.py)."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.enums import Permission
from accounts.http import SignedIn
from accounts.rules import allowed
from core.clock import database_now
from responses import correcting, selectors, showing, waiting
from responses.enums import DraftState

from .common import find_incident


@login_required
@require_GET
def drafts(request: SignedIn, reference: str) -> HttpResponse:
    """The drafts of an incident, those that wait first, with Approve for whoever may."""
    incident = find_incident(request, reference)
    for_me = set(selectors.waiting_for(request.user).values_list("pk", flat=True))
    shown = selectors.drafts_of(request.user, reference).exclude(state=DraftState.DROPPED)[:20]
    drafts, now = list(shown), database_now()
    waits = waiting.of_drafts(drafts)
    rows = [
        (
            draft,
            showing.LOOKS[DraftState(draft.state)],
            draft.pk in for_me,
            waiting.sentence(waits.get(draft.pk, []), now),
        )
        for draft in drafts
    ]
    rows.sort(key=lambda row: row[0].state != DraftState.SUBMITTED)
    may_draft = allowed(request.user, Permission.DRAFT, incident.brand_id)
    context = {"incident": incident, "rows": rows, "may_draft": may_draft}
    context["wrong"] = correcting.to_correct(incident.pk)
    return render(request, "responses/panel.html", context)


@login_required
@require_GET
def published(request: SignedIn, reference: str) -> HttpResponse:
    """What went out in an incident, in order, for its review."""
    incident = find_incident(request, reference)
    context = {"incident": incident, "published": selectors.published(incident.pk)}
    return render(request, "responses/published.html", context)
