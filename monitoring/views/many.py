"""Work on many mentions: what it concerns, doing it, how far it is, taking it back; exports."""

import json
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpResponse, QueryDict, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.enums import Permission
from accounts.http import SignedIn
from accounts.models import User
from accounts.rules import allowed
from accounts.selectors import brand_names, members
from core.clock import database_now
from core.errors import Refused
from monitoring import asked, choosing, tasks
from monitoring.chart import TriageState
from monitoring.enums import JobKind, JobState, Sentiment
from monitoring.models import Mention
from monitoring.models_triage import StreamJob
from monitoring.panels import ACTIONS
from monitoring.selectors.stream import Summary, summary
from monitoring.services import exporting
from monitoring.services import many as services

# Jobs that a person is shown; older ones are history.
LISTED = 50
_PLAIN = ("state", "assignee", "field", "value", "incident")


@login_required
@require_http_methods(["GET", "POST"])
def many(request: SignedIn) -> HttpResponse:
    """What can be done with `?mention=7&mention=9`, or with all that a filter shows; doing it."""
    if request.method == "POST":
        return _do(request)
    ids = asked.integers(request.GET.getlist("mention"), services.MOST_TICKED)
    if "ticked" in request.GET and not ids:
        messages.error(request, _("Select mentions first."))
        return redirect("monitoring:mentions")
    wanted = _read(request, request.GET)
    try:
        found = _ticked(request.user, ids) if ids else _filtered(request.user, wanted)
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect(reverse("monitoring:mentions") + wanted.address())
    names = brand_names(request.user)
    people = _people(request.user, found)
    context = {
        "now": database_now(),
        "ids": ids,
        "query": wanted.address().removeprefix("?"),
        "chips": [] if ids else choosing.chips(wanted, choosing.offered(names)),
        "found": found,
        "brands": [(names[pk], count) for pk, count in found.brands.items() if pk in names],
        "may_export": any(services.may(request.user, JobKind.EXPORT, pk) for pk in found.brands),
        "may": any(services.may(request.user, JobKind.STATE, pk) for pk in found.brands),
        "states": TriageState.choices,
        "sentiments": Sentiment.choices,
        "people": people,
        "actions": [action for action in ACTIONS if action.many],
        "most": services.MOST,
        "jobs": _jobs(request.user)[:5],
    }
    return render(request, "monitoring/many.html", context)


def _read(request: SignedIn, query: QueryDict) -> asked.Asked:
    return asked.read(query, brands=request.user.roles, now=database_now(), me=request.user.pk)


def _ticked(user: User, ids: list[int]) -> Summary:
    rows = Mention.objects.visible_to(user).filter(pk__in=ids).values_list("brand_id", "reach")
    brands: dict[int, int] = {}
    reach = 0
    for brand, far in rows:
        brands[brand] = brands.get(brand, 0) + 1
        reach += far
    return Summary(brands, reach, more=False)


def _filtered(user: User, wanted: asked.Asked) -> Summary:
    return summary(user, wanted.filters, most=services.MOST)


def _people(user: User, found: Summary) -> list[User]:
    people = {
        person.pk: person
        for brand in found.brands
        if allowed(user, Permission.TRIAGE, brand)
        for person in members(brand, permission=Permission.TRIAGE)
    }
    return sorted(people.values(), key=str)


def _do(request: SignedIn) -> HttpResponse:
    kind = request.POST.get("kind", "")
    params = {name: request.POST[name] for name in _PLAIN if name in request.POST}
    ids = asked.integers(request.POST.getlist("mention"), services.MOST_TICKED + 1)
    if params.get("assignee") == asked.ME:
        params["assignee"] = str(request.user.pk)
    if "assignee" in params:
        params["assignee"] = asked.integer(params["assignee"])  # type: ignore[assignment]
    try:
        job = _begun(request, kind, params, ids)
    except Refused as refusal:
        return _refused(request, str(refusal))
    if request.htmx:
        return render(request, "monitoring/job.html#outcome", {"job": job, **_words(job)})
    return redirect("monitoring:job", job.pk)


def _begun(request: SignedIn, kind: str, params: dict[str, Any], ids: list[int]) -> StreamJob:
    now = database_now()
    if ids:
        return services.do_now(kind, params, ids, by=request.user, now=now)
    wanted = _read(request, QueryDict(request.POST.get("query", "")))
    query = wanted.address().removeprefix("?")
    job = services.start(kind, params, wanted.filters, query=query, by=request.user, now=now)
    tasks.hand_over_job(job)
    return job


def _refused(request: SignedIn, why: str) -> HttpResponse:
    if request.htmx:
        answer = HttpResponse(why, status=409, content_type="text/plain")
        answer["HX-Trigger"] = json.dumps({"toast": {"text": why, "level": "error"}})
        return answer
    messages.error(request, why)
    return redirect("monitoring:mentions")


@login_required
@require_POST
def export(request: SignedIn) -> HttpResponseBase:
    """Hand over what the filter shows, at once or as a file that a worker writes."""
    now, user = database_now(), request.user
    kind = request.POST.get("format", "")
    wanted = _read(request, QueryDict(request.POST.get("query", "")))
    try:
        filters = exporting.frozen(user, wanted.filters, now=now)
        counted = summary(user, filters, most=exporting.DIRECT)
        if kind in exporting.FORMATS and not counted.more:
            text = exporting.direct(user, filters, kind, count=counted.total)
            return _handed_over(text, kind)
        query = wanted.address().removeprefix("?")
        job = exporting.begin(user, filters, kind, query=query, now=now)
    except Refused as refusal:
        return _refused(request, str(refusal))
    tasks.hand_over_job(job)
    return redirect("monitoring:job", job.pk)


def _handed_over(text: Any, kind: str) -> StreamingHttpResponse:
    answer = StreamingHttpResponse(text, content_type=exporting.FORMATS[kind])
    answer["Content-Disposition"] = f'attachment; filename="mentions.{kind}"'
    return answer


@login_required
@require_GET
def jobs(request: SignedIn) -> HttpResponse:
    """The reader's own work on many mentions, the latest first."""
    found = [(job, _words(job)) for job in _jobs(request.user)[:LISTED]]
    return render(request, "monitoring/jobs.html", {"jobs": found, "now": database_now()})


@login_required
@require_GET
def job(request: SignedIn, pk: int) -> HttpResponse:
    """How far a job is; with htmx only the part that asks again by itself."""
    found = _own(request.user, pk)
    fragment = "#progress" if request.htmx else ""
    return render(request, f"monitoring/job.html{fragment}", {"job": found, **_words(found)})


@login_required
@require_POST
def undo(request: SignedIn, pk: int) -> HttpResponse:
    """Take the job back, or stop it while it runs."""
    found = _own(request.user, pk)
    now = database_now()
    try:
        if found.state in services.UNFINISHED:
            services.stop(found, by=request.user, now=now)
            messages.success(request, _("Stopped."))
        else:
            outcome = services.undo(found, by=request.user, now=now)
            messages.success(request, _undone(outcome.changed, outcome.left))
    except Refused as refusal:
        messages.error(request, str(refusal))
    if request.htmx:
        return render(request, "monitoring/job.html#undone")
    return redirect("monitoring:job", pk)


def _undone(changed: int, left: int) -> str:
    words = ngettext(
        "%(count)s mention is as it was before.",
        "%(count)s mentions are as they were before.",
        changed,
    ) % {"count": changed}
    if not left:
        return words
    stay = ngettext(
        "%(count)s was changed since and stays.", "%(count)s were changed since and stay.", left
    ) % {"count": left}
    return f"{words} {stay}"


@login_required
@require_GET
def download(request: SignedIn, pk: int) -> HttpResponseBase:
    """The file of an export, to whoever asked for it and still may have it."""
    found = _own(request.user, pk)
    if not found.file or not _may_still(request.user, found):
        raise Http404
    kind = found.params["format"]
    return FileResponse(
        found.file.open("rb"),
        as_attachment=True,
        filename=f"mentions.{kind}",
        content_type=exporting.FORMATS[kind],
    )


def _may_still(user: User, found: StreamJob) -> bool:
    return all(services.may(user, JobKind.EXPORT, pk) for pk in found.filters["brands"])


def _jobs(user: User) -> Any:
    return StreamJob.objects.filter(by=user).order_by("-pk")


def _own(user: User, pk: int) -> StreamJob:
    found: StreamJob | None = StreamJob.objects.filter(by=user, pk=pk).first()
    if found is None:
        raise Http404
    return found


def _words(found: StreamJob) -> dict[str, Any]:
    """What a job is, and what may be done with it."""
    running = found.state in services.UNFINISHED
    undoable = found.kind in services.UNDOABLE and not running and not found.undone_at
    return {
        "now": database_now(),
        "what": what(found),
        "running": running,
        "stalled": running and (found.lease_until is None or found.lease_until < database_now()),
        "undoable": undoable and found.done > 0,
        "stopped": found.state == JobState.STOPPED,
        "export": found.kind == JobKind.EXPORT,
        "bounded": found.kind == JobKind.EXPORT and found.done >= exporting.MOST,
    }


def what(found: StreamJob) -> str:
    """Return what the job does, in words: "Set the state: Done"."""
    labels: dict[str, Any] = {**dict(TriageState.choices), **dict(Sentiment.choices)}
    values = [value for name, value in found.params.items() if name != "field" and value]
    if found.kind == JobKind.ASSIGN:
        person = User.objects.filter(pk=found.params["assignee"]).first()
        values = [str(person or _("Nobody"))]
    said = ", ".join(str(labels.get(value, value)) for value in values)
    label = str(JobKind(found.kind).label)
    return _("%(what)s: %(value)s") % {"what": label, "value": said} if said else label
