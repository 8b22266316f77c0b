"""The approved answers that one conversation can be given, each as it would go out."""

from dataclasses import dataclass

from django.db.models import F, Q

from core.errors import Refused
from monitoring.models import Mention, Source

from . import texts
from .enums import Act, DraftState
from .models import Version
from .models_engage import CannedAnswer, Conversation
from .services.engage.answering import Ways, filled, sources_of

MOST = 12


@dataclass(frozen=True)
class Offer:
    """An approved answer, filled in for this person: exactly these bytes would go out."""

    version: Version
    text: str
    account: str
    # Of the library: not of this incident.
    canned: bool

    @property
    def sha256(self) -> str:
        return texts.sha256(self.text)


def offers(conversation: Conversation, mention: Mention) -> list[Offer]:
    """Those of its concern first, then the incident's, then the library's in its language."""
    incident = conversation.incident
    stock = CannedAnswer.objects.filter(
        brand=incident.brand_id, approved__isnull=False, language=conversation.lang
    ).values("approved")
    here = Q(draft__incident=incident)
    rows = (
        Version.objects.filter(
            here | Q(pk__in=stock),
            number=F("draft__version"),
            draft__act=Act.ANSWER,
            draft__state=DraftState.APPROVED,
        )
        .select_related("draft__incident")
        .prefetch_related("draft__accounts")
        .order_by("-draft__approved_at", "-pk")
    )
    found = list(rows[:MOST])
    concern = conversation.concern
    first = concern.answer_id if concern else None
    found.sort(key=lambda each: (each.draft_id != first, each.draft.incident_id != incident.pk))
    sources = sources_of(incident.brand_id)
    made = (_offer(each, conversation, mention, sources) for each in found)
    return [each for each in made if each is not None]


def _offer(
    version: Version, conversation: Conversation, mention: Mention, sources: dict[int, Source]
) -> Offer | None:
    try:
        account = Ways(version.draft, sources).account(conversation)
        _name, text = filled(account, version.text, mention.author)
    except Refused:
        return None
    canned = version.draft.incident_id != conversation.incident_id
    return Offer(version, text, account.name, canned)


def stock(conversation: Conversation) -> list[CannedAnswer]:
    """The library's answers without an approval: a draft begins with them."""
    rows = CannedAnswer.objects.filter(brand=conversation.incident.brand_id, approved=None)
    found = list(rows.order_by("title")[:MOST])
    return sorted(found, key=lambda each: each.language != conversation.lang)


def approved_alike(stock: list[CannedAnswer]) -> dict[int, Version]:
    """By an answer of the library: the version of its very bytes that is approved somewhere."""
    wanted = {each.sha256: each for each in stock if each.approved_id is None}
    rows = Version.objects.filter(
        sha256__in=wanted,
        number=F("draft__version"),
        draft__act=Act.ANSWER,
        draft__state=DraftState.APPROVED,
        draft__incident__brand__in={each.brand_id for each in stock},
        draft__incident__is_private=False,
    )
    found = {version.sha256: version for version in rows.select_related("draft__incident")}
    return {each.pk: found[digest] for digest, each in wanted.items() if digest in found}
