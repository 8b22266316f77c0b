"""The war room: one page, each of whose parts is also fetched by itself."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django.views.decorators.http import require_GET, require_POST

from accounts.enums import Permission
from accounts.http import SignedIn
from accounts.models import User
from accounts.rules import allowed
from core import live, presence
from core.clock import database_now
from incidents import (
    blocking,
    commands,
    composer,
    entries,
    picture,
    places,
    selectors,
    severity,
    states,
)
from incidents.enums import Posts, Severity, State, Statement
from incidents.models import Incident
from incidents.selectors import insiders
from incidents.selectors.audience import in_role, nameable
from monitoring.selectors import Lately
from monitoring.selectors import signals as talk
from monitoring.theme_rows import shown as shown_themes

from .access import find, require
from .rows import timeline_rows

Context = dict[str, Any]
FACES = 5
# What the timeline can be narrowed to, and what is one key away from being written.
KINDS = [
    ("", pgettext_lazy("timeline", "All")),
    ("decisions", _("Decisions")),
    ("notes", _("Notes")),
    ("updates", _("Updates")),
    ("events", _("Events")),
    ("signals", _("Signals")),
    ("tasks", _("Tasks")),
    ("drafts", _("Drafts and publications")),
    ("people", _("Calls and roles")),
    ("course", _("Status and severity")),
]
QUICK = [
    (pgettext_lazy("command", "decision"), _("Decision"), "D"),
    (pgettext_lazy("command", "task"), _("Task"), "T"),
    (pgettext_lazy("command", "update"), _("Update"), "U"),
    (pgettext_lazy("command", "event"), _("Event"), ""),
]
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

    @cached_property
    def people(self) -> list[User]:
        """Who may see the incident: who can be named, given a task, or looked for in the log."""
        return nameable(self.incident)

    @cached_property
    def talk(self) -> Lately:
        """What was said in the last hour: for the chart's figures and the shares."""
        return picture.lately(self.incident, now=self.seen_at)

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
    # Annotated with whether they are told.
    running: list[Any] = asked.people if asked.may(Permission.RUN_INCIDENT) else []
    # Most incidents never were in triage: its step is shown to those that are.
    order = [each for each in State if each != State.TRIAGE or incident.state == State.TRIAGE]
    here = order.index(State(incident.state))
    return {
        "steps": [(state, order.index(state) < here, state == incident.state) for state in order],
        "moves": [to for to in states.MOVES[State(incident.state)] if to != State.DETECTED],
        "severities": Severity,
        "told": [str(person) for person in running if person.is_told and person != asked.user],
        "statements": Statement.choices,
        "posts": Posts.choices,
        "people": running,
        "why": severity.why(incident.severity_reasons),
        "responded_after": incident.responded_at and incident.responded_at - incident.detected_at,
        "update_from": _last_update(incident),
    }


def _last_update(incident: Incident) -> datetime | None:
    """When the clock of the next internal update began to run."""
    every = severity.targets(incident.severity, incident.plan).update
    return incident.update_by - every if every and incident.update_by else None


def present(asked: Asked) -> Context:
    group = f"incident.{asked.incident.pk}"
    ids, resting = presence.present(group), presence.idle(group)
    found = insiders(asked.incident).filter(pk__in=ids)
    people = [(user, user.pk in resting) for user in found]
    return {"people": people[:FACES], "more": max(0, len(people) - FACES), "everyone": people}


def blocked(asked: Asked) -> Context:
    return {"blocker": blocking.blocker(asked.incident, now=asked.now)}


def volume(asked: Asked) -> Context:
    span = picture.span(asked.query.get("range", ""))
    return {
        "span": span,
        "spans": picture.SPANS,
        "volume": picture.volume(asked.incident, asked.talk, span=span, now=asked.seen_at),
    }


def why(asked: Asked) -> Context:
    return {"alarms": picture.alarms(asked.incident)}


def said(asked: Asked) -> Context:
    return {"said": picture.said(asked.talk)}


def posts(asked: Asked) -> Context:
    return {"posts": picture.posts(asked.incident, now=asked.seen_at)}


def timeline(asked: Asked) -> Context:
    wanted = wished(asked.query)
    page = selectors.timeline(asked.incident, wanted)
    rows = timeline_rows(page.entries, now=asked.now)
    filters = _query(wanted)
    return {
        "rows": rows,
        "earlier": page.earlier,
        "wanted": wanted,
        # What the address of this very page of the log asks for, and what its filters ask for.
        "query": urlencode(filters | _place(wanted)),
        "filters": urlencode(filters),
        "away": wanted.before is not None or wanted.entry is not None,
        "pinned": timeline_rows(selectors.pinned(asked.incident), now=asked.now),
        "kinds": KINDS,
        "quick": QUICK,
        "people": asked.people,
    }


def options(asked: Asked) -> Context:
    """What the composer completes: commands behind a stroke, people and roles behind an @."""
    people = [(composer.handle(user), user) for user in asked.people]
    seats = [(role, composer.handle(user), user) for role, user in in_role(asked.incident)]
    return {
        "commands": commands.offered(asked.user, asked.incident),
        "people": people,
        "roles": seats,
    }


def wished(query: Any) -> selectors.Wanted:
    """Read which lines an address asks for; what makes no sense is left out."""
    show = query.get("show", "")
    return selectors.Wanted(
        show=show if show in entries.FILTERS else "",
        person=_number(query.get("person", "")),
        words=query.get("words", "")[:200].replace("\0", "").strip(),
        before=_number(query.get("before", "")),
        entry=_number(query.get("entry", "")),
    )


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 10 else None


def _query(wanted: selectors.Wanted) -> dict[str, Any]:
    asked = {"show": wanted.show, "person": wanted.person, "words": wanted.words}
    return {name: value for name, value in asked.items() if value}


def _place(wanted: selectors.Wanted) -> dict[str, int]:
    asked = {"entry": wanted.entry, "before": wanted.before}
    return {name: value for name, value in asked.items() if value is not None}


def ladder(asked: Asked) -> Context:
    return {"ladder": selectors.ladder(asked.incident, now=asked.now)}


def tasks(asked: Asked) -> Context:
    found = list(asked.incident.tasks.select_related("owner"))
    done = sum(1 for task in found if task.done_at)
    return {
        "tasks": found,
        "done": done,
        "open": len(found) - done,
        "share": done / len(found) if found else 0,
        "people": asked.people if asked.may(Permission.WRITE_TIMELINE) else [],
    }


# Parts of another part: the page has them already.
INSIDE = ("entries", "actions", "options")
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
    "options": options,
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
    context = common(asked) | {"tabs": places.tabs()}
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


@login_required
@require_POST
def typing(request: SignedIn, reference: str) -> HttpResponse:
    """Tell the others that somebody is writing, or with `idle` away or back. Kept nowhere."""
    found = find(request.user, reference)
    group = f"incident.{found.pk}"
    if idle := request.POST.get("idle", ""):
        presence.rest(group, request.user.pk, idle=idle == "1")
        return HttpResponse(status=204)
    require(request.user, Permission.WRITE_TIMELINE, found.brand_id)
    live.hint(group, "typing", {"who": request.user.pk})
    return HttpResponse(status=204)
