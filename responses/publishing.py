"""The publications as a book of the outbox: what is asked again before anything goes out."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from connectors import registry
from connectors.base import Message, Picture, Receipt, TemporaryError, UncertainError
from connectors.outbox import Claim, Outbox, TableBook

from . import texts
from .enums import Act, PublicationState
from .models import Draft, Publication
from .plan import order
from .services import media
from .services import publications as outcome
from .services.rows import in_turn, thread_of


@dataclass(frozen=True)
class Doing(Claim):
    """What is done to which post: nothing is made twice by an edit or a removal."""

    act: Act = Act.POST
    # The external id of the post that is edited or removed.
    target: str = ""


class Publications(TableBook):
    """Versions on their way out. Each claim asks again whether the approval still stands."""

    noun = "Publication"
    model = Publication
    related = ("account", "version__draft__amends")
    record_sent = staticmethod(outcome.record_sent)
    record_failed = staticmethod(outcome.record_failed)
    record_not_sent = staticmethod(outcome.record_not_sent)
    record_uncertain = staticmethod(outcome.record_uncertain)
    record_look = staticmethod(outcome.record_look)

    def rows(self, state: str, **more: object) -> QuerySet[Any]:
        """A part of a thread waits for the one before it."""
        rows = super().rows(state, **more)
        return rows.filter(in_turn()) if state == PublicationState.QUEUED else rows

    @transaction.atomic
    def claim(self, row_id: int, *, now: datetime) -> Claim | None:
        """Everything that was true when it was approved is asked again, under the draft's lock."""
        drafts = Draft.objects.select_for_update(no_key=True, of=("self",), skip_locked=True)
        draft = (
            drafts.select_related("incident__brand", "author")
            .filter(pk__in=Publication.objects.filter(pk=row_id).values("version__draft_id"))
            .first()
        )
        if draft is None:
            return None
        rows = Publication.objects.select_for_update(no_key=True, of=("self",))
        publication = (
            rows.select_related(*self.related)
            .filter(in_turn(), pk=row_id, state=PublicationState.QUEUED, publish_at__lte=now)
            .first()
        )
        if publication is None:
            return None
        # The first of a thread shows them all.
        images = media.pictures(publication.version) if publication.part == 1 else ()
        if _refused(draft, publication, images, now=now):
            return None
        publication.state = PublicationState.SENDING
        publication.attempts += 1
        publication.sending_since = now
        publication.save(update_fields=["state", "attempts", "sending_since"])
        return self.claim_of(publication, images or ())

    def send(self, claim: Claim) -> Receipt:
        if not isinstance(claim, Doing) or claim.act == Act.POST:
            return super().send(claim)
        try:
            if claim.act == Act.EDIT:
                return registry.editor(claim.account).edit(claim.target, claim.message)
            registry.retractor(claim.account).retract(claim.target)
        except UncertainError as error:
            # The same once more changes nothing: better than asking a person.
            raise TemporaryError(error) from error
        return Receipt(claim.target)

    def find(self, claim: Claim) -> Receipt | None:
        """An edit or removal leaves no mark to be found: it is made again."""
        making = not isinstance(claim, Doing) or claim.act == Act.POST
        return super().find(claim) if making else None

    def claim_of(self, publication: Publication, /, images: tuple[Picture, ...] = ()) -> Claim:
        draft = publication.version.draft
        before, about = _before(publication), outcome.target(draft, publication).first()
        return Doing(
            publication.pk,
            publication.attempts,
            publication.account,
            Message(
                publication.text,
                publication.idempotency_key,
                reply_to=before.external_id if before else publication.reply_to,
                since=publication.created_at,
                images=images,
                continues=before is not None,
            ),
            act=Act(draft.act),
            target=about.external_id if about else "",
        )


def _before(publication: Publication) -> Publication | None:
    """The part that this one answers; None for the first."""
    if publication.part == 1:
        return None
    return thread_of(publication).filter(part=publication.part - 1).first()


def _refused(
    draft: Draft,
    publication: Publication,
    images: tuple[Picture, ...] | None,
    *,
    now: datetime,
) -> bool:
    """Whether it must not go out after all; then the row and the people know why."""
    version = publication.version
    about, before = outcome.target(draft, publication).first(), _before(publication)
    digest = texts.digest(version.text, version.media, version.parts)
    bytes_differ = digest != publication.sha256
    if bytes_differ or images is None or not outcome.is_covered(draft, publication):
        outcome.approval_fell(draft, publication, now=now)
    elif publication.account.brand_id != draft.incident.brand_id:
        outcome.fail(draft, publication, error="account_foreign", now=now)
    elif about is not None and about.gone_at:
        outcome.fail(draft, publication, error="gone_already", now=now)
    elif not publication.account.is_active:
        outcome.fail(draft, publication, error="account_inactive", now=now)
    elif draft.act == Act.POST and before is not None and not before.external_id:
        outcome.fail(draft, publication, error="part_unplaced", now=now)
    elif order.holding(draft):
        outcome.hold(draft, publication, now=now)
    else:
        return False
    return True


# The one of this process.
OUTBOX = Outbox(Publications())
claim_due = OUTBOX.claim_due
deliver = OUTBOX.deliver
look_for = OUTBOX.look_for
publish_due = OUTBOX.publish_due
