"""Follow-ups: the panel of a review, and the list over all incidents."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_GET, require_POST

from accounts.enums import Permission
from accounts.http import SignedIn
from accounts.models import User
from accounts.rules import allowed
from core import formats
from core.clock import database_now
from core.errors import Refused
from incidents.models import Incident
from incidents.selectors import insiders
from reviews import selectors, services
from reviews.enums import FollowUpState
from reviews.forms import FollowUpForm
from reviews.models import FollowUp

from .access import find, require

PAGE = 30
TABS = {
    "mine": gettext_lazy("Mine"),
    "open": pgettext_lazy("follow-up", "Open"),
    "settled": gettext_lazy("Settled"),
}


@dataclass(frozen=True)
class Row:
    """A follow-up as it is shown; `may_settle` is for its owner and who runs the incident."""

    follow_up: FollowUp
    day: str
    is_late: bool
    may_settle: bool


def rows(found: list[FollowUp], user: User, *, now: datetime) -> list[Row]:
    return [
        Row(
            each,
            formats.full_date(each.due_on),
            each.state == FollowUpState.OPEN and each.due_on < _today(each.incident, now),
            each.owner_id == user.pk or _may_run(user, each.incident),
        )
        for each in found
    ]


def _today(incident: Incident, now: datetime) -> date:
    return now.astimezone(ZoneInfo(incident.brand.time_zone)).date()


def _may_run(user: User, incident: Incident) -> bool:
    return allowed(user, Permission.RUN_INCIDENT, incident.brand_id)


@login_required
def follow_ups(request: SignedIn, reference: str) -> HttpResponse:
    """The panel on the review; a POST agrees on something."""
    incident = find(request, reference)
    if request.method != "POST":
        return _panel(request, incident)
    require(request, incident, Permission.RUN_INCIDENT)
    form = FollowUpForm(request.POST, people=insiders(incident))
    if not form.is_valid():
        return _panel(request, incident, form=form, status=422)
    wanted = services.Wanted(**form.cleaned_data)
    now = database_now()
    return _do(
        request,
        incident,
        lambda: services.add_follow_up(incident, wanted, by=request.user, now=now),
        form,
    )


@login_required
@require_POST
def settle_follow_up(request: SignedIn, reference: str, pk: int) -> HttpResponse:
    """Done, not doing it and why, or open again: by its owner or who runs the incident."""
    incident = find(request, reference)
    found = get_object_or_404(selectors.follow_ups(request.user, reference), pk=pk)
    if found.owner_id != request.user.pk and not _may_run(request.user, incident):
        raise PermissionDenied
    outcome, now = request.POST.get("outcome", ""), database_now()

    def settle() -> object:
        if outcome == FollowUpState.OPEN:
            return services.reopen_follow_up(found.pk, by=request.user, now=now)
        if outcome not in FollowUpState.values:
            raise Refused(_("Say whether it is done."))
        reason = request.POST.get("reason", "")
        state = FollowUpState(outcome)
        return services.settle_follow_up(found.pk, state, reason=reason, by=request.user, now=now)

    return _do(request, incident, settle)


def _do(
    request: SignedIn,
    incident: Incident,
    deed: Callable[[], object],
    form: FollowUpForm | None = None,
) -> HttpResponse:
    problem = ""
    try:
        deed()
    except Refused as refusal:
        problem = str(refusal)
    if request.htmx:
        kept = form if problem else None
        return _panel(request, incident, form=kept, problem=problem, status=422 if problem else 200)
    if problem and form is not None:
        return _panel(request, incident, form=form, problem=problem, status=422)
    if problem:
        messages.error(request, problem)
    return redirect("incidents:review", incident.reference)


def _panel(
    request: SignedIn,
    incident: Incident,
    *,
    form: FollowUpForm | None = None,
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    found = list(selectors.follow_ups(request.user, incident.reference))
    may_add = _may_run(request.user, incident)
    context = {
        "incident": incident,
        "rows": rows(found, request.user, now=database_now()),
        "form": (form or FollowUpForm(people=insiders(incident))) if may_add else None,
        "is_asked": form is not None,
        "problem": problem,
    }
    return render(request, "reviews/follow_ups.html", context, status=status)


@login_required
@require_GET
def all_follow_ups(request: SignedIn) -> HttpResponse:
    """What was agreed in all reviews that the reader may see: mine, open, settled."""
    shown = request.GET.get("show", "open")
    shown = shown if shown in TABS else "open"
    found = selectors.chosen_follow_ups(request.user, shown)
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": rows(list(page), request.user, now=database_now()),
        "tabs": [(name, label, name == shown) for name, label in TABS.items()],
    }
    return render(request, "reviews/all_follow_ups.html", context)
