"""The second pair of eyes: one person's word on exactly the bytes that they were shown."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.enums import Permission
from accounts.models import User
from accounts.rules import require
from connectors.models import ConnectedAccount
from core.errors import Conflict, Forbidden, Refused
from core.text import clean
from incidents.enums import EntryKind
from notifications.models import Urgency
from responses.enums import DraftState, PublicationState, Verdict
from responses.models import Approval, Draft, Publication, Version
from responses.selectors import wrote
from responses.states import GONE

from .drafting import refuse_unpublishable
from .rows import latest_version, lock_draft, move_draft, publications, refuse_closed
from .telling import notice, tell

# The time in which an approval can be taken back: the engine sends nothing before it is over.
UNDO_WINDOW = timedelta(seconds=10)


@transaction.atomic
def approve(
    draft_id: int,
    *,
    by: User,
    sha256: str,
    now: datetime,
    version: int | None = None,
    comment: str = "",
) -> Draft:
    """Approve the text whose digest was shown; it leaves when the undo window is over.

    Forbidden to whoever wrote or changed any version of it. Conflict when the text, or with
    `version` where it goes, is no longer what was shown. Approving twice is approving once.
    """
    draft = lock_draft(draft_id)
    _require_second_pair_of_eyes(draft, by)
    refuse_closed(draft)
    latest = latest_version(draft)
    if latest.sha256 != sha256.strip().lower() or version not in {None, draft.version}:
        raise Conflict(_("The text has changed since it was shown to you. Read it again."))
    if draft.state == DraftState.APPROVED:
        if latest.approvals.filter(approver=by, verdict=Verdict.APPROVED).exists():
            return draft
        raise Conflict(_("Somebody else has just approved it."))
    _refuse_not_waiting(draft)
    refuse_unpublishable(draft)
    _give_verdict(latest, by=by, verdict=Verdict.APPROVED, comment=comment, now=now)
    move_draft(draft, DraftState.APPROVED, approved_at=now)
    count = _queue_publications(draft, latest, now=now)
    _tell_author(draft, "approved", by=by, comment=comment, now=now)
    tell(draft, EntryKind.APPROVAL, "approved", actor=by, now=now, count=count, sha256=sha256)
    return draft


def _require_second_pair_of_eyes(draft: Draft, by: User) -> None:
    require(by, Permission.APPROVE, draft.incident.brand_id)
    if by.pk in wrote(draft):
        raise Forbidden(_("You wrote or changed this draft. Somebody else has to approve it."))


def _refuse_not_waiting(draft: Draft) -> None:
    if draft.state != DraftState.SUBMITTED:
        raise Conflict(_("This draft is not waiting for an approval any more."))


def _give_verdict(
    version: Version, *, by: User, verdict: Verdict, comment: str, now: datetime
) -> None:
    Approval.objects.update_or_create(
        version=version,
        approver=by,
        defaults={
            "verdict": verdict,
            "sha256": version.sha256,
            "comment": clean(comment).strip()[:2000],
            "at": now,
        },
    )


def _queue_publications(draft: Draft, version: Version, *, now: datetime) -> int:
    """One outbox row for each account that the draft has not gone out through yet."""
    taken = publications(draft).filter(state__in=GONE).values("account")
    accounts = list(draft.accounts.exclude(pk__in=taken))
    for account in accounts:
        _queue(version, account, publish_at=now + UNDO_WINDOW, now=now)
    return len(accounts)


def _queue(
    version: Version, account: ConnectedAccount, *, publish_at: datetime, now: datetime
) -> None:
    """Queue, or take up again the row of an approval that was undone: its key stays the same."""
    due = {"state": PublicationState.QUEUED, "publish_at": publish_at, "error": ""}
    Publication.objects.update_or_create(
        version=version,
        account=account,
        defaults=due,
        create_defaults={
            **due,
            "sha256": version.sha256,
            "idempotency_key": f"cd-{version.pk}-{account.pk}-{version.sha256[:16]}",
            "reply_to": str(version.draft.reply_to.get("external_id", "")),
            "created_at": now,
        },
    )


def _tell_author(draft: Draft, kind: str, *, by: User, comment: str, now: datetime) -> None:
    notice(
        [draft.author],
        kind,
        draft=draft,
        key=f"{kind}.{draft.version}.{now:%Y%m%d%H%M%S}",
        urgency=Urgency.PAGE if kind == "changes_wanted" else Urgency.NEWS,
        now=now,
        person=by.name,
        comment=comment,
    )


@transaction.atomic
def undo_approval(draft_id: int, *, by: User, now: datetime) -> Draft:
    """Take one's own approval back within the undo window; the draft waits for one again."""
    draft = lock_draft(draft_id)
    mine = Approval.objects.filter(
        version=latest_version(draft), approver=by, verdict=Verdict.APPROVED
    )
    if draft.state != DraftState.APPROVED or not mine.exists():
        raise Conflict(_("There is no approval of yours to take back."))
    held = publications(draft).filter(state=PublicationState.QUEUED, attempts=0)
    ours = publications(draft).filter(version__number=draft.version)
    left = ours.exclude(state=PublicationState.CANCELLED).exclude(pk__in=held.values("pk"))
    if left.exists() or not held.filter(publish_at__gt=now).exists():
        raise Conflict(_("It is too late: the text is on its way."))
    held.update(state=PublicationState.CANCELLED)
    mine.delete()
    move_draft(draft, DraftState.SUBMITTED, approved_at=None)
    tell(draft, EntryKind.APPROVAL, "undone", actor=by, now=now)
    return draft


@transaction.atomic
def ask_changes(draft_id: int, *, by: User, comment: str, now: datetime) -> Draft:
    """Send the draft back to its author with what should be changed."""
    draft = lock_draft(draft_id)
    _require_second_pair_of_eyes(draft, by)
    refuse_closed(draft)
    _refuse_not_waiting(draft)
    comment = clean(comment).strip()
    if not comment:
        raise Refused(_("Say what should be changed."))
    latest = latest_version(draft)
    _give_verdict(latest, by=by, verdict=Verdict.CHANGES, comment=comment, now=now)
    move_draft(draft, DraftState.CHANGES, submitted_at=None)
    _tell_author(draft, "changes_wanted", by=by, comment=comment, now=now)
    tell(draft, EntryKind.APPROVAL, "changes_wanted", actor=by, now=now, comment=comment)
    return draft
