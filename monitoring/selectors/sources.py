"""Sources and imports as their pages and the API show them."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet

from accounts.enums import Permission
from accounts.models import User
from accounts.rules import PERMISSIONS
from monitoring.enums import Condition, SourceKind
from monitoring.models import FileImport, Source

# A source that people rely on and that has said nothing for this long is worth a look.
SILENCE = timedelta(hours=24)
POLLED = (SourceKind.FEED, SourceKind.SIMULATOR)


@dataclass(frozen=True)
class Health:
    """How a source is doing. `error` says what went wrong and what to do, "" where nothing did."""

    condition: Condition
    succeeded_at: datetime | None
    mention_at: datetime | None
    next_poll_at: datetime | None
    failures: int
    error: str
    error_at: datetime | None


def health(source: Source, *, now: datetime) -> Health:
    return Health(
        _condition(source, now),
        source.succeeded_at,
        source.mention_at,
        source.next_poll_at if source.is_active else None,
        source.failures,
        source.error,
        source.error_at,
    )


def _condition(source: Source, now: datetime) -> Condition:
    if not source.is_active:
        return Condition.PAUSED
    if source.failures:
        return Condition.FAILING
    if source.succeeded_at is None:
        return Condition.WAITING
    if source.kind != SourceKind.FILE and now - (source.mention_at or source.created_at) > SILENCE:
        return Condition.SILENT
    return Condition.WORKING


def sources(user: User) -> QuerySet[Source]:
    """The sources of the brands that `user` belongs to, brand by brand."""
    found = Source.objects.visible_to(user).select_related("brand")
    return found.order_by("brand__name", "name")


def managed_brands(user: User) -> list[int]:
    """The brands whose sources `user` may change."""
    return [
        brand_id
        for brand_id, role in user.roles.items()
        if Permission.MANAGE_BRAND in PERMISSIONS[role]
    ]


def get_source(user: User, pk: int) -> Source:
    """Return the source; Source.DoesNotExist alike for a missing and an invisible one."""
    return sources(user).get(pk=pk)


def imports(user: User) -> QuerySet[FileImport]:
    """Imports into the brands that `user` belongs to, the latest first."""
    found = FileImport.objects.filter(source__brand_id__in=user.roles)
    return found.select_related("source__brand", "uploaded_by").order_by("-pk")


def get_import(user: User, pk: int) -> FileImport:
    """Return the import; FileImport.DoesNotExist alike for a missing and an invisible one."""
    return imports(user).get(pk=pk)


def is_stalled(upload: FileImport, *, now: datetime) -> bool:
    """Whether no worker is reading an import that should be read."""
    return upload.lease_until is None or upload.lease_until < now
