"""A page whose data are the engine's beats: any rows would do."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import include, path

from core.clock import database_now
from core.models import LoopBeat

STEP = 300


def rows(request: HttpRequest) -> list[LoopBeat]:
    """Newest first; beats are named by number."""
    found = LoopBeat.objects.order_by("-every")
    after = request.GET.get("after")
    return list(found.filter(every__gt=float(after)) if after else found[:60])


def points() -> dict[str, Any]:
    start = 1763535600
    count = [12, 14, None, None, 18, 60]
    return {
        "step": STEP,
        "at": [start + STEP * index for index in range(6)],
        "count": count,
        "low": [5] * 6,
        "high": [21] * 6,
        "marks": [{"at": start + STEP * 4, "letter": "A"}],
    }


@login_required
def desk(request: HttpRequest) -> HttpResponse:
    now = database_now()
    context = {
        "now": now,
        "room": request.GET.get("room", "1"),
        "rows": rows(request),
        "total": LoopBeat.objects.count(),
        "points": points(),
        "deadline": request.GET.get("deadline", ""),
    }
    template = "desk.html"
    if request.headers.get("HX-Target") == "feed":
        template = "desk.html#rows"
    elif request.headers.get("HX-Target") == "timeline":
        template = "desk.html#timeline"
    return render(request, template, context)


def note(request: HttpRequest) -> HttpResponse:
    text = request.POST["text"]
    if text == "fail":
        return HttpResponse(status=500)
    answer = HttpResponse(status=204)
    answer["HX-Trigger"] = '{"toast": {"text": "Noted."}}'
    return answer


urlpatterns = [
    path("desk/", desk, name="desk"),
    path("note/", note, name="note"),
    path("", include("crisisdesk.urls")),
]
