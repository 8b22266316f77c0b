"""The press: what the outbox hands over becomes a signed entry of the page, exactly once.

Called by the engine outside any transaction, like every network's publisher; here the network is
ours, so what a call leaves behind is never uncertain: the entry is there or it is not.
"""

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _gettext
from django.utils.translation import gettext_noop as _

from connectors.base import Message, PermanentError, Picture, Receipt
from connectors.statement import publisher
from core import live
from core.clock import database_now
from core.crypto import Unsealable
from core.errors import Refused
from incidents.enums_record import PromiseState
from incidents.models_promises import Promise
from incidents.services import promises
from responses import texts
from responses.enums import PublicationState
from responses.enums_statement import ABOUT, NEWS, EntryForm
from responses.models import Draft, Publication
from responses.models_statement import (
    Statement,
    StatementDraft,
    StatementEntry,
    StatementImage,
    StatementKey,
    StatementSite,
)
from responses.placing import Placed
from responses.statements import addresses, documents

from . import mailing
from .drafts import tell
from .sites import lock_site, sign

logger = logging.getLogger(__name__)


class Press:
    """connectors.statement's press; registered by the AppConfig."""

    def publish(self, message: Message) -> Receipt:
        return _receipt(_publish(message, now=database_now()))

    def find(self, message: Message) -> Receipt | None:
        key = message.idempotency_key
        entries = StatementEntry.objects.select_related("statement__site")
        found = entries.filter(idempotency_key=key).first()
        return _receipt(found) if found else None

    def retract(self, external_id: str) -> None:
        _withdraw(external_id, now=database_now())


def _receipt(entry: StatementEntry) -> Receipt:
    statement = entry.statement
    name = f"{statement.site.slug}/{statement.slug}/{entry.number}"
    return Receipt(name, addresses.entry(statement, entry.number))


@transaction.atomic
def _publish(message: Message, *, now: datetime) -> StatementEntry:
    publication = _publication(message)
    draft = publication.version.draft
    site = StatementSite.objects.filter(account=publication.account_id).first()
    if site is None:
        raise PermanentError(_("The brand has no statement page any more."))
    site = lock_site(site.pk)
    before = StatementEntry.objects.filter(idempotency_key=message.idempotency_key).first()
    if before is not None:
        return before
    terms = _terms(draft, site, now=now)
    _refuse_untimely(terms, now=now)
    entry = _append(
        terms,
        message.text,
        number_of=message.idempotency_key,
        images=message.images,
        now=now,
    )
    _follow_promise(entry, draft, now=now)
    mailing.queue(entry, now=now)
    return entry


def _publication(message: Message) -> Publication:
    """The publication that this call is for, with exactly these bytes and on its way out."""
    rows = Publication.objects.select_related("version__draft__incident", "version__draft__author")
    found = rows.filter(idempotency_key=message.idempotency_key).first()
    moving = (PublicationState.SENDING, PublicationState.UNCERTAIN, PublicationState.SENT)
    if found is None or found.state not in moving or not _is_approved(found, message):
        raise PermanentError(_("This is not what was approved for the statement page."))
    return found


def _is_approved(publication: Publication, message: Message) -> bool:
    version = publication.version
    digest = texts.digest(message.text, version.media, version.parts)
    shown = [hashlib.sha256(image.data).hexdigest() for image in message.images]
    return digest == publication.sha256 and shown == [each.sha256 for each in version.images]


def _terms(draft: Draft, site: StatementSite, *, now: datetime) -> StatementDraft:
    """How it is to appear; a draft that says nothing is an update in the main language."""
    rows = StatementDraft.objects.select_related("statement__site", "about")
    found = rows.filter(draft=draft, statement__site=site).first()
    if found is not None:
        return found
    if draft.reply_to:
        raise PermanentError(_("This answers one post: it is no statement to everybody."))
    if draft.incident.is_drill:
        raise PermanentError(_("A drill has no statement page: the world would read it."))
    statement, _made = Statement.objects.get_or_create(
        incident=draft.incident,
        defaults={
            "site": site,
            "slug": f"{now:%Y-%m-%d}-{draft.incident_id}",
            "prepared_by": draft.author,
            "prepared_at": now,
        },
    )
    return StatementDraft(draft=draft, statement=statement, language=site.languages[0])


def _refuse_untimely(terms: StatementDraft, *, now: datetime) -> None:
    if terms.next_update_at and terms.next_update_at <= now:
        raise PermanentError(
            _("The time promised for the next update has passed. Promise another one.")
        )
    if terms.statement.closed_at and terms.form in NEWS:
        raise PermanentError(_("The statement has had its closing note. Correct what it says."))
    if terms.about and terms.about.later.filter(form=EntryForm.WITHDRAWAL).exists():
        raise PermanentError(_("What it speaks of has been withdrawn."))


def _append(
    terms: StatementDraft,
    text: str,
    *,
    number_of: str,
    now: datetime,
    images: Sequence[Picture] = (),
) -> StatementEntry:
    """Write the next entry of the chain, signed. Expects the site's lock."""
    statement = terms.statement
    last = statement.entries.order_by("-number").first()
    key = statement.site.keys.filter(retired_at=None).first()
    if key is None:
        raise PermanentError(_("The statement page has no key to sign with."))
    entry = StatementEntry(
        statement=statement,
        number=last.number + 1 if last else 1,
        form=terms.form,
        language=terms.language,
        about=terms.about if terms.form in ABOUT else None,
        text=text,
        reason=terms.reason,
        next_update_at=terms.next_update_at,
        published_at=now,
        idempotency_key=number_of,
        key=key,
    )
    shown = [_kept(statement, image) for image in images]
    _seal(entry, key, previous=last.sha256 if last else None, shown=shown)
    entry.save()
    _show(statement, entry, now=now)
    return entry


def _kept(statement: Statement, image: Picture) -> dict[str, object]:
    """Keep an image with the statement; return it as it stands in the document."""
    digest = hashlib.sha256(image.data).hexdigest()
    StatementImage.objects.get_or_create(
        statement=statement,
        sha256=digest,
        defaults={"media_type": image.media_type, "data": image.data},
    )
    shown = Placed(digest, image.alt, image.media_type, image.width, image.height)
    return asdict(shown)


def _seal(
    entry: StatementEntry,
    key: StatementKey,
    *,
    previous: str | None,
    shown: list[dict[str, object]],
) -> None:
    document = _document(entry, previous)
    if shown:
        document |= {"version": documents.WITH_IMAGES, "images": shown}
    data = documents.canonical(document)
    try:
        entry.signature = sign(key, data)
    except Unsealable as error:
        raise PermanentError(
            _("The key of the statement page cannot be opened. Make a new one in its settings.")
        ) from error
    entry.document = data.decode()
    entry.sha256 = documents.digest(data)


def _document(entry: StatementEntry, previous: str | None) -> dict[str, object]:
    statement = entry.statement
    return {
        "version": documents.VERSION,
        "brand": statement.site.brand.name,
        "statement": addresses.statement(statement),
        "number": entry.number,
        "form": entry.form.lower(),
        "about": entry.about.number if entry.about else None,
        "language": entry.language,
        "text": entry.text,
        "reason": entry.reason,
        "published_at": documents.moment(entry.published_at),
        "next_update_at": documents.moment(entry.next_update_at),
        "previous": previous,
        "key": entry.key.fingerprint,
    }


def _show(statement: Statement, entry: StatementEntry, *, now: datetime) -> None:
    """Have the files written, and the statement stand as this entry leaves it."""
    statement.is_stale = True
    statement.published_at = statement.published_at or now
    if entry.form == EntryForm.CLOSING:
        statement.closed_at = now
        mailing.forget_later(statement, now=now)
    statement.save(update_fields=["is_stale", "published_at", "closed_at"])
    StatementSite.objects.filter(pk=statement.site_id).update(export_at=now)
    live.publish(f"incident.{statement.incident_id}", "drafts", {})


# Promises


def _follow_promise(entry: StatementEntry, draft: Draft, *, now: datetime) -> None:
    """News keep the promise of news; a time that is given is a promise of the incident's."""
    if entry.form not in (*NEWS, EntryForm.CORRECTION):
        return
    try:
        with transaction.atomic():
            if entry.form in NEWS:
                _keep_promises(entry, draft, now=now)
            if entry.next_update_at:
                _promise(entry, draft, now=now)
    except Refused as refused:
        logger.warning("The promise of statement entry %s was not kept: %s", entry.pk, refused)


def _made_in(entry: StatementEntry) -> str:
    return addresses.statement(entry.statement)[:200]


def _open_promises(entry: StatementEntry) -> list[Promise]:
    rows = Promise.objects.filter(incident=entry.statement.incident_id, state=PromiseState.OPEN)
    return list(rows.filter(made_in=_made_in(entry)))


def _keep_promises(entry: StatementEntry, draft: Draft, *, now: datetime) -> None:
    for promise in _open_promises(entry):
        late = promise.due_at < now
        settling = promises.Settling(
            PromiseState.BROKEN if late else PromiseState.KEPT,
            promise.version,
            _gettext("The update came after the time that was promised.") if late else "",
        )
        promises.settle_promise(
            promise.incident_id, promise.number, settling, by=draft.author, now=now
        )


def _promise(entry: StatementEntry, draft: Draft, *, now: datetime) -> None:
    """A correction that promises a time replaces nothing: the same time is not promised twice."""
    due = entry.next_update_at
    if due is None or any(each.due_at == due for each in _open_promises(entry)):
        return
    given = promises.Given(
        _gettext("Next update on the statement page"), due, draft.author, _made_in(entry)
    )
    promises.give_promise(entry.statement.incident_id, given, by=draft.author, now=now)


# Taking back


@transaction.atomic
def _withdraw(external_id: str, *, now: datetime) -> None:
    """Strike an entry out, visibly and for ever; its words stay to be read. Twice is once."""
    site_slug, _slash, rest = external_id.partition("/")
    slug, _slash, number = rest.partition("/")
    site = StatementSite.objects.filter(slug=site_slug).first()
    if site is None or not number.isdecimal():
        raise PermanentError(_("There is no such entry."))
    site = lock_site(site.pk)
    rows = StatementEntry.objects.select_related("statement__site__brand")
    entry = rows.filter(statement__site=site, statement__slug=slug, number=int(number)).first()
    if entry is None:
        raise PermanentError(_("There is no such entry."))
    if entry.later.filter(form=EntryForm.WITHDRAWAL).exists():
        return
    terms = StatementDraft(
        statement=entry.statement,
        form=EntryForm.WITHDRAWAL,
        language=entry.language,
        about=entry,
    )
    made = _append(terms, "", number_of=f"withdrawn-{entry.pk}", now=now)
    mailing.queue(made, now=now)
    tell(entry.statement, "statement.withdrawn", by=None)


publisher.register(Press())
