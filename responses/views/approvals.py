"""The approvals inbox, and the page on which one draft is approved: two taps on a phone."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.http import SignedIn, act, brand_groups
from core.clock import database_now
from core.errors import Forbidden, Refused
from responses import outside, selectors, services, showing, waiting
from responses.enums import DraftState
from responses.forms import OutsiderForm, VerdictForm
from responses.models import Draft
from responses.services.links import Outsider

from .common import draft_page, find_draft, whole_or

LISTED = 50
SHOWS = {
    "mine": selectors.waiting_for,
    "waiting": selectors.waited_for_by,
    "done": selectors.judged,
}


@login_required
@require_GET
def inbox(request: SignedIn) -> HttpResponse:
    """What waits for the reader; ?show=waiting: for others; ?show=done: what was judged.

    The first one is opened beside the list where there is room for both.
    """
    return _render(request, None)


@login_required
@require_GET
def approval(request: SignedIn, reference: str, number: int) -> HttpResponse:
    """One draft to be read and judged. htmx asks for `?part=bar&shown=<version>`."""
    found = find_draft(request, reference, number)
    if request.GET.get("part") == "bar":
        page = showing.DraftPage(found, request.user, database_now())
        outdated = request.GET.get("shown") != str(found.version)
        context = {"page": page, "now": page.now, "outdated": outdated}
        return render(request, "responses/approvals.html#bar", context)
    return _render(request, found)


Rows = list[tuple[Draft, tuple[str, str], str]]


def _listed(request: SignedIn, now: datetime) -> tuple[str, Rows]:
    show = request.GET.get("show", "mine")
    show = show if show in SHOWS else "mine"
    drafts = list(SHOWS[show](request.user)[:LISTED])
    waits = waiting.of_drafts(drafts)
    rows = [
        (each, showing.LOOKS[DraftState(each.state)], waiting.sentence(waits.get(each.pk, []), now))
        for each in drafts
    ]
    return show, rows


def _render(request: SignedIn, asked: Draft | None) -> HttpResponse:
    now = database_now()
    show, rows = _listed(request, now)
    draft = asked or (rows[0][0] if rows else None)
    page = showing.DraftPage(draft, request.user, now) if draft else None
    context: dict[str, Any] = {"page": page, "now": now, "show": show, "rows": rows}
    context["opened"] = asked is not None
    context["view"] = _view(request, page)
    here = f"incident.{draft.incident_id} " if draft else ""
    context["groups"] = here + brand_groups(request)
    return render(request, whole_or("list", request, "responses/approvals.html"), context)


def _view(request: SignedIn, page: showing.DraftPage | None) -> str:
    """The final text, or what changed: first what changed, once there is something to compare."""
    asked = request.GET.get("view")
    if asked in {"final", "changes"}:
        return asked
    return "changes" if page and page.earlier else "final"


@login_required
@require_POST
def approve(request: SignedIn, reference: str, number: int) -> HttpResponse:
    """Approve exactly what was shown: the form carries its digest and version."""
    found = find_draft(request, reference, number)
    form = VerdictForm(request.POST)
    form.is_valid()
    return act(
        request,
        lambda now: services.approve(
            found.pk,
            by=request.user,
            sha256=form.cleaned_data.get("sha256", ""),
            version=form.cleaned_data.get("version"),
            comment=form.cleaned_data.get("comment", ""),
            now=now,
        ),
        then=draft_page(found, "responses:approval"),
    )


@login_required
@require_POST
def ask_changes(request: SignedIn, reference: str, number: int) -> HttpResponse:
    found = find_draft(request, reference, number)
    form = VerdictForm(request.POST)
    form.is_valid()
    return act(
        request,
        lambda now: services.ask_changes(
            found.pk, by=request.user, comment=form.cleaned_data.get("comment", ""), now=now
        ),
        then=draft_page(found, "responses:approval"),
        done=_("The author has been told."),
    )


@login_required
@require_POST
def undo(request: SignedIn, reference: str, number: int) -> HttpResponse:
    found = find_draft(request, reference, number)
    return act(
        request,
        lambda now: services.undo_approval(found.pk, by=request.user, now=now),
        then=draft_page(found, "responses:approval"),
        done=_("Your approval is taken back. Nothing went out."),
    )


@login_required
@require_POST
def break_glass(request: SignedIn, reference: str, number: int) -> HttpResponse:
    """Say that it cannot wait; a second person has to join."""
    found = find_draft(request, reference, number)
    return act(
        request,
        lambda now: services.break_glass(
            found.pk,
            by=request.user,
            sha256=request.POST.get("sha256", ""),
            reason=request.POST.get("reason", ""),
            now=now,
        ),
        then=draft_page(found, "responses:approval"),
        done=_("Those who could join you have been called."),
    )


@login_required
@require_POST
def join_glass(request: SignedIn, reference: str, number: int) -> HttpResponse:
    found = find_draft(request, reference, number)
    return act(
        request,
        lambda now: services.join_glass(
            found.pk, by=request.user, sha256=request.POST.get("sha256", ""), now=now
        ),
        then=draft_page(found, "responses:approval"),
        done=_("It goes out in ten seconds. A review is a task of the incident now."),
    )


@login_required
@require_POST
def ask_outside(request: SignedIn, reference: str, number: int) -> HttpResponse:
    """Make a link for somebody without an account, and show it this once."""
    found = find_draft(request, reference, number)
    form = OutsiderForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Say who is asked, and for how many hours (1 to 72)."))
        return redirect(*draft_page(found, "responses:approval"))
    try:
        link = services.ask_outside(
            found.pk, Outsider(**form.cleaned_data), by=request.user, now=database_now()
        )
    except Forbidden:
        raise
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect(*draft_page(found, "responses:approval"))
    context = {"draft": found, "link": link, "address": outside.address(link)}
    response = render(request, "responses/link_made.html", context)
    response["Cache-Control"] = "no-store"
    return response


@login_required
@require_POST
def revoke_link(request: SignedIn, pk: int) -> HttpResponse:
    link = selectors.visible_links(request.user).filter(pk=pk).first()
    if link is None:
        raise Http404(_("There is no such link."))
    return act(
        request,
        lambda now: services.revoke_link(link.pk, by=request.user, now=now),
        then=draft_page(link.version.draft, "responses:approval"),
        done=_("The link is taken back."),
    )
