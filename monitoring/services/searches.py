"""Saved searches: named views of the stream, one's own or shared with a brand."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts import audit
from accounts.enums import Permission
from accounts.models import User
from accounts.rules import allowed
from core.errors import Conflict, Forbidden, Refused
from core.text import clean
from monitoring.models_triage import SavedSearch, SearchLook

# More would be a list that nobody reads.
MOST = 50


def save_search(
    name: str, query: str, *, by: User, brand_id: int | None = None, now: datetime
) -> SavedSearch:
    """Keep the filter `query` (an address without its "?") under a name; with a brand, for all.

    Raises Refused for a name that is empty or taken, or one too many, Forbidden where the person
    may not share with the brand.
    """
    called = clean(name).strip()[:60]
    if not called:
        raise Refused(_("Give the search a name."))
    if brand_id is not None and not allowed(by, Permission.TRIAGE, brand_id):
        raise Forbidden(_("You need the role of responder or lead to share a search."))
    if SavedSearch.objects.filter(owner=by).count() >= MOST:
        raise Refused(_("At most %(most)d searches can be saved.") % {"most": MOST})
    try:
        with transaction.atomic():
            made = SavedSearch.objects.create(
                owner=by, brand_id=brand_id, name=called, query=query[:2000]
            )
            SearchLook.objects.create(search=made, user=by, looked_at=now)
            audit.record("search.saved", actor=by, brand=brand_id, subject=called)
    except IntegrityError:
        raise Conflict(_("You have a search of that name.")) from None
    return made


@transaction.atomic
def delete_search(search: SavedSearch, *, by: User) -> None:
    """Remove it: one's own, or one shared with a brand that one manages."""
    managed = search.brand_id and allowed(by, Permission.MANAGE_BRAND, search.brand_id)
    if search.owner_id != by.pk and not managed:
        raise Forbidden(_("Only who saved it, or an administrator, can remove it."))
    audit.record("search.deleted", actor=by, brand=search.brand_id, subject=search.name)
    search.delete()


def look(search: SavedSearch, *, by: User, now: datetime) -> None:
    """Note that the person has seen what it shows; what comes in from now on is unread."""
    SearchLook.objects.update_or_create(search=search, user=by, defaults={"looked_at": now})
