"""Answering the strategy advisor, and deciding on a posture: as proposed, or otherwise."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import audit
from accounts.enums import Permission
from accounts.models import User
from accounts.rules import require
from core import live
from core.errors import Conflict, Refused
from core.text import clean
from incidents.enums import EntryKind
from incidents.models import Incident
from incidents.services import add_decision, write_entry
from incidents.services.decisions import Why
from incidents.services.timeline import lock_current
from responses.entries import decided_words
from responses.enums_strategy import Posture
from responses.hinting import hints
from responses.models_strategy import StrategyAnswers, StrategyDecision
from responses.strategy import UNKNOWN, Answers, propose

LONGEST_REASON = 1000


def latest_answers(incident: Incident) -> StrategyAnswers | None:
    rows = StrategyAnswers.objects.filter(incident=incident).select_related("by")
    found: StrategyAnswers | None = rows.order_by("-number").first()
    return found


def latest_decision(incident: Incident) -> StrategyDecision | None:
    rows = StrategyDecision.objects.filter(incident=incident)
    found: StrategyDecision | None = rows.select_related("by", "answers", "decision").first()
    return found


@transaction.atomic
def answer(
    incident_id: int, given: Mapping[str, str], *, base: int, by: User, now: datetime
) -> StrategyAnswers:
    """Keep the answers as the next version. The same answers again change nothing.

    `base` is the version that was shown, 0 for none: Conflict if somebody answered meanwhile.
    """
    incident = lock_current(incident_id)
    require(by, Permission.DRAFT, incident.brand_id)
    try:
        answers = Answers.of(given)
    except ValueError:
        raise Refused(_("That is no answer to the question.")) from None
    latest = latest_answers(incident)
    _refuse_older(latest, base)
    if latest and latest.answers == answers.kept():
        return latest
    proposal = propose(answers)
    kept = StrategyAnswers.objects.create(
        incident=incident,
        number=base + 1,
        answers=answers.kept(),
        sources=_sources(incident, answers),
        posture=proposal.posture,
        confidence=proposal.confidence,
        by=by,
        at=now,
    )
    params = {"code": "strategy", "number": kept.number, "posture": proposal.posture.value}
    write_entry(incident.pk, EntryKind.DRAFT, actor=by, params=params, now=now)
    audit.record("strategy.answered", actor=by, brand=incident.brand, subject=incident.reference)
    _show(incident)
    return kept


def _refuse_older(latest: StrategyAnswers | None, base: int) -> None:
    if base != (latest.number if latest else 0):
        raise Conflict(_("Somebody else answered meanwhile. Look at their answers first."))


def _sources(incident: Incident, answers: Answers) -> dict[str, dict]:
    """Where each answer came from that is still as the desk suggested it."""
    return {
        question: hint.source
        for question, hint in hints(incident).items()
        if getattr(answers, question) == hint.answer != UNKNOWN
    }


@transaction.atomic
def decide(
    incident_id: int, posture: str, *, base: int, by: User, now: datetime, reason: str = ""
) -> StrategyDecision:
    """Decide on a posture in view of the answers `base`; it goes into the log of decisions.

    One that was not proposed needs a reason. Conflict if somebody answered anew meanwhile. What is
    decided already is decided again by nobody.
    """
    incident = lock_current(incident_id)
    require(by, Permission.DRAFT, incident.brand_id)
    answers = latest_answers(incident)
    if answers is None:
        raise Refused(_("Answer the questions first."))
    _refuse_older(answers, base)
    if posture not in Posture.values:
        raise Refused(_("There is no such posture."))
    before = latest_decision(incident)
    if before and (before.answers_id, before.posture) == (answers.pk, posture):
        return before
    said = clean(reason).strip()[:LONGEST_REASON]
    if posture != answers.posture and not said:
        raise Refused(_("Say why it is decided otherwise: the review asks for it."))
    why = Why(reason=said or _by_the_advisor(before), corrects=_corrected(before))
    facts = {"code": "posture", "posture": posture, "proposed": answers.posture}
    text = decided_words(facts)
    entry = add_decision(incident.pk, by=by, text=text, why=why, facts=facts, now=now)
    made = StrategyDecision.objects.create(
        incident=incident,
        answers=answers,
        posture=posture,
        followed=posture == answers.posture,
        reason=said,
        decision=entry.decision,
        by=by,
        at=now,
    )
    audit.record("strategy.decided", actor=by, brand=incident.brand, subject=incident.reference)
    _show(incident)
    return made


def _corrected(before: StrategyDecision | None) -> int | None:
    """The number of the decision whose place it takes, unless another one has taken it."""
    if before is None or hasattr(before.decision, "corrected_by"):
        return None
    return int(before.decision.number)


def _by_the_advisor(before: StrategyDecision | None) -> str:
    """A decision that takes another's place needs a reason; here it is that of the proposal."""
    return _("The strategy advisor proposes it with the answers of now.") if before else ""


def _show(incident: Incident) -> None:
    live.publish(f"incident.{incident.pk}", "strategy", {})
