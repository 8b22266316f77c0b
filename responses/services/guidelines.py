"""Keeping the list of words that a brand avoids."""

from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts import audit
from accounts.enums import Permission
from accounts.models import Brand, User
from accounts.rules import require
from core.errors import Conflict, Refused
from core.text import clean
from responses.models_guidelines import AvoidedWord


@dataclass(frozen=True)
class Avoiding:
    """What is to be avoided; `language` is "da", "en" or "" for every one."""

    word: str
    language: str = ""
    instead: str = ""
    reason: str = ""


def avoid(brand: Brand, wanted: Avoiding, *, by: User) -> AvoidedWord:
    """Add a word to the brand's list. Conflict if it is on it already."""
    require(by, Permission.MANAGE_BRAND, brand.pk)
    word = " ".join(clean(wanted.word).split())[:120]
    if len(word.rstrip("*")) < 2:
        raise Refused(_("Write a word of at least two letters."))
    try:
        with transaction.atomic():
            added = AvoidedWord.objects.create(
                brand=brand,
                word=word,
                language=AvoidedWord.Language(wanted.language),
                instead=clean(wanted.instead).strip()[:200],
                reason=clean(wanted.reason).strip()[:300],
            )
            audit.record("guideline.added", actor=by, brand=brand, subject=word)
    except IntegrityError:
        raise Conflict(_("“%(word)s” is on the list already.") % {"word": word}) from None
    return added


@transaction.atomic
def allow(word_id: int, *, by: User) -> None:
    """Take a word off its brand's list; one that has gone already is no error."""
    word = AvoidedWord.objects.select_for_update().filter(pk=word_id).select_related("brand")
    found = word.first()
    if found is None:
        return
    require(by, Permission.MANAGE_BRAND, found.brand_id)
    audit.record("guideline.removed", actor=by, brand=found.brand, subject=found.word)
    found.delete()
