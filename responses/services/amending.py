"""Changing what is published: an edit, a removal, a correction. Each is a draft of its own.

So each passes the same steps, binds to its own bytes and leaves by the same outbox as a new text.
"""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from accounts.enums import Permission
from accounts.models import User
from accounts.rules import require
from connectors.base import Can
from connectors.models import ConnectedAccount
from connectors.registry import NETWORKS
from core.errors import Conflict, Refused
from incidents.models_facts import Fact
from responses import parting
from responses.correcting import withdrawn
from responses.enums import Act, DraftState, PublicationState
from responses.models import Draft, Publication

from .drafting import create_draft, submit
from .rows import lock_draft, thread_of

_BY_HAND = _lazy(
    "This network does not let programs do that. Do it there by hand, and write it down."
)


@transaction.atomic
def start_edit(publication_id: int, *, by: User, now: datetime) -> Draft:
    """Begin a draft whose text takes the place of a published one, or of one part of a thread.
    Refused where nothing can."""
    publication = _published(publication_id, by=by, act=Act.EDIT)
    title = _("Edit: %(title)s") % {"title": publication.version.draft.title}
    stands = publication.said if publication.thread else publication.shown.written
    return _begin(publication, Act.EDIT, title, stands, by=by, now=now)


@transaction.atomic
def start_removal(publication_id: int, *, by: User, now: datetime) -> Draft:
    """Ask for an approval of taking a published text down, all parts of a thread together. Refused
    where nothing can."""
    publication = _published(publication_id, by=by, act=Act.DELETE)
    _refuse_half_out(publication)
    title = _("Take down: %(title)s") % {"title": publication.version.draft.title}
    stands = publication.version.text if publication.thread else publication.said
    draft = _begin(publication, Act.DELETE, title, stands, by=by, now=now)
    return submit(draft.pk, by=by, now=now)


@transaction.atomic
def start_correction(publication_id: int, *, by: User, now: datetime) -> Draft:
    """Begin the draft that puts right a published text whose facts were withdrawn.

    It answers the text where the network lets us, and says what was wrong. There is one at a time.
    """
    publication = _published(publication_id, by=by)
    waiting = Draft.objects.filter(corrects=publication).exclude(state=DraftState.DROPPED)
    if found := waiting.first():
        return found
    numbers = withdrawn_in(publication)
    said = Fact.objects.filter(
        incident=publication.version.draft.incident_id, number__in=numbers
    ).values_list("text", flat=True)
    title = _("Correction: %(title)s") % {"title": publication.version.draft.title}
    draft = create_draft(
        publication.version.draft.incident_id,
        title=title[:120],
        text=correction(said),
        by=by,
        now=now,
        account_ids=[publication.account_id],
        reply_to=_answering(publication),
    )
    draft.corrects = publication
    draft.save(update_fields=["corrects"])
    return draft


def correction(said: Iterable[str]) -> str:
    """The first words of a correction: what was wrong. What is right, a person has to say."""
    wrong = [
        _("We wrote: “%(fact)s” That was not right, and we are sorry.") % {"fact": each}
        for each in said
    ]
    return "\n".join([_("Correction."), *wrong])


def withdrawn_in(publication: Publication) -> list[int]:
    """Numbers of the facts that the text cites as it stands there and that are withdrawn."""
    return withdrawn([publication]).get(publication.pk, [])


def _answering(publication: Publication) -> dict[str, str]:
    able = Can.REPLY in NETWORKS[publication.account.network].can
    if not (able and publication.external_id):
        return {}
    return {
        "external_id": publication.external_id,
        "author": publication.account.name,
        "text": publication.said[:500],
    }


def _refuse_half_out(publication: Publication) -> None:
    """A thread is taken down whole: once no part is on its way, and each can be reached."""
    parts = list(thread_of(publication))
    moving = {PublicationState.QUEUED, PublicationState.SENDING, PublicationState.UNCERTAIN}
    if any(part.state in moving for part in parts):
        raise Conflict(_("Parts of this thread are still on their way. Settle those first."))
    standing = [part for part in parts if part.state == PublicationState.SENT and not part.gone_at]
    if not all(able(publication.account, part.external_id, Act.DELETE) for part in standing):
        raise Refused(str(_BY_HAND))


def _begin(
    publication: Publication, act: Act, title: str, text: str, *, by: User, now: datetime
) -> Draft:
    busy = Draft.objects.filter(amends__in=thread_of(publication)).exclude(
        state__in=(DraftState.DROPPED, DraftState.PUBLISHED)
    )
    if found := busy.first():
        raise Conflict(
            _("“%(title)s” is about this text already. Finish or drop it first.")
            % {"title": found.title}
        )
    draft = create_draft(
        publication.version.draft.incident_id,
        title=title[:120],
        text=text,
        shows=publication.shown if act == Act.EDIT and publication.part == 1 else None,
        parts=parting.listed({publication.account_id: publication.thread})
        if act == Act.DELETE
        else None,
        by=by,
        now=now,
        account_ids=[publication.account_id],
        reply_to=publication.version.draft.reply_to if publication.part == 1 else None,
    )
    draft.act, draft.amends = act, publication
    draft.save(update_fields=["act", "amends"])
    return draft


def _published(publication_id: int, *, by: User, act: Act | None = None) -> Publication:
    """The publication, under its draft's lock, if it is out and the network can do this to it."""
    draft_id = Publication.objects.values_list("version__draft", flat=True).get(pk=publication_id)
    draft = lock_draft(draft_id)
    require(by, Permission.DRAFT, draft.incident.brand_id)
    rows = Publication.objects.select_related("account", "version__draft", "edited_to")
    publication = rows.get(pk=publication_id)
    if publication.state != PublicationState.SENT or publication.gone_at:
        raise Conflict(_("It is not out there any more."))
    if act and not able(publication.account, publication.external_id, act):
        raise Refused(str(_BY_HAND))
    return publication


def able(account: ConnectedAccount, external_id: str, act: Act) -> bool:
    """Whether a program can edit or remove a post that went out through this account."""
    network = NETWORKS.get(account.network)
    maker = network and (network.editor if act == Act.EDIT else network.retractor)
    return bool(external_id and maker)
