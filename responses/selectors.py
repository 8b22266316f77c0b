"""Drafts, approvals and publications as people may see them."""

from dataclasses import dataclass

from django.db.models import Exists, F, OuterRef, Prefetch, Q, QuerySet
from django.db.models.functions import Now

from accounts.enums import Permission
from accounts.models import User
from accounts.rules import allowed
from accounts.selectors import members
from connectors.models import ConnectedAccount
from connectors.registry import NETWORKS
from monitoring.models import Mention
from monitoring.visible import standing

from .enums import Act, DraftState, PublicationState, StepState, Verdict
from .models import Approval, Draft, Publication, Version
from .models_composing import DraftComment, Unsaved
from .models_policy import ApprovalLink, ApprovalStep


def visible_drafts(user: User) -> QuerySet[Draft]:
    """Drafts of the incidents that `user` may see, with what a list of them shows."""
    return (
        Draft.objects.visible_to(user)
        .select_related("incident__brand", "author", "beside")
        .prefetch_related("accounts")
    )


def with_latest(drafts: QuerySet[Draft]) -> QuerySet[Draft]:
    """Fetch each draft's latest version along with it, as the only item of `draft.latest`."""
    latest = Version.objects.filter(number=F("draft__version"))
    return drafts.prefetch_related(Prefetch("versions", latest, to_attr="latest"))


def get_draft(user: User, reference: str, number: int) -> Draft:
    """Return one draft; raise Draft.DoesNotExist alike for a missing and an invisible one."""
    draft: Draft = visible_drafts(user).get(incident__reference=reference, number=number)
    return draft


def drafts_of(user: User, reference: str) -> QuerySet[Draft]:
    """The drafts of an incident, those of what was merged into it included."""
    merged = Q(incident__merged_into__reference=reference)
    return visible_drafts(user).filter(Q(incident__reference=reference) | merged)


def wrote(draft: Draft) -> set[int]:
    """Ids of everyone who wrote or changed any of it: none of them may approve it."""
    return {draft.author_id, *draft.versions.values_list("editor_id", flat=True)}


def _brands_with(user: User, permission: Permission) -> list[int]:
    return [brand_id for brand_id in user.roles if allowed(user, permission, brand_id)]


def _written_by(user: User) -> Q:
    edited = Version.objects.filter(draft=OuterRef("pk"), editor=user)
    return Q(author=user) | Q(Exists(edited))


def waiting_for(user: User) -> QuerySet[Draft]:
    """Submitted drafts of which a step waits for `user`, the longest wait first."""
    asks = ApprovalStep.objects.filter(
        version__draft=OuterRef("pk"), state=StepState.OPEN, asked__contains=[user.pk]
    )
    said = Approval.objects.filter(
        version__draft=OuterRef("pk"),
        version__number=OuterRef("version"),
        approver=user,
        verdict=Verdict.APPROVED,
        covers__step__state=StepState.OPEN,
    )
    return (
        visible_drafts(user)
        .filter(
            state=DraftState.SUBMITTED,
            incident__brand_id__in=_brands_with(user, Permission.APPROVE),
        )
        .filter(Exists(asks), ~Exists(said))
        .exclude(_written_by(user))
        .order_by("submitted_at", "pk")
    )


def waited_for_by(user: User) -> QuerySet[Draft]:
    """Submitted drafts that `user` wrote on and somebody else has to approve."""
    submitted = visible_drafts(user).filter(state=DraftState.SUBMITTED)
    return submitted.filter(_written_by(user)).order_by("submitted_at", "pk")


def judged(user: User) -> QuerySet[Draft]:
    """Drafts on which `user` gave their word, or that they wrote and somebody judged."""
    by_me = Approval.objects.filter(version__draft=OuterRef("pk"), approver=user)
    any_word = Approval.objects.filter(version__draft=OuterRef("pk"))
    known = visible_drafts(user).exclude(state=DraftState.SUBMITTED)
    return known.filter(Exists(by_me) | (_written_by(user) & Exists(any_word))).order_by("-pk")


def versions(draft: Draft) -> list[Version]:
    """All versions, the latest first, with their editors and what was said of each."""
    said = Prefetch("approvals", Approval.objects.select_related("approver", "link"))
    return list(draft.versions.select_related("editor", "suggestion").prefetch_related(said))


def publications(draft: Draft) -> QuerySet[Publication]:
    """Every way out of a draft, of all its versions."""
    rows = Publication.objects.filter(version__draft=draft)
    return rows.select_related("account", "version__draft", "edited_to").order_by(
        "version__number", "account_id", "part"
    )


def visible_publications(user: User) -> QuerySet[Publication]:
    visible = Publication.objects.filter(version__draft__in=Draft.objects.visible_to(user))
    related = ("account", "version__draft__incident__brand", "edited_to")
    return visible.select_related(*related).order_by("-pk")


def visible_links(user: User) -> QuerySet[ApprovalLink]:
    """Links to outsiders about drafts that `user` may see."""
    visible = ApprovalLink.objects.filter(version__draft__in=Draft.objects.visible_to(user))
    return visible.select_related("asked_by", "version__draft__incident").order_by("-pk")


def standing_approvals(version: Version, brand_id: int) -> QuerySet[Approval]:
    """Approvals of exactly these bytes, not ended, by people who may still approve for the brand.

    Somebody outside stands in for whoever asked them: their word falls with that person's right.
    """
    able = members(brand_id, permission=Permission.APPROVE)
    by_link = Q(link__asked_by__in=able, link__revoked_at=None)
    return version.approvals.filter(
        Q(approver__in=able) | by_link,
        Q(expires_at=None) | Q(expires_at__gt=Now()),
        verdict=Verdict.APPROVED,
        sha256=version.sha256,
    )


def published(incident_id: int) -> QuerySet[Publication]:
    """What we said to the public in an incident, in order."""
    own = Q(version__draft__incident=incident_id)
    merged = Q(version__draft__incident__merged_into=incident_id)
    sent = Publication.objects.filter(own | merged, state=PublicationState.SENT)
    sent = sent.filter(version__draft__act=Act.POST)
    return sent.select_related(
        "account", "version__draft", "version__editor", "edited_to"
    ).order_by("sent_at")


def usable_accounts(brand_id: int) -> QuerySet[ConnectedAccount]:
    """The brand's own accounts in use that can publish."""
    can_publish = Q()
    for name, network in NETWORKS.items():
        if network.can_publish:
            needed = {f"config__{network.publishes_by}__gt": ""} if network.publishes_by else {}
            can_publish |= Q(network=name, **needed)
    return ConnectedAccount.objects.filter(can_publish, brand_id=brand_id, is_active=True)


def offered(draft: Draft) -> QuerySet[ConnectedAccount]:
    """The accounts that a draft can go out through: the brand's, and those chosen before."""
    return (usable_accounts(draft.incident.brand_id) | draft.accounts.all()).distinct()


def mention_to_answer(user: User, mention_id: int, *, brand_id: int) -> Mention | None:
    """The mention, if it is of this brand and the reader may see it."""
    visible = standing(Mention.objects.visible_to(user))
    mention: Mention | None = visible.filter(pk=mention_id, brand_id=brand_id).first()
    return mention


def unsaved(draft: Draft) -> list[Unsaved]:
    """What people have typed into it and not saved, the longest first."""
    return list(draft.unsaved.select_related("user"))


def comments(draft: Draft) -> list[DraftComment]:
    """What was said of it among colleagues, in order. One query."""
    return list(draft.comments.select_related("author", "resolved_by"))


@dataclass(frozen=True)
class Thread:
    """A comment and what was answered to it."""

    first: DraftComment
    answers: list[DraftComment]


def threads(draft: Draft) -> list[Thread]:
    """What was said of a draft, by thread, in order. One query."""
    rows = comments(draft)
    return [
        Thread(row, [each for each in rows if each.thread_id == row.pk])
        for row in rows
        if row.thread_id is None
    ]
