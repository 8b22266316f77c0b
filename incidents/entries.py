"""A timeline entry in words: kind, code and params put into the reader's language when shown.

Rooms above tell their own entries with `register(EntryKind.DRAFT, "submitted", _("…%(title)s…"))`;
an entry's code is `params["code"]`. A sentence is a lazy string with `%(name)s` places, filled
from the params and `actor` (the person's name), or a function of that mapping for what needs
plurals or labels.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.utils.dateparse import parse_datetime
from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from core import formats
from monitoring import reasons
from monitoring.enums import DetectionKind

from .conditions import ALARMS, HOURS, SEVERITY
from .enums import (
    Axis,
    EntryKind,
    IncidentRole,
    Posts,
    Severity,
    State,
    Statement,
    Target,
    Tie,
)

Params = Mapping[str, Any]
Sentence = Promise | str | Callable[[Params], str]

_SENTENCES: dict[tuple[str, str], Sentence] = {}
# The kinds behind each filter of the timeline.
FILTERS: dict[str, tuple[EntryKind, ...]] = {
    "decisions": (EntryKind.DECISION,),
    "notes": (EntryKind.NOTE, EntryKind.UPDATE, EntryKind.EVENT),
    "signals": (EntryKind.SIGNAL, EntryKind.OPENED, EntryKind.CALLED, EntryKind.EXHAUSTED),
    "events": (EntryKind.EVENT,),
    "updates": (EntryKind.UPDATE,),
    "tasks": (EntryKind.TASK,),
    "drafts": (EntryKind.DRAFT, EntryKind.APPROVAL, EntryKind.PUBLICATION),
    "people": (
        EntryKind.CALLED,
        EntryKind.EXHAUSTED,
        EntryKind.ACKNOWLEDGED,
        EntryKind.LEAD,
        EntryKind.ROLE,
    ),
    "course": (EntryKind.OPENED, EntryKind.STATE, EntryKind.SEVERITY, EntryKind.RESOLVED),
}
# What a person wrote; the rest is told by the system.
WRITTEN = (EntryKind.NOTE, EntryKind.DECISION, EntryKind.UPDATE, EntryKind.EVENT)


class _Blanks(dict[str, Any]):
    """A sentence of a newer version may ask for a figure that an old entry lacks."""

    def __missing__(self, key: str) -> str:
        return "–"


def register(kind: EntryKind, code: str, sentence: Sentence) -> None:
    """Say how entries of `kind` with this code are told. ValueError if it is told already."""
    if (kind, code) in _SENTENCES:
        raise ValueError(f"Entries {kind} {code} are told twice.")
    _SENTENCES[kind, code] = sentence


def words(kind: str, params: Params, *, actor: str = "", text: str = "") -> str:
    """Return what an entry says in the active language; for a written one, what was written."""
    if kind in WRITTEN and (kind, params.get("code", "")) not in _SENTENCES:
        return text
    sentence = _SENTENCES.get((kind, params.get("code", ""))) or _SENTENCES.get((kind, ""))
    if sentence is None:
        return text or str(EntryKind(kind).label)
    filled = _Blanks(params, actor=actor or gettext("CrisisDesk"), text=text)
    return sentence(filled) if callable(sentence) else str(sentence) % filled


def decided(decision: Any) -> str:
    """A Decision in the reader's words where it was kept as facts; needs its entry."""
    return words(decision.entry.kind, decision.entry.params, text=decision.text)


def _people(names: list[str]) -> str:
    """Name up to three people and count the rest."""
    shown = ", ".join(names[:3])
    more = len(names) - 3
    if more <= 0:
        return shown
    return ngettext("%(names)s and %(more)d more", "%(names)s and %(more)d more", more) % {
        "names": shown,
        "more": more,
    }


def _called(params: Params) -> str:
    return gettext("Escalation step %(step)s: %(people)s called.") % {
        "step": params["step"],
        "people": _people(params["people"]),
    }


# Why a step was passed, told after its number. The codes are escalation.obstacle's.
PASSED: dict[str, Promise | str] = {
    HOURS: _("it is outside its hours"),
    SEVERITY: _("the incident is not grave enough for it"),
    ALARMS: _("there were not enough alarms for it"),
    "nobody": _("it has nobody to call"),
    "gone": _("what it calls is no longer there"),
    "drill": _("a fire drill changes nothing"),
}


def _passed(params: Params) -> str:
    return gettext("Escalation step %(step)s was passed: %(why)s.") % {
        "step": params["step"],
        "why": PASSED.get(params["why"], "–"),
    }


def _did(params: Params) -> str:
    return gettext("Escalation step %(step)s: %(what)s.") % {
        "step": params["step"],
        "what": Target(params["target"]).label,
    }


def _needless(params: Params) -> str:
    return gettext("Escalation step %(step)s: %(what)s. There was nothing to do.") % {
        "step": params["step"],
        "what": Target(params["target"]).label,
    }


def _everyone(params: Params) -> str:
    if not params["people"]:
        return gettext("Nobody can be called: no member may run an incident.")
    return gettext("Everyone was called again: %(people)s.") % {"people": _people(params["people"])}


def _exhausted(params: Params) -> str:
    words = {
        "": gettext("The ladder ended and nobody answered. Everyone is called: %(people)s."),
        "no_ladder": gettext("There is no escalation ladder. Everyone is called: %(people)s."),
        "unstaffed": gettext("No step has anyone to call. Everyone is called: %(people)s."),
    }
    return words[params.get("code", "")] % {"people": _people(params["people"]) or "–"}


def _state(params: Params) -> str:
    return gettext("%(actor)s set the status from %(before)s to %(after)s.") % {
        "actor": params["actor"],
        "before": State(params["before"]).label,
        "after": State(params["after"]).label,
    }


def _moved(params: Params) -> str:
    said = _state(params)
    if params["text"]:
        return gettext("%(said)s Reason: %(text)s") % {"said": said, "text": params["text"]}
    return said


def _resolved(params: Params) -> str:
    """What was answered when it was resolved, a sentence each."""
    said = [gettext("%(actor)s resolved the incident.") % params]
    if params.get("statement"):
        label = Statement(params["statement"]).label
        said.append(gettext("Statement: %(what)s.") % {"what": label})
    if params.get("posts"):
        said.append(gettext("Planned posts: %(what)s.") % {"what": Posts(params["posts"]).label})
    if params.get("review"):
        said.append(gettext("Review: %(name)s.") % {"name": params["review"]})
    return " ".join(said)


def _raised_by_merging(params: Params) -> str:
    return gettext("The merged incident was graver: %(before)s became %(after)s.") % {
        "before": Severity(params["before"]).label,
        "after": Severity(params["after"]).label,
    }


def _tied(sentence: Any) -> Callable[[Params], str]:
    return lambda params: str(sentence) % {**params, "tie": Tie(params["tie"]).label}


def _members(sentence: Any) -> Callable[[Params], str]:
    return lambda params: str(sentence) % {**params, "people": ", ".join(params["people"])}


def _severity(params: Params) -> str:
    before, after = Severity(params["before"]), Severity(params["after"])
    said = (
        gettext("%(actor)s raised %(before)s to %(after)s. Reason: %(text)s")
        if after < before
        else gettext("%(actor)s lowered %(before)s to %(after)s. Reason: %(text)s")
    )
    return said % {
        "actor": params["actor"],
        "before": before.label,
        "after": after.label,
        "text": params["text"],
    }


def _raised(params: Params) -> str:
    before, after = Severity(params["before"]), Severity(params["after"])
    return gettext("A new signal raised %(before)s to %(after)s.") % {
        "before": before.label,
        "after": after.label,
    }


def _raised_by_step(params: Params) -> str:
    before, after = Severity(params["before"]), Severity(params["after"])
    return gettext("The escalation policy raised %(before)s to %(after)s.") % {
        "before": before.label,
        "after": after.label,
    }


def figures(params: Params) -> dict[str, str]:
    """Put a detection's figures, as entries keep them, into the reader's number format."""
    return {
        "value": number_format(params["value"], 0, force_grouping=True),
        "ratio": number_format(params["ratio"], 1),
        "negative": number_format(round(params["negative_share"] * 100), 0),
    }


def _volume(params: Params) -> str:
    return gettext(
        "%(value)s mentions in 5 minutes, %(ratio)s times the expected maximum."
        " %(negative)s%% negative."
    ) % figures(params)


def _leading(params: Params) -> str:
    """What the desk noticed, by the reason that the entry keeps."""
    return reasons.tell(params.get("reason") or {}) or str(DetectionKind(params["code"]).label)


def _negative(params: Params) -> str:
    return gettext("%(negative)s%% of the mentions are negative, far more than usual.") % figures(
        params
    )


def _acknowledged(params: Params) -> str:
    minutes, seconds = divmod(int(params["after"]), 60)
    return gettext("%(actor)s acknowledged after %(minutes)d min %(seconds)02d s.") % {
        "actor": params["actor"],
        "minutes": minutes,
        "seconds": seconds,
    }


def _overdue(params: Params) -> str:
    return gettext(
        "%(role)s: %(name)s has held the role for %(held)s without a break."
        " Asked to take over: %(people)s."
    ) % {
        "role": IncidentRole(params["role"]).label,
        "name": params["name"],
        "held": formats.duration(params["held"]),
        "people": _people(params["people"]) or "–",
    }


def _scored(params: Params) -> str:
    return gettext("%(actor)s scored %(axis)s at %(points)d of 2. Reason: %(text)s") % {
        "actor": params["actor"],
        "axis": Axis(params["axis"]).label,
        "points": params["points"],
        "text": params["text"],
    }


def _plan_tasks(params: Params) -> str:
    count = params["count"]
    return ngettext(
        "The plan “%(plan)s” added %(count)d task.",
        "The plan “%(plan)s” added %(count)d tasks.",
        count,
    ) % {"plan": params["plan"], "count": count}


def _task_moved(params: Params) -> str:
    moment = parse_datetime(params["due_at"])
    return gettext("%(actor)s moved the task “%(title)s” to %(when)s.") % {
        "actor": params["actor"],
        "title": params["title"],
        "when": formats.when(moment, now=moment) if moment else "–",
    }


def _task_done(params: Params) -> str:
    if params["text"]:
        return gettext("%(actor)s finished the task “%(title)s”: %(text)s") % params
    return gettext("%(actor)s finished the task “%(title)s”.") % params


def _task(params: Params) -> str:
    if params.get("owner"):
        return gettext("%(actor)s gave %(owner)s the task “%(title)s”.") % params
    return gettext("%(actor)s added the task “%(title)s”.") % params


def _role(params: Params) -> str:
    """Who got which role; the note for whoever takes over stands behind it."""
    told = {
        "taken": gettext("%(actor)s took the role: %(role)s."),
        "given": gettext("%(actor)s gave %(name)s the role: %(role)s."),
        "handed": gettext("%(role)s: %(actor)s handed over from %(before)s to %(name)s."),
        "deputy": gettext("%(actor)s made %(name)s the deputy for: %(role)s."),
        "left": gettext("%(role)s: %(actor)s relieved %(name)s. Nobody holds the role now."),
    }
    noted = {
        "taken": gettext("%(actor)s took the role: %(role)s. Note: %(text)s"),
        "given": gettext("%(actor)s gave %(name)s the role: %(role)s. Note: %(text)s"),
        "handed": gettext(
            "%(role)s: %(actor)s handed over from %(before)s to %(name)s. Note: %(text)s"
        ),
        "deputy": gettext("%(actor)s made %(name)s the deputy for: %(role)s. Note: %(text)s"),
        "left": gettext("%(role)s: %(actor)s relieved %(name)s. Nobody holds the role now."),
    }
    said = noted if params["text"] else told
    return said[params["code"]] % {
        "actor": params["actor"],
        "name": params["name"],
        "before": params["before"],
        "role": IncidentRole(params["role"]).label,
        "text": params["text"],
    }


_OWN: dict[tuple[EntryKind, str], Sentence] = {
    (EntryKind.OPENED, "detection"): _("CrisisDesk detected it and opened the incident."),
    (EntryKind.OPENED, "person"): _("%(actor)s declared the incident."),
    (EntryKind.OPENED, "mention"): _("%(actor)s opened the incident from a mention."),
    (EntryKind.SIGNAL, "VOLUME"): _volume,
    (EntryKind.SIGNAL, "NEGATIVE_SHARE"): _negative,
    **{
        (EntryKind.SIGNAL, kind): _leading
        for kind in DetectionKind.values
        if kind not in ("VOLUME", "NEGATIVE_SHARE")
    },
    (EntryKind.SIGNAL, "mention"): _("%(actor)s linked a mention by %(author)s."),
    (EntryKind.SIGNAL, "mentions"): _("%(actor)s linked mentions: %(count)s."),
    (EntryKind.CALLED, ""): _called,
    (EntryKind.CALLED, "everyone"): _everyone,
    (EntryKind.CALLED, "nobody"): _(
        "Escalation step %(step)s has nobody to call. It was passed at once."
    ),
    (EntryKind.CALLED, "now"): _("%(actor)s asked for the next step at once."),
    (EntryKind.CALLED, "skipped"): _("%(actor)s went straight to escalation step %(step)s."),
    (EntryKind.CALLED, "awake"): _("%(actor)s is awake and on the way."),
    (EntryKind.CALLED, "unreached"): _(
        "%(person)s cannot be reached: none of their addresses works."
    ),
    (EntryKind.CALLED, "passed"): _passed,
    (EntryKind.OPENED, "drill"): _("%(actor)s started a fire drill."),
    (EntryKind.RESOLVED, "drill"): _("The fire drill is over."),
    (EntryKind.STATE, "declared"): _("The escalation policy declared it an incident."),
    (EntryKind.CALLED, "resting"): _(
        "The policy calls nobody now. Everyone finds it in the app, and calling begins when the"
        " policy allows it."
    ),
    (EntryKind.CALLED, "webhook"): _("Escalation step %(step)s: the webhook %(name)s is called."),
    (EntryKind.CALLED, "webhook_failed"): _("The webhook %(name)s could not be called: %(said)s"),
    (EntryKind.CALLED, "channel"): _("Escalation step %(step)s: everyone in %(name)s is told."),
    (EntryKind.CALLED, "did"): _did,
    (EntryKind.CALLED, "needless"): _needless,
    (EntryKind.EXHAUSTED, ""): _exhausted,
    (EntryKind.EXHAUSTED, "no_ladder"): _exhausted,
    (EntryKind.EXHAUSTED, "unstaffed"): _exhausted,
    (EntryKind.EXHAUSTED, "broken"): _(
        "Calling failed %(failures)s times and has stopped. Phone someone yourself."
    ),
    (EntryKind.ACKNOWLEDGED, ""): _acknowledged,
    (EntryKind.STATE, ""): _moved,
    (EntryKind.STATE, "accepted"): _("%(actor)s took it for an incident: people are called."),
    (EntryKind.STATE, "unjudged"): _("Nobody judged the suspicion in time: people are called."),
    (EntryKind.STATE, "grown"): _("It has become too grave to wait in triage: people are called."),
    (EntryKind.STATE, "merged"): _("People are called: so they were for the merged incident."),
    (EntryKind.SEVERITY, "merged"): _raised_by_merging,
    (EntryKind.LINK, "merged_into"): _(
        "%(actor)s merged the incident into %(reference)s. Reason: %(text)s"
    ),
    (EntryKind.LINK, "merged_from"): _(
        "%(actor)s merged %(reference)s into this incident. Reason: %(text)s"
    ),
    (EntryKind.LINK, "unmerged"): _(
        "%(actor)s took the merging with %(reference)s back. Reason: %(text)s"
    ),
    (EntryKind.LINK, "split_off"): _("%(actor)s split %(reference)s off. Reason: %(text)s"),
    (EntryKind.LINK, "split_from"): _(
        "%(actor)s split it off from %(reference)s. Reason: %(text)s"
    ),
    (EntryKind.LINK, "linked"): _tied(_("%(actor)s noted: %(tie)s %(reference)s.")),
    (EntryKind.LINK, "linked_from"): _tied(
        _("%(actor)s noted of %(reference)s: %(tie)s this incident.")
    ),
    (EntryKind.LINK, "unlinked"): _("%(actor)s removed the link with %(reference)s."),
    (EntryKind.FILE, "added"): _("%(actor)s kept the file “%(name)s”. SHA-256 %(sha256)s"),
    (EntryKind.FILE, "deleted"): _(
        "%(actor)s deleted the file “%(name)s”. Reason: %(text)s SHA-256 %(sha256)s"
    ),
    (EntryKind.BRIEF, "sent"): _("%(actor)s sent update %(number)s to %(count)s: %(text)s"),
    (EntryKind.BRIEF, "corrected"): _(
        "%(actor)s corrected update %(number)s, to %(count)s: %(text)s"
    ),
    (EntryKind.HANDOVER, "written"): _("%(actor)s wrote a hand-over note for %(name)s."),
    (EntryKind.HANDOVER, "signed"): _("%(actor)s signed the hand-over note by %(name)s."),
    (EntryKind.OPENED, "split"): _("%(actor)s opened it as a part of another incident."),
    (EntryKind.MEMBER, "began"): _members(_("The incident is private to %(people)s.")),
    (EntryKind.MEMBER, "private"): _members(
        _("%(actor)s made the incident private to %(people)s. Reason: %(text)s")
    ),
    (EntryKind.MEMBER, "public"): _(
        "%(actor)s opened the private incident to the whole brand. Reason: %(text)s"
    ),
    (EntryKind.MEMBER, "added"): _members(_("%(actor)s let %(people)s in. Reason: %(text)s")),
    (EntryKind.MEMBER, "removed"): _members(_("%(actor)s took %(people)s out. Reason: %(text)s")),
    (EntryKind.MEMBER, "opened"): _(
        "%(actor)s opened the private incident as an administrator. Reason: %(text)s"
    ),
    (EntryKind.MEMBER, "called"): _members(
        _("Called, and so let into the private incident: %(people)s.")
    ),
    (EntryKind.STATE, "reopened"): _("%(actor)s opened the incident again. Reason: %(text)s"),
    (EntryKind.STATE, "titled"): _("%(actor)s renamed the incident to “%(title)s”."),
    (EntryKind.STATE, "summarised"): _("%(actor)s rewrote the summary."),
    (EntryKind.STATE, "plan"): _("%(actor)s chose the plan “%(plan)s”, version %(version)s."),
    (EntryKind.STATE, "moved"): _(
        "%(actor)s moved the incident to version %(version)s of the plan “%(plan)s”."
    ),
    (EntryKind.STATE, "personal_data"): _("%(actor)s noted that personal data is concerned."),
    (EntryKind.STATE, "no_personal_data"): _("%(actor)s noted that no personal data is concerned."),
    (EntryKind.STATE, "scored"): _scored,
    (EntryKind.ROLE, "overdue"): _overdue,
    (EntryKind.SEVERITY, ""): _severity,
    (EntryKind.SEVERITY, "raised"): _raised,
    (EntryKind.SEVERITY, "step"): _raised_by_step,
    (EntryKind.LEAD, ""): _("%(actor)s took the lead."),
    **{(EntryKind.ROLE, code): _role for code in ("taken", "given", "handed", "deputy", "left")},
    (EntryKind.TASK, ""): _task,
    (EntryKind.TASK, "done"): _task_done,
    (EntryKind.TASK, "plan"): _plan_tasks,
    (EntryKind.TASK, "claimed"): _("%(actor)s took the task “%(title)s”."),
    (EntryKind.TASK, "given"): _("%(actor)s gave %(owner)s the task “%(title)s”."),
    (EntryKind.TASK, "left"): _("%(actor)s put the task “%(title)s” back: nobody has it now."),
    (EntryKind.TASK, "moved"): _task_moved,
    (EntryKind.TASK, "undated"): _("%(actor)s took the time off the task “%(title)s”."),
    (EntryKind.TASK, "reopened"): _("%(actor)s opened the task “%(title)s” again."),
    (EntryKind.RESOLVED, ""): _resolved,
    (EntryKind.RESOLVED, "dismissed"): _("%(actor)s dismissed the suspicion. Reason: %(text)s"),
}
for (_kind, _code), _sentence in _OWN.items():
    register(_kind, _code, _sentence)


def seconds_between(start: datetime, end: datetime) -> int:
    """Whole seconds, never below zero."""
    return max(0, round((end - start).total_seconds()))
