"""What a hand-over note is drawn up from: sections of lines; the rooms above add theirs."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core import formats

from . import entries
from .enums import EntryKind, Severity
from .models import Incident
from .times import four_times

Lines = Callable[[Incident, datetime], list[str]]
SECTIONS: list[tuple[int, Any, Lines]] = []
DECISIONS = 3


def section(title: Any, *, order: int) -> Callable[[Lines], Lines]:
    """Register a function that gives a section's lines; one without lines is left out."""

    def register(function: Lines) -> Lines:
        SECTIONS.append((order, title, function))
        SECTIONS.sort(key=lambda each: each[0])
        return function

    return register


def draw_up(incident: Incident, *, now: datetime) -> str:
    """Return the note in the active language, to be edited by whoever hands over."""
    parts = []
    for _order, title, function in SECTIONS:
        if lines := function(incident, now):
            parts.append("\n".join([str(title).upper(), *(f"- {line}" for line in lines)]))
    return "\n\n".join(parts)


@section(gettext_lazy("Where it stands"), order=10)
def standing(incident: Incident, now: datetime) -> list[str]:
    lead = str(incident.lead) if incident.lead else _("nobody")
    facts = {"severity": Severity(incident.severity).label, "state": incident.state_label}
    lines = [_("%(severity)s, %(state)s, lead: %(lead)s") % {**facts, "lead": lead}]
    lines += [
        _("%(what)s: %(took)s (target %(target)s)")
        % {"what": each.label, "took": each.took_words, "target": each.target_words}
        for each in four_times(incident)
        if each.took is not None
    ]
    return lines


@section(gettext_lazy("What is due"), order=20)
def due(incident: Incident, now: datetime) -> list[str]:
    lines = []
    if incident.respond_by and not incident.responded_at:
        lines.append(_("First response by %(at)s") % {"at": _when(incident.respond_by, now)})
    if incident.update_by:
        lines.append(_("Internal update by %(at)s") % {"at": _when(incident.update_by, now)})
    return lines


@section(gettext_lazy("Open tasks"), order=30)
def tasks(incident: Incident, now: datetime) -> list[str]:
    return [
        _("%(task)s: %(who)s, due %(at)s")
        % {
            "task": task.title,
            "who": task.owner or _("nobody"),
            "at": _when(task.due_at, now) if task.due_at else "–",
        }
        for task in incident.tasks.filter(done_at=None).select_related("owner")
    ]


@section(gettext_lazy("Roles"), order=40)
def roles(incident: Incident, now: datetime) -> list[str]:
    held = incident.holdings.filter(until=None).select_related("user")
    return [f"{each.get_role_display()}: {each.user}" for each in held]


@section(gettext_lazy("Latest decisions"), order=50)
def decisions(incident: Incident, now: datetime) -> list[str]:
    decided = incident.entries.filter(kind=EntryKind.DECISION).select_related("actor")
    return [
        f"{entries.words(each.kind, each.params, text=each.text)}"
        f" ({each.actor or '–'}, {_when(each.at, now)})"
        for each in decided[:DECISIONS]
    ]


def _when(moment: datetime, now: datetime) -> str:
    return formats.when(moment, now=now)
