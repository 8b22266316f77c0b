"""The strategy advisor: its page, its panels, and how the text in the composer stands."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from accounts.enums import Permission
from accounts.http import SignedIn
from accounts.rules import allowed
from core.clock import database_now
from core.errors import Forbidden, Refused
from incidents.models import Incident
from responses.forms_strategy import AnswersForm, DecisionForm
from responses.hinting import told
from responses.postures import postures
from responses.services import strategy as services
from responses.strategy_page import Advice

from .checking import typed
from .common import find_draft, find_incident


@login_required
@require_http_methods(["GET", "POST"])
def strategy(request: SignedIn, reference: str) -> HttpResponse:
    """The questions, the proposal with its reasons, and what was decided."""
    incident = find_incident(request, reference)
    advice = Advice(incident)
    deciding = "decide" in request.POST
    mine = request.POST if request.method == "POST" else None
    questions = AnswersForm(None if deciding else mine, initial=advice.initial)
    posture = advice.latest.posture if advice.latest else ""
    decided = {"base": advice.base, "posture": posture}
    decision = DecisionForm(mine if deciding else None, initial=decided)
    form: Any = decision if deciding else questions
    if request.method == "POST" and form.is_valid() and _done(request, incident, form):
        return redirect("responses:strategy", incident.reference)
    context = {
        **_shown(request, incident, advice),
        "rows": [(questions[name], told_of(advice, name)) for name in questions.fields][1:],
        "form": questions,
        "decision_form": decision,
    }
    return render(request, "responses/strategy.html", context, status=422 if form.errors else 200)


def told_of(advice: Advice, question: str) -> str:
    """Where the answer in the field comes from, as long as it is the desk's."""
    if advice.latest:
        return told(advice.latest.sources.get(question, {}))
    hint = advice.hints.get(question)
    return str(hint) if hint else ""


def _done(request: SignedIn, incident: Incident, form: AnswersForm | DecisionForm) -> bool:
    who: dict[str, Any] = {"by": request.user, "now": database_now()}
    try:
        if isinstance(form, AnswersForm):
            services.answer(incident.pk, form.given, base=form.cleaned_data["base"], **who)
        else:
            services.decide(incident.pk, **form.cleaned_data, **who)
    except Forbidden:
        raise
    except Refused as refused:
        form.add_error(None, str(refused))
        return False
    return True


def _shown(request: SignedIn, incident: Incident, advice: Advice) -> dict[str, Any]:
    may = allowed(request.user, Permission.DRAFT, incident.brand_id)
    return {"incident": incident, "advice": advice, "may_draft": may, "now": database_now()}


@login_required
@require_GET
def panel(request: SignedIn, reference: str) -> HttpResponse:
    """The posture in short, for the war room."""
    incident = find_incident(request, reference)
    context = _shown(request, incident, Advice(incident))
    return render(request, "responses/strategy_panel.html", context)


@login_required
@require_GET
def review(request: SignedIn, reference: str) -> HttpResponse:
    """What was proposed and decided, in order, for the review."""
    incident = find_incident(request, reference)
    context = _shown(request, incident, Advice(incident))
    return render(request, "responses/strategy_review.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def posture(request: SignedIn, reference: str, number: int) -> HttpResponse:
    """How what is being typed stands, and which other text it stands against."""
    draft = find_draft(request, reference, number)
    found = postures(draft.incident, typed(request, draft), draft=draft, now=database_now())
    context = {"draft": draft, "found": found, "typing": request.method == "POST"}
    return render(request, "responses/posture.html", context)
