"""Files kept as evidence: the panel, downloading, previews, verifying, deleting."""

from io import BytesIO

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.enums import Permission
from accounts.http import SignedIn
from accounts.rules import allowed
from core.clock import database_now
from incidents import vault
from incidents.models import Incident
from incidents.models_evidence import EvidenceFile
from incidents.services import evidence
from incidents.serving import HEADERS, sent

from .access import attempt, find, find_to, refreshing, require, to_room


@login_required
@require_http_methods(["GET", "POST"])
def files(request: SignedIn, reference: str) -> HttpResponse:
    """The panel of the incident's files; a POST adds what was uploaded."""
    incident = find(request.user, reference)
    problem = ""
    if request.method == "POST":
        require(request.user, Permission.WRITE_TIMELINE, incident.brand_id)
        problem = attempt(request, lambda: _add(request, incident))
        if not request.htmx:
            return redirect("incidents:files", incident.reference)
    context = {
        "incident": incident,
        "files": incident.files.select_related("uploaded_by"),
        "may_write": allowed(request.user, Permission.WRITE_TIMELINE, incident.brand_id),
        "problem": problem,
    }
    fragment = "#panel" if request.htmx else ""
    status = 422 if problem else 200
    return render(request, f"incidents/files.html{fragment}", context, status=status)


@login_required
@require_POST
def attach(request: SignedIn, reference: str) -> HttpResponse:
    """Keep what was pasted, dropped or chosen where one writes, and say what became of it."""
    incident = find_to(request, reference, Permission.WRITE_TIMELINE)
    kept: list[EvidenceFile] = []
    problem = attempt(request, lambda: _add(request, incident, kept))
    if not kept and not problem:
        problem = _("Choose a file first.")
    if not request.htmx:
        return to_room(incident, "timeline")
    response = render(
        request,
        "incidents/room/attached.html",
        {"kept": kept, "problem": problem},
        status=422 if problem else 200,
    )
    return refreshing(response, ["timeline"] if kept else [])


def _add(request: SignedIn, incident: Incident, kept: list[EvidenceFile] | None = None) -> None:
    """Keep the files one by one; those before one that is refused stay. `kept` collects them."""
    for upload in request.FILES.getlist("file"):
        done = evidence.add_file(
            incident.pk,
            BytesIO(upload.read(evidence.MOST_BYTES + 1)),
            name=upload.name or "",
            note=request.POST.get("note", ""),
            by=request.user,
            now=database_now(),
        )
        if kept is not None:
            kept.append(done)


def _find(request: SignedIn, reference: str, number: int) -> EvidenceFile:
    incident = find(request.user, reference)
    return get_object_or_404(incident.files.select_related("incident"), number=number)


@login_required
@require_GET
def file(request: SignedIn, reference: str, number: int) -> HttpResponse:
    """One file with its digest and custody."""
    found = _find(request, reference, number)
    context = {
        "incident": found.incident,
        "file": found,
        "custody": found.custody.select_related("actor"),
        "may_write": allowed(request.user, Permission.WRITE_TIMELINE, found.incident.brand_id),
        "may_run": allowed(request.user, Permission.RUN_INCIDENT, found.incident.brand_id),
    }
    return render(request, "incidents/file.html", context)


@login_required
@require_GET
def content(request: SignedIn, reference: str, number: int) -> HttpResponse:
    """The bytes, always to be saved and never shown by the browser."""
    found = _find(request, reference, number)
    if problem := attempt(
        request, lambda: evidence.fetch(found, by=request.user, now=database_now())
    ):
        raise Http404(problem)
    return sent(found)


@login_required
@require_GET
def preview(request: SignedIn, reference: str, number: int) -> HttpResponse:
    """A picture as it was drawn anew by us; 404 for what is none."""
    found = _find(request, reference, number)
    if not (found.width and found.stored):
        raise Http404
    try:
        drawn = vault.place(found.stored + vault.PREVIEW_ENDING).read_bytes()
    except OSError:
        raise Http404 from None
    return HttpResponse(drawn, content_type="image/png", headers=HEADERS)


@login_required
@require_POST
def verify(request: SignedIn, reference: str, number: int) -> HttpResponse:
    """Compute the digest again, and say whether it is the one that was kept."""
    found = _find(request, reference, number)
    outcome: list[bool] = []
    attempt(
        request,
        lambda: outcome.append(evidence.verify(found, by=request.user, now=database_now())),
    )
    if outcome == [True]:
        messages.success(request, _("Unchanged: the digest is the one that was kept."))
    elif outcome:
        messages.error(request, _("Changed or gone: the digest is not the one that was kept."))
    return redirect("incidents:file", reference, number)


@login_required
@require_POST
def delete(request: SignedIn, reference: str, number: int) -> HttpResponse:
    find_to(request, reference, Permission.RUN_INCIDENT)
    found, reason = _find(request, reference, number), request.POST.get("reason", "")
    attempt(
        request,
        lambda: evidence.delete_file(found.pk, by=request.user, reason=reason, now=database_now()),
    )
    return redirect("incidents:file", reference, number)
