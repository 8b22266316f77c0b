"""Sources and imports as their pages and the API show them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet

from accounts.enums import Permission
from accounts.models import User
from accounts.rules import PERMISSIONS
from connectors.budget import RESERVE, WINDOW, key
from connectors.models import Budget
from monitoring.enums import Condition, SourceKind
from monitoring.models import FileImport, Source

# A source that has said nothing for this long, and for this many times its own longest pause, is
# worth a look.
SILENCE = timedelta(hours=24)
PAUSES = 1.5
# Warned of so long before the credentials end.
ENDS_SOON = timedelta(days=7)


@dataclass(frozen=True)
class Health:
    """How a source is doing. `error` says what went wrong and what to do, "" where nothing did.

    `lag` is in seconds; `quota_left` of `quota_limit` calls until `quota_resets_at`, None where the
    network does not say.
    """

    condition: Condition
    succeeded_at: datetime | None
    mention_at: datetime | None
    next_poll_at: datetime | None
    failures: int
    error: str
    error_at: datetime | None
    lag: float | None = None
    quota_left: int | None = None
    quota_limit: int | None = None
    quota_resets_at: datetime | None = None
    expires_at: datetime | None = None
    ends_soon: bool = False
    gap_from: datetime | None = None
    gap_until: datetime | None = None

    @property
    def scarce(self) -> bool:
        """Whether reading waits for the network's count to begin anew."""
        return self.quota_left is not None and self.quota_left <= RESERVE * (self.quota_limit or 0)


def health(source: Source, *, now: datetime) -> Health:
    return healths([source], now=now)[0]


def healths(found: Sequence[Source], *, now: datetime) -> list[Health]:
    """Return how each is doing, in order. One query, whatever their number."""
    budgets = Budget.objects.in_bulk([key(each.kind, each.account_id) for each in found])
    return [_health(each, budgets.get(key(each.kind, each.account_id)), now) for each in found]


def _health(source: Source, budget: Budget | None, now: datetime) -> Health:
    expires_at = ends_at(source)
    told = budget if budget and budget.limit > 0 and _lasts(budget, now) else None
    return Health(
        _condition(source, now),
        source.succeeded_at,
        source.mention_at,
        source.next_poll_at if source.is_active else None,
        source.failures,
        source.problem,
        source.error_at,
        lag=source.lag,
        quota_left=max(told.left, 0) if told else None,
        quota_limit=told.limit if told else None,
        quota_resets_at=told.resets_at if told else None,
        expires_at=expires_at,
        ends_soon=expires_at is not None and expires_at - now < ENDS_SOON,
        gap_from=source.gap_from,
        gap_until=source.gap_until,
    )


def ends_at(source: Source) -> datetime | None:
    """When the first of the credentials ends by which it is read."""
    ends = (source.expires_at, source.account.expires_at if source.account else None)
    return min((end for end in ends if end), default=None)


def _lasts(budget: Budget, now: datetime) -> bool:
    return now < (budget.resets_at or budget.told_at + WINDOW)


def _condition(source: Source, now: datetime) -> Condition:
    if not source.is_active:
        return Condition.PAUSED
    if source.stopped_at is not None:
        return Condition.STOPPED
    if source.failures:
        return Condition.FAILING
    if source.succeeded_at is None:
        return Condition.WAITING
    return Condition.SILENT if _is_silent(source, now) else Condition.WORKING


def _is_silent(source: Source, now: datetime) -> bool:
    """Whether it says nothing although, by its own rhythm, it should."""
    usual = timedelta(seconds=PAUSES * (source.pause or 0))
    since = source.mention_at or source.created_at
    return source.kind != SourceKind.FILE and now - since > max(SILENCE, usual)


def sources(user: User) -> QuerySet[Source]:
    """The sources of the brands that `user` belongs to, brand by brand."""
    found = Source.objects.visible_to(user).select_related("brand", "account")
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


def untaken(*, before: datetime) -> int:
    """Return how many sources were asked before then and have not been taken up by a worker."""
    asked = Source.objects.filter(is_active=True, stopped_at=None, next_poll_at__isnull=False)
    return asked.filter(asked_at__lt=before).count()
