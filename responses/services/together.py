"""Several people writing one draft: joining what they save, keeping what they have not saved."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.enums import Permission
from accounts.models import User
from accounts.rules import require
from core import live
from core.errors import Conflict
from responses import merging, texts
from responses.models import Draft, Version
from responses.models_composing import Unsaved

from .drafting import edit_draft
from .rows import latest_version, lock_draft, refuse_closed


@dataclass(frozen=True)
class Typed:
    """What somebody wants saved: the text as typed, the title, ids of the accounts, the images."""

    text: str
    title: str
    accounts: frozenset[int]
    # (digest, alt text) in order; None leaves them as they are.
    images: list[tuple[str, str]] | None = None
    # Whether it is to be parted where it is too long; None leaves that as it is.
    thread: bool | None = None


@dataclass(frozen=True)
class Seen:
    """What stood there when they began: a version's number, title, accounts and whether it was to
    be parted (None: unknown)."""

    version: int
    title: str | None = None
    accounts: frozenset[int] | None = None
    thread: bool | None = None


@dataclass(frozen=True)
class Saved:
    """The draft as it is now; `joined` if it holds changes of others that the writer has not
    read together with their own."""

    draft: Draft
    joined: bool


class Clashing(Conflict):
    """Both changed the same place. `merged` has the rest joined, and both sides of each clash."""

    def __init__(self, message: str, merged: merging.Merged) -> None:
        super().__init__(message)
        self.merged = merged


@transaction.atomic
def save_together(draft_id: int, typed: Typed, *, seen: Seen, by: User, now: datetime) -> Saved:
    """Save what was typed on top of `seen`, joined with what others have saved since.

    Raises Clashing, with nothing written, where both changed the same sentence or the title.
    """
    draft = lock_draft(draft_id)
    require(by, Permission.DRAFT, draft.incident.brand_id)
    refuse_closed(draft)
    merged = _merged(draft, typed, seen)
    title = _title(draft, typed, seen)
    latest = latest_version(draft).written
    done = edit_draft(
        draft.pk,
        text=merged.text,
        base_version=draft.version,
        title=title,
        account_ids=_accounts(draft, typed, seen),
        images=_images(draft, typed, seen, merged),
        # Whoever did not touch it does not set it back.
        thread=None if typed.thread == seen.thread else typed.thread,
        by=by,
        now=now,
    )
    Unsaved.objects.filter(draft=draft, user=by).delete()
    _hint(draft)
    text = texts.tidy(merged.text)
    return Saved(done, joined=texts.tidy(typed.text) != text != latest)


def _merged(draft: Draft, typed: Typed, seen: Seen) -> merging.Merged:
    if seen.version == draft.version:
        return merging.Merged(typed.text)
    said = _("Somebody else saved version %(version)d while you were writing.") % {
        "version": draft.version
    }
    merged = join(draft, typed.text, base_version=seen.version)
    if merged.clashes:
        raise Clashing(said, merged)
    return merged


def join(draft: Draft, text: str, *, base_version: int) -> merging.Merged:
    """Join a text typed on `base_version` with the latest version; without such a version, all of
    it clashes."""
    rows = Version.objects.filter(draft=draft, number__in=(base_version, draft.version))
    written = {row.number: row.written for row in rows}
    return merging.merge(written.get(base_version, ""), texts.tidy(text), written[draft.version])


def _title(draft: Draft, typed: Typed, seen: Seen) -> str | None:
    """None to leave the title as it is: whoever did not touch it does not set it back."""
    if seen.title is None:
        return typed.title
    if typed.title == seen.title:
        return None
    if draft.title not in (seen.title, typed.title):
        raise Clashing(
            _("Somebody else changed the title to “%(title)s”. Save again to use yours.")
            % {"title": draft.title},
            merging.Merged(typed.text),
        )
    return typed.title


def _images(
    draft: Draft, typed: Typed, seen: Seen, merged: merging.Merged
) -> list[tuple[str, str]] | None:
    """None to leave the images as they are: whoever did not touch them does not set them back."""
    if typed.images is None or seen.version == draft.version:
        return typed.images
    rows = Version.objects.filter(draft=draft, number__in=(seen.version, draft.version))
    said = {row.number: [(each.sha256, each.alt) for each in row.images] for row in rows}
    before, now = said.get(seen.version, []), said[draft.version]
    if typed.images == before:
        return None
    if now not in (before, typed.images):
        raise Clashing(_("Somebody else changed the images too. Save again to use yours."), merged)
    return typed.images


def _accounts(draft: Draft, typed: Typed, seen: Seen) -> set[int]:
    """What was ticked and what was unticked, on top of what stands now."""
    if seen.accounts is None:
        return set(typed.accounts)
    now = set(draft.accounts.values_list("pk", flat=True))
    return (now | (typed.accounts - seen.accounts)) - (seen.accounts - typed.accounts)


# What is typed and not saved


def keep_unsaved(draft: Draft, *, text: str, base_version: int, by: User, now: datetime) -> None:
    """Keep what somebody is typing; what equals the saved text is nothing to keep.

    Writes no version, tells no timeline and takes no lock on the draft: it may be called at every
    pause in the typing.
    """
    require(by, Permission.DRAFT, draft.incident.brand_id)
    refuse_closed(draft)
    text = texts.tidy(text)[: texts.MAX_LENGTH]
    if text == latest_version(draft).written:
        drop_unsaved(draft, by=by)
        return
    base = min(max(base_version, 1), draft.version)
    row = Unsaved(draft=draft, user=by, base_version=base, text=text, began_at=now, at=now)
    Unsaved.objects.bulk_create(
        [row],
        update_conflicts=True,
        unique_fields=["draft", "user"],
        update_fields=["base_version", "text", "at"],
    )
    _hint(draft)


def drop_unsaved(draft: Draft, *, by: User) -> None:
    """Forget what somebody typed: they have said that they do not want it."""
    deleted, _each = Unsaved.objects.filter(draft=draft, user=by).delete()
    if deleted:
        _hint(draft)


def _hint(draft: Draft) -> None:
    """Tell the other composers of this draft; a lost hint harms nobody."""
    transaction.on_commit(lambda: live.hint(f"draft.{draft.pk}", "typing", {}))
