"""What the pages of a draft show, read with a fixed number of queries and put together here."""

from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from django.db.models import Prefetch
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.enums import Permission
from accounts.models import User
from accounts.rules import allowed
from connectors.counting import graphemes
from connectors.models import ConnectedAccount
from core import formats

from . import (
    correcting,
    picturing,
    problems,
    risks,
    selectors,
    texts,
    translations,
    variables,
    waiting,
)
from .enums import Act, DraftState, PublicationState, Risk, StepState, Verdict
from .models import Approval, Draft, Publication, Version
from .models_policy import ApprovalLink, ApprovalStep, BrokenGlass
from .previews import Preview, previews
from .services import amending, glass
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
class Outgoing:
    """A publication with what this reader may do about it."""

    publication: Publication
    may_publish: bool
    # Numbers of the facts it cites that are withdrawn, and whether this reader may draft.
    withdrawn: tuple[int, ...] = ()
    may_draft: bool = False
    # Of a thread: whether the part before it is out, and whether it is the first that stands.
    follows: bool = True
    leads: bool = True

    @property
    def parts(self) -> int:
        """How many posts its thread has; 0 where the text goes out whole."""
        return len(self.publication.thread)

    @property
    def problem(self) -> str:
        row = self.publication
        if row.part == 1 or row.version.draft.act != Act.POST:
            return problems.words(row.error)
        if row.state == PublicationState.QUEUED and not self.follows:
            return str(_("Waits until the part before it is out."))
        unsaid = row.state == PublicationState.CANCELLED and self.follows
        said = problems.words(row.error)
        return said or (str(_("Not said: the parts before it are out.")) if unsaid else "")

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
    def stands(self) -> bool:
        """Whether it is out there, as a new post, and not taken down."""
        row = self.publication
        posted = row.version.draft.act == Act.POST
        return row.state == PublicationState.SENT and posted and row.gone_at is None

    @property
    def may_edit(self) -> bool:
        return self.may_draft and self.stands and self._able(Act.EDIT)

    @property
    def may_remove(self) -> bool:
        return self.may_draft and self.leads and self.stands and self._able(Act.DELETE)

    def _able(self, act: Act) -> bool:
        return amending.able(self.publication.account, self.publication.external_id, act)

    @property
    def may_withdraw(self) -> bool:
        held = {PublicationState.QUEUED, PublicationState.FAILED}
        return self.may_publish and self.publication.state in held


@dataclass(frozen=True)
class Rung:
    """One step as the page shows it: who said yes, and who is asked and has not answered."""

    step: ApprovalStep
    said: list[Approval]
    left: list[User]
    # How long it took, or has taken so far; "" before it is asked.
    took: str = ""

    @property
    def look(self) -> tuple[str, str]:
        return STEP_LOOKS[StepState(self.step.state)]

    @property
    def left_to_say(self) -> int:
        return max(0, (self.step.needed or 1) - len(self.said))


STEP_LOOKS = {
    StepState.WAITING: ("ahead", "clock"),
    StepState.OPEN: ("waiting", "hourglass"),
    StepState.DONE: ("done", "check"),
    StepState.SKIPPED: ("waiting", "alert-triangle"),
    StepState.VOID: ("ahead", "x"),
}


def rungs(version: Version, now: datetime) -> list[Rung]:
    """A version's steps in order, in four queries."""
    rows = version.steps.exclude(state=StepState.VOID).order_by("position", "pk")
    said = Prefetch("approvals", Approval.objects.select_related("approver", "link"))
    steps = list(rows.prefetch_related(said))
    people = User.objects.in_bulk({pk for step in steps for pk in step.asked})
    return [_rung(step, people, now) for step in steps]


def _rung(step: ApprovalStep, people: dict[int, User], now: datetime) -> Rung:
    given = list(step.approvals.all())
    done = {each.approver_id for each in given}
    asks = step.state == StepState.OPEN
    left = [people[pk] for pk in step.asked if asks and pk in people and pk not in done]
    took = ""
    if step.opened_at:
        took = formats.duration(((step.done_at or now) - step.opened_at).total_seconds())
    return Rung(step, given, left, took if asks or step.done_at else "")


def _approvers(version: Version) -> set[int | None]:
    words = version.approvals.all()
    return {each.approver_id for each in words if each.verdict == Verdict.APPROVED}


@dataclass
class DraftPage:
    """One draft for one reader at one time. `since` is the version to compare with, if any."""

    draft: Draft
    user: User
    now: datetime
    since: int | None = None
    # The version that is compared with it; the latest, if none is asked for.
    until: int | None = None
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
    def may_draft(self) -> bool:
        return self._may(Permission.DRAFT)

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

    @cached_property
    def beside(self) -> translations.Beside | None:
        """The same text in another language, if there is one."""
        return translations.beside(self.draft)

    # What was said of it

    @cached_property
    def later(self) -> Version:
        return next((each for each in self.versions if each.number == self.until), self.version)

    @cached_property
    def earlier(self) -> Version | None:
        """The version to compare with: the asked one, else the last that this reader approved,
        else the last judged by anybody, else the one before."""
        older = [each for each in self.versions if each.number != self.later.number]
        asked = (each for each in older if each.number == self.since)
        mine = (each for each in older if self.user.pk in _approvers(each))
        judged = (each for each in older if list(each.approvals.all()))
        found = next(asked, None) or next(mine, None) or next(judged, None)
        return found or (older[0] if older else None)

    @cached_property
    def changes(self) -> list[texts.Change]:
        if self.earlier is None:
            return []
        return texts.word_diff(self.earlier.written, self.later.written)

    @cached_property
    def images(self) -> list[picturing.Shown]:
        return picturing.shown(self.draft, self.version.images)

    @cached_property
    def image_changes(self) -> list[picturing.Changed]:
        if self.earlier is None:
            return []
        both = (picturing.shown(self.draft, each.images) for each in (self.earlier, self.later))
        return picturing.changes(*both)

    @cached_property
    def approvals(self) -> list[Approval]:
        """Every word on every version, in order."""
        said = [word for version in self.versions for word in version.approvals.all()]
        return sorted(said, key=lambda each: each.at)

    @cached_property
    def standing(self) -> Approval | None:
        """The first approval of the latest version."""
        words = self.version.approvals.all()
        return next((each for each in words if each.verdict == Verdict.APPROVED), None)

    @cached_property
    def mine(self) -> Approval | None:
        """This reader's own approval of the latest version."""
        words = self.version.approvals.all()
        yes = (each for each in words if each.verdict == Verdict.APPROVED)
        return next((each for each in yes if each.approver_id == self.user.pk), None)

    @cached_property
    def steps(self) -> list[Rung]:
        """The steps that the latest version has to pass, with who said yes and who is asked."""
        return rungs(self.version, self.now)

    @cached_property
    def waits(self) -> list[waiting.Wait]:
        """The steps that are asked now, the longest wait first."""
        if self.draft.state != DraftState.SUBMITTED:
            return []
        asked = [rung for rung in self.steps if rung.step.state == StepState.OPEN]
        asked.sort(key=lambda rung: (rung.step.opened_at or self.now, rung.step.position))
        return [waiting.Wait(rung.step, rung.left) for rung in asked]

    @property
    def waits_for(self) -> str:
        """The critical path in words: "Waits for Legal, 11 min"."""
        return waiting.sentence(self.waits, self.now)

    @cached_property
    def is_asked(self) -> bool:
        """Whether a step waits for this reader."""
        return any(self.user.pk in {each.pk for each in wait.people} for wait in self.waits)

    @cached_property
    def links(self) -> list[ApprovalLink]:
        """Those without an account who were asked about the latest version."""
        return list(self.version.links.select_related("asked_by", "step"))

    @cached_property
    def glass(self) -> BrokenGlass | None:
        return glass.standing(self.version, self.now)

    @cached_property
    def may_break_glass(self) -> bool:
        """Whether this reader could let it go out with a second person, where steps are left."""
        policy = self.draft.policy_name and self.draft.state == DraftState.SUBMITTED
        return bool(policy) and self.user.pk in {each.pk for each in glass.breakers(self.draft)}

    @property
    def risk_choices(self) -> list[tuple[str, str, bool, bool]]:
        """Each risk with its words, whether its writers said so, and whether the desk found it."""
        found = risks.found(self.draft, self.version.written)
        offered = (risk for risk in Risk if risk != Risk.UNVERIFIED or risk in found)
        return [(r.value, str(r.label), r in self.draft.risks, r in found) for r in offered]

    @cached_property
    def risks(self) -> list[Risk]:
        """What makes it risky, found by the desk or said by its writers."""
        known = risks.all_of(self.draft, self.version.written)
        return [risk for risk in Risk if risk in known]

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
        if self.mine:
            return _("You have approved it. It waits for others.")
        if not self.is_asked:
            return _("It does not wait for you.")
        return ""

    @property
    def may_approve(self) -> bool:
        return not self.refusal

    @property
    def undo_until(self) -> datetime | None:
        """Until when this reader can take their approval back."""
        if self.mine is None or self.draft.state not in {DraftState.SUBMITTED, DraftState.APPROVED}:
            return None
        until = (self.draft.approved_at or self.mine.at) + UNDO_WINDOW
        return until if until > self.now else None

    # Where it goes

    @cached_property
    def accounts(self) -> list[ConnectedAccount]:
        return list(self.draft.accounts.all())

    @cached_property
    def variables(self) -> list[variables.Variable]:
        """The variables of the text as it was typed, and what they stand for now."""
        return variables.used(self.version.written, self.draft.incident, now=self.now)

    @property
    def account_ids(self) -> str:
        """Ids of its accounts as the form carries them: what stood there when one began."""
        return " ".join(str(account.pk) for account in self.accounts)

    @property
    def length(self) -> int:
        return graphemes(self.version.text)

    @property
    def limit(self) -> int:
        """The tightest limit of its accounts; 0 for none."""
        return min((each.limit for each in self.previews if each.limit), default=0)

    @cached_property
    def previews(self) -> list[Preview]:
        version, answers = self.version, bool(self.draft.reply_to)
        return previews(
            self.accounts, version.text, self.images, version.parts_for, answers=answers
        )

    @cached_property
    def publications(self) -> list[Outgoing]:
        may, draft = self._may(Permission.PUBLISH), self._may(Permission.DRAFT)
        rows = list(selectors.publications(self.draft))
        gone = correcting.withdrawn(rows)
        out = [each for each in rows if each.state == PublicationState.SENT]
        sent = {(each.version_id, each.account_id, each.part) for each in out}
        first: dict[tuple[int, int], int] = {}
        for each in sorted(out, key=lambda each: each.part):
            if each.gone_at is None:
                first.setdefault((each.version_id, each.account_id), each.pk)
        return [
            Outgoing(
                each,
                may,
                tuple(gone.get(each.pk, ())),
                draft,
                follows=(each.version_id, each.account_id, each.part - 1) in sent,
                leads=first.get((each.version_id, each.account_id)) == each.pk,
            )
            for each in rows
        ]

    @cached_property
    def hidden(self) -> list[texts.Hidden]:
        return texts.hidden_characters(self.version.text)

    @cached_property
    def addresses(self) -> list[str]:
        return texts.links(self.version.text)
