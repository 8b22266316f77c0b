"""One mention whole: its words, what was read out of them and why, what was done about it, and what
stands around it."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts.enums import Permission
from accounts.http import SignedIn
from accounts.models import User
from accounts.rules import allowed
from accounts.selectors import brand_names, members
from core import formats, markup
from core.clock import database_now
from monitoring import chart, choosing, feed, reasons, why
from monitoring.enums import LABELS, About, LabelField, Sentiment
from monitoring.models import Mention, Source
from monitoring.models_triage import MentionChange
from monitoring.panels import ACTIONS, MENTION
from monitoring.selectors import TooSlow, handling
from monitoring.selectors import around as selectors
from monitoring.selectors.filters import SUSPICIOUS
from monitoring.services.showing import note as note_shown

from .access import find_mention

_CODES: dict[str, Any] = {
    "state": chart.TriageState,
    "truth": chart.Truth,
    "kind": chart.PostKind,
    "course": chart.Course,
}


@login_required
@require_GET
def mention(request: SignedIn, pk: int) -> HttpResponse:
    """One mention whole, with what can be done about it."""
    found = find_mention(request.user, pk)
    row = handling.state_of(found.pk)
    may = allowed(request.user, Permission.TRIAGE, found.brand_id)
    now = database_now()
    note_shown([found], now=now)
    context = {
        "now": now,
        "mention": found,
        "meant": found.corrected_sentiment or found.sentiment,
        "source": Source.objects.filter(pk=found.source_id).select_related("brand").first(),
        "url": markup.safe_url(found.url),
        "choices": Sentiment.choices,
        "may_correct": may,
        "panels": MENTION.panels,
        "actions": ACTIONS,
        "row": row,
        "version": row.version if row else 0,
        "states": chart.TriageState.choices,
        "people": list(members(found.brand_id, permission=Permission.TRIAGE)) if may else [],
        "labels": choosing.label_fields(formats.language()),
        "scores": _scores(found),
        "stars": feed.stars(found.stars) if found.stars is not None else "",
        "suspicious": found.suspicion >= SUSPICIOUS,
        "queries": selectors.answered(found),
        "signals": [(each, reasons.headline(each)) for each in selectors.signals_with(found)],
        "counts": found.about == About.BRAND,
        "reported": bool(row and row.not_about and found.about == About.OTHER),
        "history": _history(found),
    }
    return render(request, "monitoring/mention.html", context)


def _scores(found: Mention) -> list[dict[str, Any]]:
    """Each label with how sure the machine was, what a person said, and the words that weighed."""
    said = {each.field: each for each in selectors.corrections(found)}
    told = why.words(
        f"{found.title} {found.text}", sentiment=found.sentiment, crisis_type=found.crisis_type
    )
    confidences = {
        LabelField.SENTIMENT: found.confidence,
        LabelField.CRISIS_TYPE: found.crisis_confidence,
        LabelField.EMOTION: found.emotion_confidence,
        LabelField.BLAME: found.blame_confidence,
    }
    words = {LabelField.SENTIMENT: told.sentiment, LabelField.CRISIS_TYPE: told.crisis_type}
    return [
        _score(found, field, said.get(field), sure, words.get(field, []))
        for field, sure in confidences.items()
    ]


def _score(
    found: Mention, field: LabelField, correction: Any, sure: float, words: list[str]
) -> dict[str, Any]:
    code = correction.machine if correction else getattr(found, field.value)
    return {
        "label": field.label,
        "value": LABELS[field](code).label,
        "sure": formats.percent(correction.confidence if correction else sure),
        "words": words,
        "correction": correction,
        "corrected": LABELS[field](correction.value).label if correction else "",
    }


def _history(found: Mention) -> list[dict[str, Any]]:
    """What people have done about the mention, the latest first, in words."""
    changes = handling.history(found.pk)
    ids = {each.after.get("assignee_id") for each in changes} - {None}
    names = {person.pk: str(person) for person in User.objects.filter(pk__in=ids)}
    return [
        {
            "by": each.by,
            "at": each.at,
            "said": _changed(each, names),
            "note": each.after.get("note"),
        }
        for each in changes
    ]


def _changed(change: MentionChange, names: dict[int, str]) -> list[str]:
    said = [
        str(codes(value).label)
        for name, codes in _CODES.items()
        if (value := change.after.get(name))
    ]
    if "assignee_id" in change.after:
        person = names.get(change.after["assignee_id"], "")
        told = _("Assigned to %(name)s") % {"name": person} if person else _("Assigned to nobody")
        said.append(told)
    if change.after.get("not_about"):
        said.append(_("Reported as not about us"))
    return said


@login_required
@require_GET
def around(request: SignedIn, pk: int) -> HttpResponse:
    """The thread, near-duplicates and what else the author said: loads after the page."""
    found = find_mention(request.user, pk)
    now = database_now()
    names = brand_names(request.user)
    context: dict[str, Any] = {"now": now, "mention": found, "groups": []}
    try:
        seen = selectors.around(found)
        context["influence"] = selectors.influence(found)
    except TooSlow as slow:
        context["too_slow"] = str(slow)
    else:
        posts = [*seen.parent, *seen.answers, *seen.alike, *seen.author]
        told = feed.Shown(now, names, frozenset(), feed.tags([post.id for post in posts]))
        groups = (
            ("parent", _("It answers"), seen.parent),
            ("answers", _("Answers to it"), seen.answers),
            ("alike", _("Near-duplicates"), seen.alike),
            ("author", _("Others by the same author"), seen.author),
        )
        context["groups"] = [
            (name, title, feed.rows(found_posts, told))
            for name, title, found_posts in groups
            if found_posts
        ]
    fragment = "#around" if request.htmx else ""
    return render(request, f"monitoring/around.html{fragment}", context)
