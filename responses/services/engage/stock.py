"""The library of a brand's answers, by language. What is in it is approved by its bytes."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts import audit
from accounts.enums import Permission
from accounts.models import Brand, User
from accounts.rules import require
from core.errors import Conflict, Refused
from core.text import clean
from responses import texts
from responses.models import Draft, Version
from responses.models_engage import CannedAnswer

from .answering import usable, write_answer

LANGUAGES = ("da", "en", "sv", "nb", "de", "fr", "es", "nl", "fi", "is", "pl")


@transaction.atomic
def save_canned(  # noqa: PLR0913 - what an answer in stock is
    brand: Brand,
    *,
    title: str,
    text: str,
    language: str,
    by: User,
    now: datetime,
    canned: CannedAnswer | None = None,
) -> CannedAnswer:
    """Add an answer, or change one: other words have lost their approval."""
    require(by, Permission.DRAFT, brand.pk)
    title, text = " ".join(clean(title).split())[:120], texts.tidy(text)
    if not title or not texts.public(text):
        raise Refused(_("Give the answer a title and a text."))
    if len(text) > texts.MAX_LENGTH or texts.public(text) != text:
        raise Refused(_("The text is too long, or cites facts of one incident."))
    if language not in LANGUAGES:
        raise Refused(_("There is no such language."))
    row = canned or CannedAnswer(brand=brand)
    if row.sha256 != texts.sha256(text):
        row.approved = None
    row.title, row.text, row.language = title, text, language
    row.sha256, row.changed_by, row.changed_at = texts.sha256(text), by, now
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError:
        raise Conflict(_("There is an answer of this name in this language already.")) from None
    audit.record("canned.saved", actor=by, brand=brand, subject=title, text=row.sha256)
    return row


@transaction.atomic
def delete_canned(canned_id: int, *, by: User) -> None:
    """Take an answer out of the library; one that has gone already is no error."""
    row = CannedAnswer.objects.select_for_update().filter(pk=canned_id).first()
    if row is None:
        return
    require(by, Permission.DRAFT, row.brand_id)
    audit.record("canned.deleted", actor=by, brand=row.brand, subject=row.title)
    row.delete()


def use_canned(canned: CannedAnswer, incident_id: int, *, by: User, now: datetime) -> Draft:
    """Begin a draft in the incident with these words, to be approved there."""
    return write_answer(incident_id, title=canned.title, text=canned.text, by=by, now=now)


@transaction.atomic
def keep_approval(canned_id: int, version_id: int, *, by: User) -> CannedAnswer:
    """Let an approval of exactly these bytes hold for the whole brand.

    Only whoever may approve says so, and never of what was approved in a private incident.
    """
    row = CannedAnswer.objects.select_for_update().select_related("brand").get(pk=canned_id)
    require(by, Permission.APPROVE, row.brand_id)
    version = Version.objects.select_related("draft__incident").get(pk=version_id)
    draft = version.draft
    same = draft.incident.brand_id == row.brand_id and version.sha256 == row.sha256
    if not same or draft.incident.is_private or not usable(version, draft):
        raise Refused(_("No approval in an incident of this brand covers exactly these words."))
    row.approved = version
    row.save(update_fields=["approved"])
    audit.record("canned.approved", actor=by, brand=row.brand, subject=row.title, text=row.sha256)
    return row
