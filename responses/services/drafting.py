"""Writing: a draft, its versions, where it shall go, and asking for an approval."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from accounts.enums import Permission
from accounts.models import User
from accounts.rules import require
from connectors.base import Can
from connectors.models import ConnectedAccount
from connectors.registry import NETWORKS
from core.errors import Conflict, Refused
from incidents.enums import EntryKind
from incidents.models import Incident
from responses import parting, people, splitting, texts, variables
from responses.enums import Act, DraftState, Risk
from responses.models import Draft, Version
from responses.selectors import offered
from responses.states import GONE

from . import chain, media
from .checking import refuse_leaning
from .rows import (
    call_back,
    latest_version,
    left_unsaid,
    lock_draft,
    move_draft,
    publications,
    refuse_closed,
)
from .telling import refresh, tell

# The states in which somebody has, or had, the draft before them for approval.
SHOWN = (DraftState.SUBMITTED, DraftState.APPROVED)


@transaction.atomic
def create_draft(  # noqa: PLR0913 - what a draft is made of
    incident_id: int,
    *,
    title: str,
    text: str,
    by: User,
    now: datetime,
    account_ids: Collection[int] = (),
    reply_to: dict[str, Any] | None = None,
    shows: Version | None = None,
    thread: bool = False,
    parts: str | None = None,
) -> Draft:
    """Begin a draft with its first version; it gets the incident's next number.

    `reply_to` is `{"id", "published_at", "external_id", "author", "text"}` of the mention that is
    answered; it cannot be changed later. `shows` is a version whose images it begins with; `thread`
    parts it where a network takes less, `parts` are threads that are known already, as a version
    keeps them. Refuses an empty or too long text, and accounts that are not the brand's own.
    """
    incident = (
        Incident.objects.select_for_update(no_key=True, of=("self",))
        .select_related("brand")
        .get(pk=incident_id)
    )
    require(by, Permission.DRAFT, incident.brand_id)
    latest = incident.drafts.aggregate(latest=Max("number"))["latest"] or 0
    draft = Draft.objects.create(
        incident=incident,
        number=latest + 1,
        title=_checked_title(title),
        author=by,
        reply_to=reply_to or {},
        thread=thread,
        created_at=now,
    )
    draft.accounts.set(_checked_accounts(draft, account_ids))
    copied = media.copy_images(shows, draft) if shows else ""
    _write_version(draft, _checked_text(text), media=copied, parts=parts, by=by, now=now)
    tell(draft, EntryKind.DRAFT, "created", actor=by, now=now)
    return draft


@transaction.atomic
def edit_draft(  # noqa: PLR0913 - what can be changed in one save
    draft_id: int,
    *,
    text: str,
    base_version: int,
    by: User,
    now: datetime,
    title: str | None = None,
    account_ids: Collection[int] | None = None,
    images: Sequence[tuple[str, str]] | None = None,
    thread: bool | None = None,
) -> Draft:
    """Save what was typed on top of `base_version`, the version that was shown.

    `images` are (digest, alt text) in their order; None leaves them as they are, as it does
    `thread`, whether it is parted where it is too long. A new text, other images, another alt text
    or other parts make a new version. So do other accounts once the draft has been
    shown for approval: an approval is of a version, and the approver saw where it would go. Either
    sends a submitted or approved draft back to writing and calls back what has not left. Conflict,
    with nothing written, when somebody else saved meanwhile; the caller still holds what was typed.
    """
    draft = lock_draft(draft_id)
    require(by, Permission.DRAFT, draft.incident.brand_id)
    refuse_closed(draft)
    text = _checked_text(text)
    if base_version != draft.version:
        raise Conflict(
            _("Somebody else saved version %(version)d while you were writing.")
            % {"version": draft.version}
        )
    title = draft.title if title is None else _checked_title(title)
    if title != draft.title:
        draft.title = title
        draft.save(update_fields=["title"])
    moved = account_ids is not None and set(account_ids) != _chosen(draft)
    _refuse_changing_what_it_does(draft, text, moved=moved)
    if account_ids is not None and moved:
        draft.accounts.set(_checked_accounts(draft, account_ids))
    latest = latest_version(draft)
    shows = latest.media if images is None else media.placed(draft, images)
    parted = _turn_thread(draft, thread) or (moved and draft.thread)
    changed = parted or (latest.written, latest.media) != (text, shows)
    if changed or (moved and draft.state in SHOWN):
        _add_version(draft, text, media=shows, by=by, now=now)
    else:
        refresh(draft)
    return draft


def _turn_thread(draft: Draft, thread: bool | None) -> bool:
    """Have it parted, or not any more; whether that is a change."""
    if thread is None or thread == draft.thread:
        return False
    if draft.act != Act.POST:
        raise Refused(_("Only a new text can go out as a thread."))
    draft.thread = thread
    draft.save(update_fields=["thread"])
    return True


@transaction.atomic
def set_accounts(draft_id: int, *, account_ids: Collection[int], by: User, now: datetime) -> Draft:
    """Choose where the draft goes out. Once shown for approval, this needs a new approval too."""
    draft = lock_draft(draft_id)
    return edit_draft(
        draft_id,
        text=latest_version(draft).written,
        base_version=draft.version,
        account_ids=account_ids,
        by=by,
        now=now,
    )


def _add_version(draft: Draft, text: str, *, media: str, by: User, now: datetime) -> None:
    """Write the next version and take back what was asked or given for the one before."""
    before = DraftState(draft.state)
    draft.version += 1
    draft.save(update_fields=["version"])
    _write_version(draft, text, media=media, by=by, now=now)
    if before not in SHOWN:
        tell(draft, EntryKind.DRAFT, "changed", actor=by, now=now)
        return
    called_back = call_back(draft)
    chain.close(draft)
    move_draft(draft, DraftState.WRITING, submitted_at=None, approved_at=None)
    if before == DraftState.APPROVED:
        code, kind = "approval_lost", EntryKind.APPROVAL
    else:
        code, kind = "taken_back", EntryKind.DRAFT
    tell(draft, kind, code, actor=by, now=now, called_back=called_back)


def _write_version(
    draft: Draft,
    text: str,
    *,
    by: User,
    now: datetime,
    media: str = "",
    parts: str | None = None,
) -> Version:
    """Citations of facts are for the desk, variables are filled: the digest is of what the public
    will read."""
    public = variables.fill(texts.public(text), draft.incident, now=now)
    if parts is None:
        parts = _parted_so_far(draft, text, now=now)
    return Version.objects.create(
        draft=draft,
        number=draft.version,
        text=public,
        cited="" if public == text else text,
        media=media,
        parts=parts,
        sha256=texts.digest(public, media, parts),
        editor=by,
        created_at=now,
    )


def _parted(draft: Draft, text: str, *, now: datetime) -> str:
    """The threads that it goes out as, as a version keeps them. Refused where it cannot be parted.

    A removal is of parts that are out: they stay as they were.
    """
    if draft.act == Act.DELETE:
        return draft.versions.order_by("-number").values_list("parts", flat=True).first() or ""
    if not draft.thread:
        return ""
    pieces = [variables.fill(each, draft.incident, now=now) for each in splitting.segments(text)]
    accounts = draft.accounts.all()
    return parting.listed({each.pk: splitting.of_account(each, pieces) for each in accounts})


def _parted_so_far(draft: Draft, text: str, *, now: datetime) -> str:
    """While it is written nothing stops it: what cannot be parted is refused when handed in."""
    try:
        return _parted(draft, text, now=now)
    except Refused:
        return ""


def _checked_title(title: str) -> str:
    title = " ".join(texts.tidy(title).split())[:120]
    if not title:
        raise Refused(_("Give the draft a title, so that people can tell it from the others."))
    return title


def _checked_text(text: str) -> str:
    text = texts.tidy(text)
    if not texts.public(text):
        raise Refused(_("Write what is to be said."))
    if len(text) > texts.MAX_LENGTH:
        raise Refused(
            _("The text is too long: %(length)d characters, at most %(limit)d.")
            % {"length": len(text), "limit": texts.MAX_LENGTH}
        )
    return text


def _refuse_changing_what_it_does(draft: Draft, text: str, *, moved: bool) -> None:
    """An edit or removal is of one published text: it goes nowhere else, and a removal says it."""
    if draft.act != Act.POST and moved:
        raise Refused(_("This is about one published text. It cannot go out anywhere else."))
    if draft.act == Act.DELETE and text != latest_version(draft).written:
        raise Refused(_("This takes a text down. To change the text, edit it instead."))


def _chosen(draft: Draft) -> set[int]:
    return set(draft.accounts.values_list("pk", flat=True))


def _checked_accounts(draft: Draft, account_ids: Collection[int]) -> list[ConnectedAccount]:
    """The accounts with these ids, all of them the brand's own and in use, or chosen before."""
    wanted = set(account_ids)
    found = [each for each in offered(draft) if each.pk in wanted]
    if len(found) != len(wanted):
        raise Refused(_("An account that you chose cannot be used for this brand."))
    return found


@transaction.atomic
def set_risks(draft_id: int, *, risks: Collection[str], by: User, now: datetime) -> Draft:
    """Say what makes the draft risky beside what the desk finds; it may need more people then.

    Once shown for approval this takes the draft back: another policy may be the right one.
    """
    draft = lock_draft(draft_id)
    require(by, Permission.DRAFT, draft.incident.brand_id)
    refuse_closed(draft)
    chosen = [risk.value for risk in Risk if risk.value in set(risks)]
    if len(chosen) != len(set(risks)):
        raise Refused(_("There is no such risk."))
    if chosen == draft.risks:
        return draft
    draft.risks = chosen
    draft.save(update_fields=["risks"])
    if draft.state in SHOWN:
        latest = latest_version(draft)
        _add_version(draft, latest.written, media=latest.media, by=by, now=now)
    else:
        refresh(draft)
    return draft


# Asking for an approval


@transaction.atomic
def submit(draft_id: int, *, by: User, now: datetime, reason: str = "") -> Draft:
    """Ask those who may approve, who are never those who wrote it.

    Refuses a draft without an account to go out through, and a text longer than one of them takes.
    Variables are filled anew first; one without a value is refused.
    One that cites facts that do not stand needs a `reason`, which the timeline keeps. Submitting
    what is submitted already changes nothing.
    """
    draft = lock_draft(draft_id)
    require(by, Permission.DRAFT, draft.incident.brand_id)
    refuse_closed(draft)
    if draft.state == DraftState.SUBMITTED:
        return draft
    if draft.state == DraftState.APPROVED:
        raise Conflict(_("This draft is already approved."))
    _fill_anew(draft, by=by, now=now)
    refuse_unpublishable(draft)
    refuse_leaning(draft, latest_version(draft).written, reason=reason, by=by, now=now)
    move_draft(draft, DraftState.SUBMITTED, submitted_at=now, approved_at=None)
    version = latest_version(draft)
    chain.begin(draft, version, now=now)
    tell(draft, EntryKind.DRAFT, "submitted", actor=by, now=now)
    return draft


def _fill_anew(draft: Draft, *, by: User, now: datetime) -> None:
    """What the variables stand for, and how much a network takes, may have changed since the
    version was written: a new one then."""
    version = latest_version(draft)
    public = version.text
    if variables.names(version.written):
        public = variables.fill(texts.public(version.written), draft.incident, now=now)
    if (public, _parted(draft, version.written, now=now)) != (version.text, version.parts):
        _add_version(draft, version.written, media=version.media, by=by, now=now)
        version = latest_version(draft)
    # Whom an answer goes to is filled in as it goes.
    later = {people.VARIABLE} if draft.act == Act.ANSWER else set()
    if unfilled := [name for name in variables.names(version.text) if name not in later]:
        raise Refused(
            _("Not filled in: %(names)s. Write it yourself, or take it out.")
            % {"names": ", ".join(f"{{{name}}}" for name in unfilled)}
        )


def refuse_unpublishable(draft: Draft) -> None:
    """Refused, with what to do, unless the latest version fits every account that is left."""
    taken = publications(draft).filter(state__in=GONE).values("account")
    chosen = draft.accounts.all()
    left = chosen.exclude(pk__in=taken)
    version = latest_version(draft)
    if not left and not left_unsaid(version).exists():
        if chosen:
            raise Refused(_("This draft has gone out through all its accounts. Write a new one."))
        raise Refused(_("Choose at least one account for it to go out through."))
    if found := media.obstacles(version.images, left, answers=bool(draft.reply_to)):
        raise Refused(found[0])
    for account in left:
        for text in version.parts_for(account.pk) or [version.text]:
            _refuse_unfit(account, text)
        _refuse_unanswering(account, draft)


def _refuse_unanswering(account: ConnectedAccount, draft: Draft) -> None:
    """Some networks only let us answer: reviews, comments, mails."""
    if (
        draft.act == Act.POST
        and not draft.reply_to
        and Can.POST not in NETWORKS[account.network].can
    ):
        raise Refused(
            _("Through %(account)s you can only answer. Start from the mention to be answered.")
            % {"account": account.name}
        )


def _refuse_unfit(account: ConnectedAccount, text: str) -> None:
    if not account.is_active:
        raise Refused(
            _("The account %(account)s is switched off. Choose another one.")
            % {"account": account.name}
        )
    length, limit = texts.measure(account, text)
    if limit and length > limit:
        raise Refused(
            _("Too long for %(account)s: %(length)d characters, at most %(limit)d.")
            % {"account": account.name, "length": length, "limit": limit}
        )


@transaction.atomic
def drop(draft_id: int, *, by: User, now: datetime) -> Draft:
    """Give the draft up. Conflict once any of it is out or may be."""
    draft = lock_draft(draft_id)
    require(by, Permission.DRAFT, draft.incident.brand_id)
    refuse_closed(draft)
    if publications(draft).filter(state__in=GONE).exists():
        raise Conflict(_("Some of it is out, or may be. It cannot be dropped any more."))
    call_back(draft)
    chain.close(draft)
    move_draft(draft, DraftState.DROPPED)
    tell(draft, EntryKind.DRAFT, "dropped", actor=by, now=now)
    return draft
