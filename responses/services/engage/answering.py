"""Approved answers: written as a draft that goes to people one by one, and sent by whoever may.

The approval is the usual one, of the text with {name} in it. What goes to a person is that text
with a name in its place, and nothing else; the database makes it anew and compares.
"""

from datetime import datetime
from hashlib import sha256
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.enums import Permission
from accounts.models import User
from accounts.rules import require
from connectors.base import Can
from connectors.models import ConnectedAccount
from connectors.registry import NETWORKS
from core.errors import Conflict, Refused
from monitoring.models import Mention, Source
from responses import people, selectors_engage, texts
from responses.enums import MAY_BE_OUT, Act, DraftState, PublicationState
from responses.enums_engage import ConversationState, RunKind
from responses.models import Draft, Version
from responses.models_engage import Answer, AnswerRun, CannedAnswer, Concern, Conversation
from responses.selectors import usable_accounts
from responses.services.approving import UNDO_WINDOW
from responses.services.drafting import create_draft
from responses.services.publications import is_approved
from responses.services.rows import lock_draft

from .working import lock_conversation, refuse_held

# May be out a moment from now, or is, and nobody knows.
UNDER_WAY = (PublicationState.QUEUED, PublicationState.SENDING, PublicationState.UNCERTAIN)
# The longest name is this much longer than the place that it is put in.
ROOM = people.LONGEST


def accounts_to_answer(brand_id: int) -> list[ConnectedAccount]:
    """The brand's accounts through which people can be answered."""
    usable = usable_accounts(brand_id)
    return [each for each in usable if Can.REPLY in NETWORKS[each.network].can]


@transaction.atomic
def write_answer(incident_id: int, *, title: str, text: str, by: User, now: datetime) -> Draft:
    """Begin a draft that answers people, for all accounts that can; it is approved as any other."""
    draft = create_draft(incident_id, title=title, text=text, by=by, now=now)
    accounts = accounts_to_answer(draft.incident.brand_id)
    if not accounts:
        raise Refused(_("Connect an account first through which people can be answered."))
    draft.act = Act.ANSWER
    draft.save(update_fields=["act"])
    draft.accounts.set(accounts)
    return draft


def usable(version: Version, draft: Draft) -> bool:
    """Whether these bytes may go to people now: approved as they stand, by people who still may."""
    return (
        draft.act == Act.ANSWER
        and draft.state == DraftState.APPROVED
        and version.number == draft.version
        and version.sha256 == texts.sha256(version.text)
        and is_approved(version, draft.incident.brand_id)
    )


def sources_of(brand_id: int) -> dict[int, Source]:
    return Source.objects.filter(brand=brand_id).in_bulk()


class Ways:
    """How a draft's people can be reached: its accounts and the brand's sources, read once."""

    def __init__(self, draft: Draft, sources: dict[int, Source] | None = None) -> None:
        brand_id = draft.incident.brand_id
        ordered = sorted(draft.accounts.all(), key=lambda each: each.pk)
        self._accounts = [each for each in ordered if each.is_active and each.brand_id == brand_id]
        self._sources = sources_of(brand_id) if sources is None else sources

    def account(self, conversation: Conversation) -> ConnectedAccount:
        """The account that reads what is answered, or else the first of that network."""
        source = self._sources.get(conversation.source_id)
        kinds = {conversation.network, source.kind if source else ""}
        same = [each for each in self._accounts if each.network in kinds]
        own = [each for each in same if source is not None and each.pk == source.account_id]
        if not same:
            raise Refused(
                _("No account of ours that this was approved for can answer on %(network)s.")
                % {"network": conversation.network}
            )
        return (own or same)[0]


def filled(account: ConnectedAccount, template: str, author: str) -> tuple[str, str]:
    """The name and the text that go to this author. Refused where it does not fit."""
    name = people.called(author, account.network)
    text = people.personal(template, name)
    if name and _over(account, text):
        name, text = "", people.personal(template, "")
    if _over(account, text):
        raise Refused(_("Too long for %(account)s.") % {"account": account.name})
    return name, text


@transaction.atomic
def send_answer(
    conversation_id: int, version_id: int, *, digest: str, by: User, now: datetime
) -> Answer:
    """Send an approved answer to one person. `digest` is of the text that was shown.

    An answer to all that still waits for this person is taken back: one who writes themselves
    takes its place. Conflict while somebody else is answering, when the person has an answer to
    this message or had this very one, when they have written since, or when the text is not
    approved any more.
    """
    row = lock_conversation(conversation_id)
    require(by, Permission.PUBLISH, row.incident.brand_id)
    refuse_held(row, by, now)
    if row.state == ConversationState.IGNORED:
        raise Conflict(_("They are left alone. Take it up again first."))
    version = Version.objects.select_related("draft__incident__brand").get(pk=version_id)
    draft = lock_draft(version.draft_id)
    refuse_unusable(row, version, draft)
    mention = selectors_engage.mentions([row]).get(row.mention_id)
    if mention is None:
        raise Conflict(_("What they wrote was taken away."))
    made = compose(row, mention, version, Ways(draft), by=by, now=now)
    if made.sha256 != digest.strip().lower():
        raise Conflict(_("The text is not the one that was shown to you. Read it again."))
    made.publish_at = max(now, (draft.approved_at or now) + UNDO_WINDOW)
    made.concern, made.kind = _concern_of(draft, row.incident_id)
    _take_back(row, made)
    _refuse_had(made)
    try:
        with transaction.atomic():
            made.save()
    except IntegrityError as error:
        raise Conflict(_("This message has an answer already.")) from error
    row.claimed_by, row.claimed_until = by, max(row.claimed_until or now, made.publish_at)
    row.assignee = row.assignee or by
    row.version += 1
    row.save()
    return made


def _concern_of(draft: Draft, incident_id: int) -> tuple[Concern | None, str]:
    """Which concern's text this is, and which of the two."""
    texts_of = Q(answer=draft) | Q(fix=draft)
    found = Concern.objects.filter(texts_of, incident=incident_id).order_by("pk").first()
    if found is None:
        return None, ""
    return found, RunKind.ANSWER if found.answer_id == draft.pk else RunKind.FIXED


def _take_back(row: Conversation, made: Answer) -> None:
    """Let no answer of a run follow: of this conversation, or the same one in another thread.

    What an engine has in hand is not waited for, so that nobody waits for each other.
    """
    of_runs = Answer.objects.filter(run__isnull=False, conversation__incident=row.incident_id)
    theirs = of_runs.filter(conversation=row)
    if made.concern:
        theirs |= of_runs.filter(concern=made.concern, kind=made.kind, person=row.person)
    queued = theirs.filter(state=PublicationState.QUEUED)
    locked = queued.select_for_update(no_key=True, of=("self",), skip_locked=True)
    ids = list(locked.order_by("pk").values_list("pk", flat=True))
    Answer.objects.filter(pk__in=ids).update(state=PublicationState.CANCELLED, error="by_hand")
    if theirs.filter(state__in=UNDER_WAY).exists():
        raise Conflict(_("The answer to all is on its way to them. Look again in a moment."))


def _refuse_had(made: Answer) -> None:
    """Conflict where the person had this very answer, by a run or by hand, in whatever thread."""
    same = Answer.objects.filter(concern=made.concern, kind=made.kind, person=made.person)
    if made.concern and same.filter(state__in=MAY_BE_OUT).exists():
        raise Conflict(_("They have had this answer."))


def refuse_unusable(row: Conversation, version: Version, draft: Draft) -> None:
    """Conflict unless these bytes may go to this conversation now. Expects the draft's lock."""
    if not usable(version, draft):
        raise Conflict(_("This answer is not approved as it stands."))
    if draft.incident_id == row.incident_id:
        return
    stock = CannedAnswer.objects.filter(
        approved=version, sha256=version.sha256, brand=row.incident.brand_id
    )
    if draft.incident.brand_id != row.incident.brand_id or not stock.exists():
        raise Conflict(_("This answer was approved for another incident."))


def compose(  # noqa: PLR0913 - what an answer is made of
    row: Conversation,
    mention: Mention,
    version: Version,
    ways: Ways,
    *,
    by: User,
    now: datetime,
    run: AnswerRun | None = None,
) -> Answer:
    """The answer as it would go to this person, unsaved. Refused where it does not fit."""
    account = ways.account(row)
    name, text = filled(account, version.text, mention.author)
    what: tuple[Any, ...] = (run.pk if run else 0, row.pk, mention.pk, version.pk)
    key = sha256("/".join(map(str, what)).encode()).hexdigest()[:32]
    tries = 0 if run else Answer.objects.filter(conversation=row, mention_id=mention.pk).count()
    return Answer(
        conversation=row,
        version=version,
        account=account,
        run=run,
        concern=run.concern if run else None,
        kind=run.kind if run else "",
        person=row.person,
        mention_id=mention.pk,
        name=name,
        text=text,
        sha256=texts.sha256(text),
        idempotency_key=f"cd-answer-{key}-{tries}",
        reply_to=mention.external_id,
        publish_at=now,
        by=by,
        created_at=now,
    )


def _over(account: ConnectedAccount, text: str) -> bool:
    length, limit = texts.measure(account, text)
    return bool(limit) and length > limit
