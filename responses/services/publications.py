"""What became of a publication: recorded by the engine, settled by a person.

Each function locks the draft first (rows.py). The engine's own take the attempt that they speak
of and change nothing when the row has moved on: a late answer never overwrites a later truth.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.enums import Permission
from accounts.models import User
from accounts.rules import require
from connectors.base import Receipt
from core.errors import Conflict, Refused
from core.text import clean
from incidents.enums import EntryKind
from incidents.selectors import insiders
from incidents.services import mark_responded
from notifications.models import Urgency
from responses.chain import current
from responses.enums import Act, DraftState, PublicationState
from responses.models import Draft, Publication, Version
from responses.models_policy import BrokenGlass, StepApproval
from responses.selectors import standing_approvals
from responses.states import GONE, HELD, UNDONE

from . import chain
from .rows import lock_draft, move_draft, publications, thread_of
from .telling import notice, refresh, tell

# Seconds to wait after each attempt that surely sent nothing; then it is left to a person.
RETRY_DELAYS = (2, 5, 15, 60, 180)
# A network that asks us to stay away longer than this is a matter for a person.
LONGEST_WAIT = 3600
# How soon it is seen that those who come first have been told.
LOOK_WHO_IS_TOLD = timedelta(seconds=3)
# Seconds after the sending at which what may be out is looked for; then only a person knows.
LOOKS = (30, 120, 600, 3600)


def lock_publication(publication_id: int) -> tuple[Draft, Publication]:
    """Lock the draft, then the row; both as they are now."""
    draft_id = Publication.objects.values_list("version__draft_id", flat=True).get(
        pk=publication_id
    )
    draft = lock_draft(draft_id)
    rows = Publication.objects.select_for_update(no_key=True, of=("self",))
    return draft, rows.select_related("account", "version").get(pk=publication_id)


def _lock_attempt(
    publication_id: int, attempt: int, *states: PublicationState
) -> tuple[Draft, Publication] | None:
    """The locked rows if this attempt is still the latest and in one of `states`."""
    draft, publication = lock_publication(publication_id)
    if publication.attempts != attempt or publication.state not in states:
        return None
    return draft, publication


def _move(publication: Publication, state: PublicationState, **fields: object) -> None:
    publication.state = state
    for name, value in fields.items():
        setattr(publication, name, value)
    publication.save(update_fields=["state", *fields])


def _tell(
    draft: Draft,
    publication: Publication,
    code: str,
    *,
    now: datetime,
    actor: User | None = None,
    **params: object,
) -> None:
    facts = {"account": publication.account.name, "version": publication.version.number}
    if thread := publication.thread:
        facts |= {"part": publication.part, "parts": len(thread)}
    tell(draft, EntryKind.PUBLICATION, code, actor=actor, now=now, **facts, **params)


def _notice(
    draft: Draft, publication: Publication, kind: str, *, people: list[User], now: datetime
) -> None:
    notice(
        people,
        kind,
        draft=draft,
        key=f"{kind}.{publication.pk}.{publication.attempts}",
        urgency=Urgency.NEWS if kind == "sent" else Urgency.PAGE,
        now=now,
        account=publication.account.name,
    )


def _publishers(draft: Draft) -> list[User]:
    """The author and everyone who may settle what the machine must not."""
    able = list(insiders(draft.incident, permission=Permission.PUBLISH))
    return [draft.author, *(each for each in able if each.pk != draft.author_id)]


def _follow(draft: Draft) -> None:
    """Let the draft's state follow from what became of its publications."""
    if draft.state != DraftState.APPROVED:
        return
    rows = publications(draft).exclude(state=PublicationState.CANCELLED)
    states = set(rows.values_list("state", flat=True))
    if states == {PublicationState.SENT}:
        move_draft(draft, DraftState.PUBLISHED)
    elif not states:
        move_draft(draft, DraftState.WRITING, submitted_at=None, approved_at=None)


# By the engine


@transaction.atomic
def record_sent(publication_id: int, attempt: int, receipt: Receipt, *, now: datetime) -> bool:
    """It is out, with proof. Also settles what was unsure: a late proof is welcome."""
    locked = _lock_attempt(
        publication_id, attempt, PublicationState.SENDING, PublicationState.UNCERTAIN
    )
    if locked:
        _sent(*locked, receipt=receipt, by=None, now=now)
    return locked is not None


def _sent(
    draft: Draft, publication: Publication, *, receipt: Receipt, by: User | None, now: datetime
) -> None:
    at = publication.sending_since or now
    _move(
        publication,
        PublicationState.SENT,
        sent_at=now if by is None else at,
        external_id=clean(receipt.external_id),
        url=clean(receipt.url),
        error="",
        look_at=None,
    )
    _follow(draft)
    # The part behind it has waited for it.
    rest = thread_of(publication).filter(state__in=UNDONE)
    rest.filter(state=PublicationState.QUEUED, publish_at__lt=now).update(publish_at=now)
    if not rest.exists():
        _notice(draft, publication, "sent", people=[draft.author], now=now)
    if draft.act == Act.POST:
        mark_responded(
            draft.incident_id,
            at=publication.sent_at or now,
            channel=publication.account.network,
            text=publication.text,
            url=publication.url,
            key=f"publication.{publication.pk}",
        )
    else:
        _amend(draft, publication)
    code = {Act.EDIT: "edited", Act.DELETE: "removed"}.get(Act(draft.act), "sent")
    _tell(draft, publication, "settled_sent" if by else code, actor=by, now=now, url=receipt.url)


def _amend(draft: Draft, publication: Publication) -> None:
    """Note on the first publication what stands there now. Its own draft is over: no lock."""
    assert draft.amends_id  # noqa: S101 - for the checker: only such drafts get here
    if draft.act == Act.DELETE:
        target(draft, publication).update(gone_at=publication.sent_at)
    else:
        rows = Publication.objects.filter(pk=draft.amends_id)
        rows.update(edited_at=publication.sent_at, edited_to=publication.version)


def target(draft: Draft, publication: Publication) -> QuerySet[Publication]:
    """What an edit or a removal is about: of a thread that is taken down, the same part."""
    if draft.amends is None:
        return Publication.objects.none()
    if draft.act == Act.DELETE:
        return thread_of(draft.amends).filter(part=publication.part)
    return Publication.objects.filter(pk=draft.amends.pk)


@transaction.atomic
def record_failed(publication_id: int, attempt: int, error: str, *, now: datetime) -> bool:
    """Refused for good: shown, with what to do."""
    locked = _lock_attempt(publication_id, attempt, PublicationState.SENDING)
    if locked:
        fail(*locked, error=error, now=now)
    return locked is not None


def fail(draft: Draft, publication: Publication, *, error: str, now: datetime) -> None:
    """Expects both locks. `error` is the network's words or a code of problems.py."""
    _move(publication, PublicationState.FAILED, error=clean(error)[:500], look_at=None)
    _notice(draft, publication, "failed", people=[draft.author], now=now)
    _tell(draft, publication, "failed", now=now, error=publication.error)


@transaction.atomic
def record_not_sent(
    publication_id: int,
    attempt: int,
    error: str,
    *,
    now: datetime,
    wait: float | None = None,
) -> bool:
    """Surely nothing left the house: queue it again, unless the approval fell or it is enough.

    `wait` is what the network asked for, in seconds.
    """
    locked = _lock_attempt(publication_id, attempt, PublicationState.SENDING)
    if not locked:
        return False
    draft, publication = locked
    # Attempts are never counted anew, because they name the attempt: a person who says "again"
    # starts the next round of delays.
    tries = attempt % (len(RETRY_DELAYS) + 1)
    if not tries or (wait or 0) > LONGEST_WAIT:
        fail(draft, publication, error=error, now=now)
        return True
    due = now + timedelta(seconds=max(RETRY_DELAYS[tries - 1], wait or 0))
    if is_covered(draft, publication):
        _move(publication, PublicationState.QUEUED, publish_at=due, error=clean(error)[:500])
    else:
        _move(publication, PublicationState.CANCELLED, error="approval_fell")
    refresh(draft)
    return True


@transaction.atomic
def record_uncertain(publication_id: int, attempt: int, error: str, *, now: datetime) -> bool:
    """Nobody knows: shown to everyone who may settle it, and looked for a few more times."""
    locked = _lock_attempt(publication_id, attempt, PublicationState.SENDING)
    if not locked:
        return False
    draft, publication = locked
    _move(
        publication,
        PublicationState.UNCERTAIN,
        error=clean(error)[:500],
        look_at=_next_look(publication, now),
    )
    _notice(draft, publication, "uncertain", people=_publishers(draft), now=now)
    _tell(draft, publication, "uncertain", now=now)
    return True


@transaction.atomic
def record_look(publication_id: int, attempt: int, *, now: datetime, found: bool | None) -> bool:
    """It was looked for again without proof. `found` is None where the network cannot tell."""
    locked = _lock_attempt(publication_id, attempt, PublicationState.UNCERTAIN)
    if not locked:
        return False
    draft, publication = locked
    fields: dict[str, object] = {"look_at": _next_look(publication, now)}
    if found is False:
        fields["error"] = "not_there"
    _move(publication, PublicationState.UNCERTAIN, **fields)
    refresh(draft)
    return True


def _next_look(publication: Publication, now: datetime) -> datetime | None:
    start = publication.sending_since or now
    looks = (start + timedelta(seconds=each) for each in LOOKS)
    return next((each for each in looks if each > now), None)


def is_covered(draft: Draft, publication: Publication) -> bool:
    """Whether the draft is approved as it stands, and these are its bytes. Expects the lock."""
    version = publication.version
    return (
        draft.state == DraftState.APPROVED
        and version.number == draft.version
        and publication.sha256 == version.sha256
        and is_approved(version, draft.incident.brand_id)
    )


def is_approved(version: Version, brand_id: int) -> bool:
    """Whether every step stands as it was approved, or two people broke the glass."""
    if BrokenGlass.objects.filter(
        version=version, sha256=version.sha256, second__isnull=False
    ).exists():
        return True
    standing = set(standing_approvals(version, brand_id).values_list("pk", flat=True))
    if not standing:
        return False
    given: dict[int, set[int]] = {}
    covers = StepApproval.objects.filter(step__version=version, approval__in=standing)
    for step_id, approval_id in covers.values_list("step", "approval"):
        given.setdefault(step_id, set()).add(approval_id)
    return all(
        step.needed is not None and len(given.get(step.pk, ())) >= step.needed
        for step in current(version)
    )


def hold(draft: Draft, publication: Publication, *, now: datetime) -> None:
    """Look again soon: those who come before the public have not been told. Expects the locks."""
    changed = publication.error != "untold"
    _move(publication, PublicationState.QUEUED, publish_at=now + LOOK_WHO_IS_TOLD, error="untold")
    if changed:
        refresh(draft)


def approval_fell(draft: Draft, publication: Publication, *, now: datetime) -> None:
    """Call it back because nobody who may approve has approved it any more. Expects the locks."""
    _move(publication, PublicationState.CANCELLED, error="approval_fell")
    if draft.state != DraftState.APPROVED:
        refresh(draft)
        return
    call_back = publications(draft).filter(state=PublicationState.QUEUED)
    call_back.update(state=PublicationState.CANCELLED, error="approval_fell")
    ask_again(draft, now=now)


def ask_again(draft: Draft, *, now: datetime, code: str = "fell") -> None:
    """Have an approved draft wait anew for the steps whose approval no longer stands."""
    version = draft.versions.get(number=draft.version)
    move_draft(draft, DraftState.SUBMITTED, approved_at=None)
    chain.drop_fallen(draft, version, now=now)
    chain.advance(draft, version, now=now)
    tell(draft, EntryKind.APPROVAL, code, actor=None, now=now)


# By a person


@transaction.atomic
def settle(
    publication_id: int, outcome: str, *, by: User, now: datetime, url: str = ""
) -> Publication:
    """Say what became of an uncertain publication: `outcome` is "sent" or "failed".

    `url` is where it can be seen, if it is out. Conflict when it is no longer uncertain.
    """
    draft, publication = lock_publication(publication_id)
    require(by, Permission.PUBLISH, draft.incident.brand_id)
    if publication.state != PublicationState.UNCERTAIN:
        raise Conflict(_("This is already settled."))
    if outcome == "sent":
        _sent(draft, publication, receipt=Receipt("", url=url[:2000]), by=by, now=now)
    elif outcome == "failed":
        _move(publication, PublicationState.FAILED, error="said_not_out", look_at=None)
        _tell(draft, publication, "settled_failed", actor=by, now=now)
    else:
        raise Refused(_("Say whether it is out or not."))
    return publication


@transaction.atomic
def retry(publication_id: int, *, by: User, now: datetime) -> Publication:
    """Send a failed publication again. Conflict when its approval no longer stands."""
    draft, publication = lock_publication(publication_id)
    require(by, Permission.PUBLISH, draft.incident.brand_id)
    if publication.state != PublicationState.FAILED:
        raise Conflict(_("Only what failed can be sent again."))
    if not is_covered(draft, publication):
        raise Conflict(_("The text has changed since. It needs a new approval first."))
    if not publication.account.is_active:
        raise Refused(
            _("The account %(account)s is switched off.") % {"account": publication.account.name}
        )
    _move(publication, PublicationState.QUEUED, publish_at=now, error="")
    _tell(draft, publication, "retried", actor=by, now=now)
    return publication


@transaction.atomic
def withdraw(publication_id: int, *, by: User, now: datetime) -> Publication:
    """Keep a queued or failed publication from going out through its account; of a thread, what
    would come behind it too."""
    draft, publication = lock_publication(publication_id)
    require(by, Permission.PUBLISH, draft.incident.brand_id)
    if publication.state in GONE:
        raise Conflict(_("It is out, or on its way."))
    if publication.state == PublicationState.CANCELLED:
        return publication
    _move(publication, PublicationState.CANCELLED, error="")
    if draft.act == Act.POST:
        rest = thread_of(publication).filter(part__gt=publication.part, state__in=HELD)
        rest.update(state=PublicationState.CANCELLED, error="")
    _follow(draft)
    _tell(draft, publication, "withdrawn", actor=by, now=now)
    return publication
