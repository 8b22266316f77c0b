"""Asking a brand's language model for help with a draft, and what becomes of the answer.

Nothing here calls anybody: a question is a row, and the engine's "language_model" loop calls
(services/assistant_calls.py). An answer changes nothing before a person takes it.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from urllib.parse import urlsplit

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from accounts import audit
from accounts.enums import Permission
from accounts.models import Brand, User
from accounts.rules import require
from core import crypto, gate, http
from core.errors import Conflict, Refused
from core.text import clean
from incidents.enums_record import FactStatus
from incidents.models import Incident
from responses.assistant import Brief, messages, reserve
from responses.enums import Act
from responses.enums_assistant import SuggestionState, Wish
from responses.models import Draft
from responses.models_assistant import LanguageModel, ModelUse, Suggestion
from responses.plan import reading, shape
from responses.services.strategy import latest_decision

from .drafting import edit_draft
from .rows import latest_version, lock_draft, refuse_closed
from .telling import refresh, subject

WAITING, ASKED, READY = SuggestionState.WAITING, SuggestionState.ASKED, SuggestionState.READY


def context(brand_id: int) -> str:
    """What a brand's key is sealed for."""
    return f"responses.language_model:{brand_id}"


@dataclass(frozen=True)
class Wanted:
    """How a brand wants its model. `key` None keeps the one that is there, "" takes it away."""

    url: str
    model: str
    is_on: bool = False
    key: str | None = None
    is_private_allowed: bool = False
    monthly_calls: int = 200
    monthly_tokens: int = 500_000
    patience: int = 45


@transaction.atomic
def configure(brand: Brand, wanted: Wanted, *, by: User) -> LanguageModel:
    """Set up a brand's model. A key that was given for one host is never kept for another."""
    require(by, Permission.MANAGE_BRAND, brand.pk)
    Brand.objects.select_for_update(no_key=True).get(pk=brand.pk)
    model = LanguageModel.objects.filter(brand=brand).first() or LanguageModel(brand=brand)
    sealed = _sealed(model, wanted)
    model.url = _checked_url(wanted.url, has_key=bool(sealed))
    model.sealed = sealed
    model.model = clean(wanted.model).strip()[:200]
    if not model.model:
        raise Refused(_("Say which model it is."))
    model.is_on, model.is_private_allowed = wanted.is_on, wanted.is_private_allowed
    model.monthly_calls, model.monthly_tokens = wanted.monthly_calls, wanted.monthly_tokens
    model.patience = min(max(wanted.patience, 5), 120)
    model.rests_until = None
    model.save()
    action = "language_model.on" if model.is_on else "language_model.off"
    audit.record(action, actor=by, brand=brand, subject=urlsplit(model.url).hostname or "")
    return model


def _sealed(model: LanguageModel, wanted: Wanted) -> bytes:
    if wanted.key is not None:
        key = clean(wanted.key).strip()
        if not key.isascii():
            raise Refused(_("A key has only plain letters, digits and signs."))
        return crypto.seal(key.encode(), context=context(model.brand_id)) if key else b""
    same = urlsplit(model.url)[:2] == urlsplit(wanted.url.strip())[:2]
    return bytes(model.sealed) if same else b""


def _checked_url(url: str, *, has_key: bool) -> str:
    url = url.strip().rstrip("/").removesuffix("/chat/completions")
    try:
        parts = http.parse(url)
    except http.Blocked as blocked:
        raise Refused(str(blocked)) from blocked
    if parts.query or parts.fragment:
        raise Refused(_("The address ends before any question mark."))
    if parts.scheme != "https" and (has_key or not gate.is_own(parts.hostname or "")):
        raise Refused(
            _("Only with https: drafts are confidential. Without a key, a host of your own that is"
              " in OUTBOUND_ALLOW may do with http.")
        )  # fmt: skip
    return url


def month_of(now: datetime) -> date:
    return now.astimezone(UTC).date().replace(day=1)


# Asking


@transaction.atomic
def ask(draft_id: int, wish: str, *, by: User, now: datetime) -> Suggestion:
    """Ask for help with the latest version. The call follows, once this has committed.

    Refused where the brand's model is off, rests, or has used its month; for a private incident
    unless that is allowed. Conflict while an earlier question is open.
    """
    draft = lock_draft(draft_id)
    require(by, Permission.DRAFT, draft.incident.brand_id)
    refuse_closed(draft)
    if wish not in Wish.values or draft.act == Act.DELETE:
        raise Refused(_("The language model cannot help with that."))
    model = usable(draft)
    if model.rests_until and model.rests_until > now:
        raise Refused(_("The language model has asked to be left alone for a while."))
    tokens = reserve(messages(brief(draft, Wish(wish), by=by)))
    month = month_of(now)
    _take(model, month, tokens)
    try:
        with transaction.atomic():
            made = Suggestion.objects.create(
                draft=draft,
                base=draft.version,
                wish=wish,
                by=by,
                at=now,
                month=month,
                reserved=tokens,
                model=model.model,
            )
    except IntegrityError:
        raise Conflict(_("It is being asked already. Wait for the answer, or cancel.")) from None
    _record("language_model.asked", made, draft, by=by, kind=str(Wish(wish).value))
    refresh(draft)
    return made


def usable(draft: Draft) -> LanguageModel:
    """The model that may see this draft; Refused, with why, if there is none."""
    model = LanguageModel.objects.filter(brand=draft.incident.brand_id, is_on=True).first()
    if model is None:
        raise Refused(_("No language model is switched on for this brand."))
    if draft.incident.is_private and not model.is_private_allowed:
        raise Refused(_("Nothing of a private incident is given to the language model."))
    return model


def _take(model: LanguageModel, month: date, tokens: int) -> None:
    """Set aside one call and what it may cost, in one statement: no race goes over the budget."""
    ModelUse.objects.get_or_create(brand=model.brand, month=month)
    took = ModelUse.objects.filter(
        brand=model.brand,
        month=month,
        calls__lt=model.monthly_calls,
        tokens__lte=model.monthly_tokens - tokens,
    ).update(calls=F("calls") + 1, tokens=F("tokens") + tokens)
    if not took:
        raise Refused(
            _("The budget of this month is used up. An administrator of the brand can raise it.")
        )


def give_back(suggestion: Suggestion, *, tokens: int, calls: int = 0) -> None:
    """Put back what was set aside and not used."""
    used = ModelUse.objects.filter(brand=suggestion.draft.incident.brand_id, month=suggestion.month)
    used.update(calls=F("calls") - calls, tokens=F("tokens") - tokens)


# The languages that a wish names.
TRANSLATED = {Wish.DANISH: "da", Wish.ENGLISH: "en"}


def brief(draft: Draft, wish: Wish, *, by: User) -> Brief:
    """What the model is told: of this incident alone, and nothing that `by` may not see."""
    incident = draft.incident
    plan = incident.plan or {}
    content = plan.get("content", {})
    decided = latest_decision(incident)
    facts = incident.facts.filter(status=FactStatus.VERIFIED)
    language = TRANSLATED.get(wish) or plan.get("language") or by.language
    prepared = reading.content_of(incident.brand_id)
    return Brief(
        wish=wish,
        text=latest_version(draft).text,
        brand=incident.brand.name,
        language=language,
        posture=decided.posture if decided else "",
        facts=list(facts.values_list("text", flat=True)),
        key_messages=[*content.get("messages", []), *_key_messages(prepared, incident, language)],
        never=content.get("never", []),
        voice=_voice(prepared, language),
        answered="" if draft.reply_to.get("gone") else draft.reply_to.get("text", ""),
    )


def _key_messages(content: shape.Content, incident: Incident, language: str) -> list[str]:
    """What the communication plan has us say of this kind of crisis, in this language."""
    return [
        " ".join([message["text"], *(f"({fact})" for fact in message["facts"])])
        for row in reading.maps_for(content, reading.kind_of(incident))
        if row["language"] == language
        for message in row["messages"]
    ]


def _voice(content: shape.Content, language: str) -> list[str]:
    said = content["voice"].get(language)
    if not said:
        return []
    return [
        *([f"Tone: {said['tone']}"] if said["tone"] else []),
        *(f"We stand for: {each}" for each in said["values"]),
        *(f"Do: {each}" for each in said["do"]),
        *(f"Do not: {each}" for each in said["dont"]),
    ]


# What becomes of it


@transaction.atomic
def cancel(suggestion_id: int, *, by: User, now: datetime) -> Suggestion:
    """Give a question up. One that is under way is not called back: its answer is thrown away."""
    suggestion = _locked(suggestion_id, by)
    if suggestion.state == WAITING:
        give_back(suggestion, tokens=suggestion.reserved, calls=1)
    elif suggestion.state != ASKED:
        raise Conflict(_("It is answered already."))
    return _move(suggestion, SuggestionState.CANCELLED)


@transaction.atomic
def dismiss(suggestion_id: int, *, by: User, now: datetime) -> Suggestion:
    suggestion = _locked(suggestion_id, by)
    if suggestion.state not in (READY, SuggestionState.FAILED):
        raise Conflict(_("There is nothing to put aside."))
    return _move(suggestion, SuggestionState.DISMISSED)


@transaction.atomic
def accept(suggestion_id: int, *, by: User, now: datetime) -> Draft:
    """Take the suggested text into the draft, as its next version, written by who takes it.

    Whoever takes it answers for it and cannot approve it. Conflict if the draft has moved on.
    """
    suggestion = _locked(suggestion_id, by)
    if suggestion.state != READY:
        raise Conflict(_("There is no suggestion to take."))
    before = suggestion.draft.version
    draft = edit_draft(
        suggestion.draft_id, text=suggestion.text, base_version=suggestion.base, by=by, now=now
    )
    if draft.version != before:
        suggestion.version = latest_version(draft)
        suggestion.save(update_fields=["version"])
    _record("language_model.accepted", suggestion, draft, by=by)
    _move(suggestion, SuggestionState.ACCEPTED)
    return draft


def _locked(suggestion_id: int, by: User) -> Suggestion:
    """The draft first, as everywhere; then the row as it is by now."""
    draft_id = Suggestion.objects.values_list("draft", flat=True).get(pk=suggestion_id)
    draft = lock_draft(draft_id)
    require(by, Permission.DRAFT, draft.incident.brand_id)
    suggestion = Suggestion.objects.select_for_update(of=("self",)).get(pk=suggestion_id)
    suggestion.draft = draft
    return suggestion


def _move(suggestion: Suggestion, state: SuggestionState) -> Suggestion:
    suggestion.state = state
    suggestion.save(update_fields=["state"])
    refresh(suggestion.draft)
    return suggestion


def _record(action: str, suggestion: Suggestion, draft: Draft, *, by: User, **more: str) -> None:
    """In the audit trail, of each call: who and what for, and no text."""
    facts = {"version": suggestion.base, **more}
    audit.record(action, actor=by, brand=draft.incident.brand, subject=subject(draft), **facts)
