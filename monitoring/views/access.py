"""How this room's pages find their rows and ask for the right."""

from django.http import Http404

from accounts.enums import Permission
from accounts.models import User
from accounts.rules import require
from monitoring.models import FileImport, Mention, Source
from monitoring.selectors import get_mention
from monitoring.selectors import sources as selectors


def find(user: User, pk: int) -> Source:
    """Return the source, or 404 alike for a missing and an invisible one."""
    try:
        return selectors.get_source(user, pk)
    except Source.DoesNotExist:
        raise Http404 from None


def find_managed(user: User, pk: int) -> Source:
    """Return the source to somebody who may change it; 403 with words for other members."""
    source = find(user, pk)
    require(user, Permission.MANAGE_BRAND, source.brand_id)
    return source


def find_import(user: User, pk: int) -> FileImport:
    """Return an import to somebody who may change its source."""
    try:
        upload = selectors.get_import(user, pk)
    except FileImport.DoesNotExist:
        raise Http404 from None
    require(user, Permission.MANAGE_BRAND, upload.source.brand_id)
    return upload


def find_mention(user: User, pk: int) -> Mention:
    """Return the mention, or 404 alike for a missing and an invisible one."""
    try:
        return get_mention(user, pk)
    except Mention.DoesNotExist:
        raise Http404 from None
