"""Breaking the glass: two people together let a text go out without the steps that are left."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.enums import Permission
from accounts.models import User
from accounts.rules import require
from core.errors import Conflict, Forbidden, Refused
from core.text import clean
from incidents.enums import EntryKind
from incidents.selectors import insiders
from incidents.services import add_task
from notifications.models import Urgency
from responses.enums import DraftState, StepState, Verdict
from responses.models import Draft, Version
from responses.models_policy import BrokenGlass
from responses.selectors import wrote

from .approving import Word, release
from .chain import open_steps
from .drafting import refuse_unpublishable
from .rows import latest_version, lock_draft
from .telling import notice, tell

# The second has to join within this time; then it begins anew.
TOGETHER = timedelta(minutes=30)
# The review is due this long after.
REVIEW_AFTER = timedelta(days=2)


@transaction.atomic
def break_glass(draft_id: int, *, by: User, sha256: str, reason: str, now: datetime) -> BrokenGlass:
    """Say that it has to go out now, for a reason; everybody else who could join in is called.

    Nothing goes out by this alone. Forbidden to whoever wrote it, and to whom the policy does not
    name. Conflict when the text is not what was shown, or when somebody has done it already.
    """
    draft, latest = _waiting(draft_id, by=by, sha256=sha256)
    reason = clean(reason).strip()[:1000]
    if not reason:
        raise Refused(_("Say why it cannot wait for those who were asked."))
    found = BrokenGlass.objects.filter(version=latest).first()
    if found and not _over(found, now):
        raise Conflict(_("%(name)s has done so already. Join in instead.") % {"name": found.first})
    if found:
        found.delete()
    glass = BrokenGlass.objects.create(
        version=latest, sha256=latest.sha256, reason=reason, first=by, first_at=now
    )
    others = [user for user in breakers(draft) if user.pk != by.pk]
    notice(
        others,
        "glass",
        draft=draft,
        key=f"glass.{glass.pk}",
        urgency=Urgency.PAGE,
        now=now,
        person=by.name,
        reason=reason,
    )
    tell(draft, EntryKind.APPROVAL, "glass", actor=by, now=now, reason=reason)
    return glass


@transaction.atomic
def join_glass(draft_id: int, *, by: User, sha256: str, now: datetime) -> Draft:
    """Be the second: it goes out when the undo window is over, and a review becomes a task."""
    draft, latest = _waiting(draft_id, by=by, sha256=sha256)
    glass = BrokenGlass.objects.select_related("first").filter(version=latest).first()
    if glass is None or _over(glass, now):
        raise Conflict(_("Nobody asks for this any more. Begin anew."))
    if glass.first_id == by.pk:
        raise Forbidden(_("It takes two people. Somebody else has to join you."))
    if glass.first_id not in {user.pk for user in breakers(draft)}:
        raise Conflict(_("%(name)s may not do this any more.") % {"name": glass.first})
    refuse_unpublishable(draft)
    steps = open_steps(latest)
    names = [step.name or str(_("an approval")) for step in steps]
    glass.second, glass.second_at, glass.skipped = by, now, names
    glass.save(update_fields=["second", "second_at", "skipped"])
    left = (StepState.OPEN, StepState.WAITING)
    latest.steps.filter(state__in=left).update(state=StepState.SKIPPED, due_at=None)
    tell_all(draft, glass, now=now)
    release(draft, latest, word=Word(Verdict.APPROVED, "", by=by, now=now))
    return draft


def tell_all(draft: Draft, glass: BrokenGlass, *, now: datetime) -> None:
    """Have it reviewed: a task of the incident that stays open until somebody has done it."""
    steps = ", ".join(glass.skipped)
    facts = {"first": str(glass.first), "reason": glass.reason, "step": steps}
    notice(
        list(insiders(draft.incident, permission=Permission.APPROVE)),
        "glass_broken",
        draft=draft,
        key=f"broken.{glass.pk}",
        urgency=Urgency.PAGE,
        now=now,
        person=str(glass.second),
        **facts,
    )
    assert glass.second is not None  # noqa: S101 - for the checker
    add_task(
        draft.incident_id,
        title=_("Review: “%(title)s” went out without %(steps)s")
        % {"title": draft.title, "steps": steps or _("an approval")},
        due_at=now + REVIEW_AFTER,
        by=glass.second,
        now=now,
    )
    tell(draft, EntryKind.APPROVAL, "glass_broken", actor=glass.second, now=now, **facts)


def breakers(draft: Draft) -> list[User]:
    """Who may break the glass for a draft: those its policy names, else all who may approve it."""
    able = insiders(draft.incident, permission=Permission.APPROVE).exclude(pk__in=wrote(draft))
    return list(able.filter(pk__in=draft.glass) if draft.glass else able)


def standing(version: Version, now: datetime) -> BrokenGlass | None:
    """The glass that somebody has begun to break, or that is broken."""
    found = BrokenGlass.objects.select_related("first", "second").filter(version=version).first()
    return None if found is None or _over(found, now) else found


def _over(glass: BrokenGlass, now: datetime) -> bool:
    return glass.second_id is None and now - glass.first_at > TOGETHER


def _waiting(draft_id: int, *, by: User, sha256: str) -> tuple[Draft, Version]:
    """The locked draft that waits for an approval, and what was shown of it."""
    draft = lock_draft(draft_id)
    require(by, Permission.APPROVE, draft.incident.brand_id)
    if by.pk in wrote(draft):
        raise Forbidden(_("You wrote or changed this draft. Somebody else has to approve it."))
    if by.pk not in {user.pk for user in breakers(draft)}:
        raise Forbidden(_("The policy names others for this."))
    if draft.state != DraftState.SUBMITTED:
        raise Conflict(_("This draft is not waiting for an approval any more."))
    latest = latest_version(draft)
    if latest.sha256 != sha256.strip().lower():
        raise Conflict(_("The text has changed since it was shown to you. Read it again."))
    return draft, latest
