"""Asking somebody without an account: outside counsel, an agency, a partner.

They answer in the place of the person who asks, who must be one whom the step waits for. So a link
can do nothing that this person could not have done, and nobody gains a right by writing a draft.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from core.errors import Conflict, Forbidden, Refused
from core.text import clean
from incidents.enums import EntryKind
from responses.chain import Roster
from responses.enums import DraftState, StepState, Verdict
from responses.models import Draft
from responses.models_policy import ApprovalLink, ApprovalStep

from .approving import Word, send_back, steps_for, take_approval
from .drafting import refuse_unpublishable
from .rows import latest_version, lock_draft, refuse_closed
from .telling import tell

MOST_HOURS = 72


@dataclass(frozen=True)
class Outsider:
    """Who is asked, and for how many hours the link is good."""

    name: str
    email: str = ""
    organisation: str = ""
    hours: int = 4


@transaction.atomic
def ask_outside(draft_id: int, who: Outsider, *, by: User, now: datetime) -> ApprovalLink:
    """Make a link for the first step that waits for `by`. Forbidden if none does."""
    draft = lock_draft(draft_id)
    refuse_closed(draft)
    latest = latest_version(draft)
    steps = steps_for(draft, latest, by) if draft.state == DraftState.SUBMITTED else []
    if not steps:
        raise Forbidden(_("Only somebody whom the draft waits for can ask in their place."))
    link = ApprovalLink.objects.create(
        step=steps[0],
        version=latest,
        sha256=latest.sha256,
        **_checked(who),
        asked_by=by,
        asked_at=now,
        expires_at=(now + timedelta(hours=who.hours)).replace(microsecond=0),
    )
    tell(draft, EntryKind.APPROVAL, "asked_outside", actor=by, now=now, name=str(link))
    return link


def _checked(who: Outsider) -> dict[str, str]:
    name, email = clean(who.name).strip()[:120], clean(who.email).strip()
    if not name:
        raise Refused(_("Say who is asked: the name is kept with the approval."))
    if not 1 <= who.hours <= MOST_HOURS:
        raise Refused(_("A link is good for 1 to %(most)d hours.") % {"most": MOST_HOURS})
    try:
        if email:
            validate_email(email)
    except ValidationError:
        raise Refused(_("This is no e-mail address.")) from None
    organisation = clean(who.organisation).strip()[:120]
    return {"name": name, "email": email, "organisation": organisation}


@transaction.atomic
def revoke_link(link_id: int, *, by: User, now: datetime) -> ApprovalLink:
    """Take a link back that has not been used. Only who made it, or another approver, does so."""
    draft_id = ApprovalLink.objects.values_list("version__draft", flat=True).get(pk=link_id)
    draft = lock_draft(draft_id)
    link = ApprovalLink.objects.select_for_update(of=("self",)).get(pk=link_id)
    if by.pk != link.asked_by_id and by.pk not in Roster.of(draft).able:
        raise Forbidden(_("Somebody who may approve this draft has to take the link back."))
    if link.used_at:
        raise Conflict(_("It has been answered already."))
    if not link.revoked_at:
        link.revoked_at = now
        link.save(update_fields=["revoked_at"])
        tell(draft, EntryKind.APPROVAL, "link_revoked", actor=by, now=now, name=str(link))
    return link


@dataclass(frozen=True)
class Answer:
    """What somebody outside said, of the digest that they were shown."""

    verdict: Verdict
    sha256: str
    comment: str = ""


@transaction.atomic
def answer_outside(link_id: int, answer: Answer, *, now: datetime) -> Draft:
    """Take the one answer of a link. Conflict if it is used, over, taken back or out of date."""
    draft_id = ApprovalLink.objects.values_list("version__draft", flat=True).get(pk=link_id)
    draft = lock_draft(draft_id)
    rows = ApprovalLink.objects.select_for_update(of=("self",)).select_related("asked_by", "step")
    link = rows.get(pk=link_id)
    if problem := obstacle(link, draft, now=now):
        raise Conflict(problem)
    if answer.sha256.strip().lower() != link.sha256:
        raise Conflict(_("The text has changed since it was shown to you. Read it again."))
    if answer.verdict == Verdict.APPROVED:
        refuse_unpublishable(draft)
    word = Word(answer.verdict, answer.comment, now=now, link=link)
    if answer.verdict == Verdict.APPROVED:
        take_approval(draft, latest_version(draft), [link.step], word)
    else:
        send_back(draft, word)
    link.used_at = now
    link.save(update_fields=["used_at"])
    return draft


def obstacle(link: ApprovalLink, draft: Draft, *, now: datetime) -> str:
    """Why a link cannot be answered any more; "" while it can."""
    if link.used_at:
        return _("This link has been used. Thank you.")
    if link.revoked_at:
        return _("This link has been taken back.")
    if now >= link.expires_at:
        return _("This link has expired. Ask for a new one.")
    if draft.state != DraftState.SUBMITTED or not _is_latest(link, draft):
        return _("The text has changed, or is not waiting any more. Ask for a new link.")
    if not _still_asked(link, draft):
        return _("Whoever asked you may not approve this any more. Ask for a new link.")
    return ""


def _is_latest(link: ApprovalLink, draft: Draft) -> bool:
    latest = latest_version(draft)
    return latest.pk == link.version_id and latest.sha256 == link.sha256


def _still_asked(link: ApprovalLink, draft: Draft) -> bool:
    """Whether the step is open and waits for the person who asked."""
    step = ApprovalStep.objects.get(pk=link.step_id)
    return step.state == StepState.OPEN and link.asked_by_id in Roster.of(draft).answering(step)
