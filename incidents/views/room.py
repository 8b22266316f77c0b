"""The war room: one page, each of whose parts is also fetched by itself."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from accounts.enums import Permission
from accounts.http import SignedIn
from accounts.models import User
from accounts.rules import allowed
from core import presence
from core.clock import database_now
from incidents import blocking, entries, picture, selectors, severity, states
from incidents.enums import EntryKind, Posts, Severity, State, Statement
from incidents.models import Incident
from incidents.panels import WAR_ROOM
from incidents.selectors import insiders
from monitoring.selectors import signals as talk
from monitoring.theme_rows import shown as shown_themes

from .access import find
from .rows import timeline_rows

Context = dict[str, Any]
FACES = 5
THEMES = 6


@dataclass(frozen=True)
class Asked:
    """What a part is made for: the incident, who looks, what the address says, and when."""

    incident: Incident
    user: User
    query: Any
    now: datetime

    @property
    def seen_at(self) -> datetime:
        """Of an incident that is over, what was said is shown as it was at its end."""
        return picture.seen_at(self.incident, now=self.now)

    def may(self, permission: Permission) -> bool:
        return allowed(self.user, permission, self.incident.brand_id)


def common(asked: Asked) -> Context:
    """What every part knows."""
    return {
        "incident": asked.incident,
        "now": asked.now,
        "may_run": asked.may(Permission.RUN_INCIDENT),
        "may_write": asked.may(Permission.WRITE_TIMELINE),
    }


def head(asked: Asked) -> Context:
    incident = asked.incident
    # Most incidents never were in triage: its step is shown to those that are.
    order = [each for each in State if each != State.TRIAGE or incident.state == State.TRIAGE]
    here = order.index(State(incident.state))
    return {
        "steps": [(state, order.index(state) < here, state == incident.state) for state in order],
        "moves": [to for to in states.MOVES[State(incident.state)] if to != State.DETECTED],
        "severities": Severity,
        "told": [str(person) for person in selectors.told_of_severity(incident, by=asked.user)],
        "statements": Statement.choices,
        "posts": Posts.choices,
        "people": insiders(incident) if asked.may(Permission.RUN_INCIDENT) else [],
        "why": severity.why(incident.severity_reasons),
        "responded_after": incident.responded_at and incident.responded_at - incident.detected_at,
        "update_from": _last_update(incident),
    }


def _last_update(incident: Incident) -> datetime | None:
    """When the clock of the next internal update began to run."""
    every = severity.targets(incident.severity, incident.plan).update
    return incident.update_by - every if every and incident.update_by else None


def present(asked: Asked) -> Context:
    ids = presence.present(f"incident.{asked.incident.pk}")
    people = list(insiders(asked.incident).filter(pk__in=ids))
    return {"people": people[:FACES], "more": max(0, len(people) - FACES), "everyone": people}


def blocked(asked: Asked) -> Context:
    return {"blocker": blocking.blocker(asked.incident, now=asked.now)}


def volume(asked: Asked) -> Context:
    span = picture.span(asked.query.get("range", ""))
    return {
        "span": span,
        "spans": picture.SPANS,
        "volume": picture.volume(asked.incident, span=span, now=asked.seen_at),
    }


def why(asked: Asked) -> Context:
    return {"alarms": picture.alarms(asked.incident)}


def said(asked: Asked) -> Context:
    return {"said": picture.said(asked.incident, now=asked.seen_at)}


def posts(asked: Asked) -> Context:
    return {"posts": picture.posts(asked.incident, now=asked.seen_at)}


def timeline(asked: Asked) -> Context:
    show = asked.query.get("show", "")
    show = show if show in entries.FILTERS else ""
    before = asked.query.get("before", "")
    page = selectors.timeline(
        asked.incident, show=show, before=int(before) if before.isdecimal() else None
    )
    rows = timeline_rows(page.entries, now=asked.now)
    return {"rows": rows, "earlier": page.earlier, "show": show, "before": before}


def ladder(asked: Asked) -> Context:
    return {"ladder": selectors.ladder(asked.incident, now=asked.now)}


def tasks(asked: Asked) -> Context:
    found = list(asked.incident.tasks.select_related("owner"))
    done = sum(1 for task in found if task.done_at)
    return {
        "tasks": found,
        "done": done,
        "share": done / len(found) if found else 0,
        "people": insiders(asked.incident) if asked.may(Permission.WRITE_TIMELINE) else [],
    }


# Parts of another part: the page has them already.
INSIDE = ("entries", "actions")
# Each part has its template in templates/incidents/room/.
PARTS: dict[str, Callable[[Asked], Context]] = {
    "head": head,
    "actions": head,
    "presence": present,
    "blocking": blocked,
    "volume": volume,
    "why": why,
    "said": said,
    "posts": posts,
    "timeline": timeline,
    "entries": timeline,
    "ladder": ladder,
    "tasks": tasks,
}


def part(request: SignedIn, incident: Incident, name: str, **extra: Any) -> HttpResponse:
    """Render one part by itself, as the page does."""
    asked = Asked(incident, request.user, request.GET, database_now())
    context = common(asked) | {"part": PARTS[name](asked)} | extra
    if name == "head":
        context["presence"] = present(asked)
    status = 422 if extra.get("problem") else 200
    return render(request, f"incidents/room/{name}.html", context, status=status)


def _onward(request: SignedIn, merged: Incident) -> HttpResponse | None:
    """Where a merged incident goes on, for who may see that."""
    target = Incident.objects.visible_to(request.user).filter(pk=merged.merged_into_id).first()
    return redirect("incidents:incident", target.reference) if target else None


@login_required
@require_GET
def incident(request: SignedIn, reference: str) -> HttpResponse:
    """The war room, or with `?part=` one part of it."""
    found = find(request.user, reference)
    if name := request.GET.get("part"):
        if name not in PARTS:
            raise Http404
        return part(request, found, name)
    if found.merged_into_id and "stay" not in request.GET and (onward := _onward(request, found)):
        return onward
    asked = Asked(found, request.user, request.GET, database_now())
    context = common(asked) | {"slots": WAR_ROOM.panels, "decision": EntryKind.DECISION}
    # In the page as by itself, each part finds its own under `part`.
    context |= {f"in_{name}": PARTS[name](asked) for name in PARTS if name not in INSIDE}
    return render(request, "incidents/incident.html", context)


@login_required
@require_GET
def themes(request: SignedIn, reference: str) -> HttpResponse:
    """The panel of what is spoken of while the incident runs."""
    found = find(request.user, reference)
    current = talk.themes([found.brand_id], now=database_now(), limit=THEMES)
    context = {"incident": found, "themes": shown_themes(current, posts=1)}
    return render(request, "incidents/room/themes.html", context)
