"""Other people's eyes: each one's word on exactly the bytes that they were shown."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.enums import Permission
from accounts.models import User
from accounts.rules import require
from connectors.models import ConnectedAccount
from core.errors import Conflict, Forbidden, Refused
from core.text import clean
from incidents.enums import EntryKind
from incidents.selectors import insiders
from notifications.models import Urgency
from responses.chain import Roster, policy_for
from responses.enums import Act, DraftState, PublicationState, Verdict
from responses.models import Approval, Draft, Publication, Version
from responses.models_policy import ApprovalLink, ApprovalStep
from responses.plan import holding, order
from responses.selectors import wrote
from responses.states import GONE

from .chain import advance, close, cover, open_steps, reopen
from .drafting import SHOWN, refuse_unpublishable
from .rows import (
    latest_version,
    left_unsaid,
    lock_draft,
    move_draft,
    publications,
    refuse_closed,
    thread_of,
)
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
    """Approve the text whose digest was shown, for every step that waits for this person.

    After the last step it leaves when the undo window is over. Forbidden to whoever wrote or
    changed any version of it, and to whom it does not wait for. Conflict when the text, or with
    `version` where it goes, is no longer what was shown. Approving twice is approving once.
    """
    draft = lock_draft(draft_id)
    _require_second_pair_of_eyes(draft, by)
    refuse_closed(draft)
    latest = _shown(draft, sha256, version)
    mine = latest.approvals.filter(approver=by, verdict=Verdict.APPROVED)
    if draft.state == DraftState.APPROVED:
        if mine.exists():
            return draft
        raise Conflict(_("Somebody else has just approved it."))
    _refuse_not_waiting(draft)
    _refuse_ended(draft, latest, now=now)
    refuse_unpublishable(draft)
    steps = steps_for(draft, latest, by)
    if not steps and mine.exists():
        return draft
    if not steps:
        raise Forbidden(_not_asked(latest))
    word = Word(Verdict.APPROVED, comment, by=by, now=now)
    take_approval(draft, latest, steps, word)
    return draft


@dataclass(frozen=True)
class Word:
    """What somebody says of a version: a person of the desk, or somebody outside by a link."""

    verdict: Verdict
    comment: str
    now: datetime
    by: User | None = None
    link: ApprovalLink | None = None

    @property
    def name(self) -> str:
        return str(self.link or self.by)


def _shown(draft: Draft, sha256: str, version: int | None) -> Version:
    """The latest version, if it is what the person was shown."""
    latest = latest_version(draft)
    if latest.sha256 != sha256.strip().lower() or version not in {None, draft.version}:
        raise Conflict(_("The text has changed since it was shown to you. Read it again."))
    return latest


def steps_for(draft: Draft, version: Version, user: User) -> list[ApprovalStep]:
    """The open steps that this person may answer and has not."""
    roster = Roster.of(draft)
    mine = [step for step in open_steps(version) if user.pk in roster.answering(step)]
    said = version.approvals.filter(approver=user, verdict=Verdict.APPROVED, covers__step__in=mine)
    done = set(said.values_list("covers__step", flat=True))
    return [step for step in mine if step.pk not in done]


def _not_asked(version: Version) -> str:
    names = [step.name for step in open_steps(version) if step.name]
    if not names:
        return _("This draft does not wait for you.")
    return _("This draft does not wait for you. It waits for: %(steps)s.") % {
        "steps": ", ".join(names)
    }


def take_approval(draft: Draft, version: Version, steps: list[ApprovalStep], word: Word) -> None:
    """Count a word for these steps and go on from there. Expects the draft's lock."""
    approval = _give_verdict(version, word, steps)
    for step in steps:
        cover(step, [approval], now=word.now)
    params = {"name": word.name, "step": ", ".join(step.name for step in steps if step.name)}
    if advance(draft, version, now=word.now):
        release(draft, version, word=word, **params)
        return
    tell(
        draft,
        EntryKind.APPROVAL,
        "step_approved",
        actor=word.by,
        now=word.now,
        sha256=version.sha256,
        **params,
    )


def release(draft: Draft, version: Version, *, word: Word, **params: Any) -> None:
    """Every step is done: let it out when the undo window is over. Expects the lock."""
    move_draft(draft, DraftState.APPROVED, approved_at=word.now)
    count = _queue_publications(draft, version, now=word.now)
    _tell_author(draft, "approved", word)
    _tell_held(draft, now=word.now)
    tell(
        draft,
        EntryKind.APPROVAL,
        "approved_outside" if word.link else "approved",
        actor=word.by,
        now=word.now,
        count=count,
        sha256=version.sha256,
        **(params if word.link else {}),
    )


def _require_second_pair_of_eyes(draft: Draft, by: User) -> None:
    require(by, Permission.APPROVE, draft.incident.brand_id)
    if by.pk in wrote(draft):
        raise Forbidden(_("You wrote or changed this draft. Somebody else has to approve it."))


def _refuse_not_waiting(draft: Draft) -> None:
    if draft.state != DraftState.SUBMITTED:
        raise Conflict(_("This draft is not waiting for an approval any more."))


def _refuse_ended(draft: Draft, version: Version, *, now: datetime) -> None:
    """What was asked the short way, as a holding statement, is not approved once that is over."""
    use = holding.use_of(draft)
    if use is None or use.sha256 != version.sha256 or draft.policy_name:
        return
    if not holding.pre_approved(draft, version, now=now) and policy_for(draft, version):
        raise Conflict(
            _(
                "The holding statement behind it has ended or changed. Send it back: handed in"
                " again it takes the usual way."
            )
        )


def _ends(version: Version, lasts: int, *, now: datetime) -> datetime | None:
    """When an approval given now is over: by its policy, or with the holding statement behind."""
    use = holding.pre_approved(version.draft, version, now=now)
    ends = [now + timedelta(seconds=lasts)] if lasts else []
    if use and use.version.expires_at:
        ends.append(use.version.expires_at)
    return min(ends, default=None)


def _give_verdict(version: Version, word: Word, steps: list[ApprovalStep]) -> Approval:
    lasts = min((step.lasts for step in steps if step.lasts), default=0)
    values = {
        "verdict": word.verdict,
        "sha256": version.sha256,
        "comment": clean(word.comment).strip()[:2000],
        "at": word.now,
        "expires_at": _ends(version, lasts, now=word.now),
    }
    if word.link:
        return Approval.objects.create(version=version, link=word.link, **values)
    given, _new = Approval.objects.update_or_create(
        version=version, approver=word.by, defaults=values
    )
    return given


def _queue_publications(draft: Draft, version: Version, *, now: datetime) -> int:
    """One outbox row for each account that the draft has not gone out through yet, and for each
    part of its thread there; a thread that has begun goes on. Returns how many accounts.

    An answer to people is sent by whoever uses it, to each when it fits them.
    """
    if draft.act == Act.ANSWER:
        return draft.accounts.count()
    taken = publications(draft).filter(state__in=GONE).values("account")
    accounts = list(draft.accounts.exclude(pk__in=taken))
    wanted = [(account, part) for account in accounts for part in _parts(draft, version, account)]
    rest = left_unsaid(version).select_related("account")
    wanted += [(each.account, each.part) for each in rest]
    for account, part in wanted:
        _queue(version, account, part, publish_at=now + UNDO_WINDOW, now=now)
    return len({account.pk for account, _part in wanted})


def _parts(draft: Draft, version: Version, account: ConnectedAccount) -> list[int]:
    """Which parts go out: all of a new thread, and of a removal those that stand there."""
    if draft.act == Act.DELETE and draft.amends:
        standing = thread_of(draft.amends).filter(state=PublicationState.SENT, gone_at=None)
        return list(standing.values_list("part", flat=True)) or [draft.amends.part]
    return list(range(1, max(1, len(version.parts_for(account.pk))) + 1))


def _queue(
    version: Version, account: ConnectedAccount, part: int, *, publish_at: datetime, now: datetime
) -> None:
    """Queue, or take up again the row of an approval that was undone: its key stays the same."""
    due = {"state": PublicationState.QUEUED, "publish_at": publish_at, "error": ""}
    Publication.objects.update_or_create(
        version=version,
        account=account,
        part=part,
        defaults=due,
        create_defaults={
            **due,
            "sha256": version.sha256,
            "idempotency_key": _key(version, account, part),
            # A later part answers the one before, whose id is known when it is out.
            "reply_to": str(version.draft.reply_to.get("external_id", "")) if part == 1 else "",
            "created_at": now,
        },
    )


def _key(version: Version, account: ConnectedAccount, part: int) -> str:
    key = f"cd-{version.pk}-{account.pk}-{version.sha256[:16]}"
    return key if part == 1 else f"{key}-{part}"


def _tell_held(draft: Draft, *, now: datetime) -> None:
    """Approved and still not going out: whoever can do something about it knows at once."""
    waits = order.holding(draft)
    if not waits:
        return
    able = list(insiders(draft.incident, permission=Permission.PUBLISH))
    notice(
        [draft.author, *(each for each in able if each.pk != draft.author_id)],
        "held",
        draft=draft,
        key=f"held.{draft.version}.{now:%Y%m%d%H%M%S}",
        urgency=Urgency.PAGE,
        now=now,
        untold=[each.value for each in waits],
    )


def _tell_author(draft: Draft, kind: str, word: Word) -> None:
    notice(
        [draft.author],
        kind,
        draft=draft,
        key=f"{kind}.{draft.version}.{word.now:%Y%m%d%H%M%S}",
        urgency=Urgency.PAGE if kind == "changes_wanted" else Urgency.NEWS,
        now=word.now,
        person=word.name,
        comment=word.comment,
    )


@transaction.atomic
def undo_approval(draft_id: int, *, by: User, now: datetime) -> Draft:
    """Take one's own approval back within the undo window; the draft waits for one again."""
    draft = lock_draft(draft_id)
    latest = latest_version(draft)
    mine = latest.approvals.filter(approver=by, verdict=Verdict.APPROVED)
    if draft.state not in SHOWN or not mine.exists():
        raise Conflict(_("There is no approval of yours to take back."))
    if draft.state == DraftState.APPROVED:
        _call_back_in_time(draft, now)
    elif not mine.filter(at__gt=now - UNDO_WINDOW).exists():
        raise Conflict(_("It is too late to take it back. Ask for changes instead."))
    mine.delete()
    reopen(latest, now=now)
    move_draft(draft, DraftState.SUBMITTED, approved_at=None)
    tell(draft, EntryKind.APPROVAL, "undone", actor=by, now=now)
    return draft


def _call_back_in_time(draft: Draft, now: datetime) -> None:
    """Cancel what is queued; Conflict once any of it may have left."""
    if draft.act == Act.ANSWER:
        if draft.approved_at is None or draft.approved_at + UNDO_WINDOW <= now:
            raise Conflict(_("It is too late: the text is in use."))
        return
    held = publications(draft).filter(state=PublicationState.QUEUED, attempts=0)
    ours = publications(draft).filter(version__number=draft.version)
    left = ours.exclude(state=PublicationState.CANCELLED).exclude(pk__in=held.values("pk"))
    if left.exists() or not held.filter(publish_at__gt=now).exists():
        raise Conflict(_("It is too late: the text is on its way."))
    held.update(state=PublicationState.CANCELLED)


@transaction.atomic
def ask_changes(draft_id: int, *, by: User, comment: str, now: datetime) -> Draft:
    """Send the draft back to its author with what should be changed."""
    draft = lock_draft(draft_id)
    _require_second_pair_of_eyes(draft, by)
    refuse_closed(draft)
    _refuse_not_waiting(draft)
    send_back(draft, Word(Verdict.CHANGES, comment, by=by, now=now))
    return draft


def send_back(draft: Draft, word: Word) -> None:
    """Let a word of one end the asking of all. Expects the lock."""
    if not clean(word.comment).strip():
        raise Refused(_("Say what should be changed."))
    word = replace(word, comment=clean(word.comment).strip())
    _give_verdict(latest_version(draft), word, [])
    close(draft)
    move_draft(draft, DraftState.CHANGES, submitted_at=None)
    _tell_author(draft, "changes_wanted", word)
    code = "changes_outside" if word.link else "changes_wanted"
    more = {"name": word.name} if word.link else {}
    tell(draft, EntryKind.APPROVAL, code, actor=word.by, now=word.now, comment=word.comment, **more)
