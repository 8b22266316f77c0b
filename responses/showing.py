"""What the pages of a draft show, read with a fixed number of queries and put together here."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.enums import Permission
from accounts.models import User
from accounts.rules import allowed
from connectors.models import ConnectedAccount
from connectors.registry import NETWORKS

from . import problems, selectors, texts
from .enums import DraftState, PublicationState, Verdict
from .models import Approval, Draft, Publication, Version
from .services.approving import UNDO_WINDOW
from .states import GONE

# How a state looks: the pill's colour and icon.
LOOKS = {
    DraftState.WRITING: ("", "edit"),
    DraftState.SUBMITTED: ("pill-amber", "hourglass"),
    DraftState.CHANGES: ("pill-yellow", "message-circle"),
    DraftState.APPROVED: ("pill-green", "check"),
    DraftState.PUBLISHED: ("pill-green", "send-2"),
    DraftState.DROPPED: ("pill-outline", "x"),
    PublicationState.QUEUED: ("", "clock"),
    PublicationState.SENDING: ("pill-amber", "send-2"),
    PublicationState.SENT: ("pill-green", "check"),
    PublicationState.FAILED: ("pill-red", "alert-octagon"),
    PublicationState.UNCERTAIN: ("pill-red", "alert-triangle"),
    PublicationState.CANCELLED: ("pill-outline", "x"),
}


@dataclass(frozen=True)
class Preview:
    """How a text stands in one account: its length by the network's rule; limit 0 is none."""

    account: ConnectedAccount
    text: str
    length: int
    limit: int

    @property
    def over(self) -> int:
        return max(0, self.length - self.limit) if self.limit else 0

    @property
    def label(self) -> str:
        return str(NETWORKS[self.account.network].label)


def previews(accounts: Collection[ConnectedAccount], text: str) -> list[Preview]:
    return [
        Preview(account, text, *texts.measure(account, text))
        for account in accounts
        if account.network in NETWORKS
    ]


@dataclass(frozen=True)
class Outgoing:
    """A publication with what this reader may do about it."""

    publication: Publication
    may_publish: bool

    @property
    def problem(self) -> str:
        return problems.words(self.publication.error)

    @property
    def look(self) -> tuple[str, str]:
        return LOOKS[PublicationState(self.publication.state)]

    @property
    def may_settle(self) -> bool:
        return self.may_publish and self.publication.state == PublicationState.UNCERTAIN

    @property
    def may_retry(self) -> bool:
        return self.may_publish and self.publication.state == PublicationState.FAILED

    @property
    def may_withdraw(self) -> bool:
        held = {PublicationState.QUEUED, PublicationState.FAILED}
        return self.may_publish and self.publication.state in held


@dataclass
class DraftPage:
    """One draft for one reader at one time. `since` is the version to compare with, if any."""

    draft: Draft
    user: User
    now: datetime
    since: int | None = None
    versions: list[Version] = field(init=False)

    def __post_init__(self) -> None:
        self.versions = selectors.versions(self.draft)

    @cached_property
    def version(self) -> Version:
        """The latest one."""
        return self.versions[0]

    @property
    def look(self) -> tuple[str, str]:
        return LOOKS[DraftState(self.draft.state)]

    def _may(self, permission: Permission) -> bool:
        return allowed(self.user, permission, self.draft.incident.brand_id)

    @property
    def is_open(self) -> bool:
        return self.draft.state not in {DraftState.PUBLISHED, DraftState.DROPPED}

    @property
    def may_edit(self) -> bool:
        return self.is_open and self._may(Permission.DRAFT)

    @property
    def may_submit(self) -> bool:
        writing = {DraftState.WRITING, DraftState.CHANGES}
        return self._may(Permission.DRAFT) and self.draft.state in writing

    @property
    def may_drop(self) -> bool:
        gone = any(each.publication.state in GONE for each in self.publications)
        return self.may_edit and not gone

    @property
    def respond_by(self) -> datetime | None:
        """When the first word to the public is due; None once there was one."""
        incident = self.draft.incident
        return None if incident.responded_at else incident.respond_by

    # What was said of it

    @cached_property
    def earlier(self) -> Version | None:
        """The version to compare with: the asked one, else the last judged, else the one before."""
        older = self.versions[1:]
        judged = (each for each in older if list(each.approvals.all()))
        asked = (each for each in older if each.number == self.since)
        return next(asked, None) or next(judged, None) or (older[0] if older else None)

    @cached_property
    def changes(self) -> list[texts.Change]:
        if self.earlier is None:
            return []
        return texts.word_diff(self.earlier.text, self.version.text)

    @cached_property
    def approvals(self) -> list[Approval]:
        """Every word on every version, in order."""
        said = [word for version in self.versions for word in version.approvals.all()]
        return sorted(said, key=lambda each: each.at)

    @cached_property
    def standing(self) -> Approval | None:
        """The approval of the latest version."""
        words = self.version.approvals.all()
        return next((each for each in words if each.verdict == Verdict.APPROVED), None)

    @cached_property
    def awaited(self) -> list[User]:
        return selectors.may_approve(self.draft)

    @cached_property
    def wrote(self) -> bool:
        return self.user.pk in {self.draft.author_id, *(each.editor_id for each in self.versions)}

    @property
    def refusal(self) -> Promise | str:
        """Why this reader cannot approve it now; "" if they can."""
        if not self._may(Permission.APPROVE):
            return _("Your role does not include approving drafts.")
        if self.wrote:
            return _("You wrote or changed this draft. Somebody else has to approve it.")
        if self.draft.state != DraftState.SUBMITTED:
            return _("This draft is not waiting for an approval.")
        return ""

    @property
    def may_approve(self) -> bool:
        return not self.refusal

    @property
    def undo_until(self) -> datetime | None:
        """Until when this reader can take their approval back."""
        approved_at = self.draft.approved_at
        if self.draft.state != DraftState.APPROVED or approved_at is None:
            return None
        mine = self.standing is not None and self.standing.approver_id == self.user.pk
        until = approved_at + UNDO_WINDOW
        return until if mine and until > self.now else None

    # Where it goes

    @cached_property
    def accounts(self) -> list[ConnectedAccount]:
        return list(self.draft.accounts.all())

    @property
    def length(self) -> int:
        return texts.graphemes(self.version.text)

    @property
    def limit(self) -> int:
        """The tightest limit of its accounts; 0 for none."""
        return min((each.limit for each in self.previews if each.limit), default=0)

    @cached_property
    def previews(self) -> list[Preview]:
        return previews(self.accounts, self.version.text)

    @cached_property
    def publications(self) -> list[Outgoing]:
        may = self._may(Permission.PUBLISH)
        return [Outgoing(each, may) for each in selectors.publications(self.draft)]

    @cached_property
    def hidden(self) -> list[texts.Hidden]:
        return texts.hidden_characters(self.version.text)

    @cached_property
    def links(self) -> list[str]:
        return texts.links(self.version.text)
