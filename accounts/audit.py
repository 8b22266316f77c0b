"""The audit trail: append-only, each entry carrying the digest of the one before.

A changed, missing, added or reordered entry breaks the chain. A cut end or a chain rebuilt as a
whole cannot be seen from inside: `manage.py audit_verify` prints the head for keeping elsewhere,
and compares with one that was kept.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from django.db import transaction
from django.utils import timezone

from core.text import clean

from .models import AuditEntry, AuditHead, Brand, User


def record(
    action: str,
    *,
    actor: User | None = None,
    brand: Brand | int | None = None,
    subject: str = "",
    **detail: Any,
) -> AuditEntry:
    """Add an entry in the caller's transaction: what was done, to what, with which values.

    Call it after the rows are locked and before the announcement: it holds the trail's head until
    the commit, and whoever locks other rows after it can deadlock. `detail` is JSON without
    secrets; its numbers with a fraction are kept as text, which the chain needs.
    """
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("audit.record() needs a transaction.")
    head, _ = AuditHead.objects.select_for_update().get_or_create(pk=1)
    entry = AuditEntry(
        number=head.number + 1,
        at=timezone.now(),
        actor_id=actor.pk if actor else None,
        brand_id=brand.pk if isinstance(brand, Brand) else brand,
        action=action,
        subject=clean(subject)[:120],
        detail=_plain(detail),
        previous=head.digest,
    )
    entry.digest = digest(entry)
    entry.save(force_insert=True)
    AuditHead.objects.filter(pk=1).update(number=entry.number, digest=entry.digest)
    return entry


def digest(entry: AuditEntry) -> str:
    """SHA-256 over everything the entry says and the digest before it, as hexadecimal."""
    fields = [
        entry.number,
        entry.at.astimezone(UTC).isoformat(),
        entry.actor_id,
        entry.brand_id,
        entry.action,
        entry.subject,
        entry.detail,
        entry.previous,
    ]
    text = json.dumps(fields, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: Any) -> Any:
    """Reduce to what PostgreSQL's jsonb gives back unchanged."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, dict):
        return {clean(str(key)): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set):
        return [_plain(item) for item in value]
    return clean(str(value))


@dataclass(frozen=True)
class Verdict:
    """`broken_at` is the number of the first entry that does not fit; None if all do."""

    checked: int
    head: str
    broken_at: int | None = None


def verify(*, kept: str = "") -> Verdict:
    """Walk the whole trail; `kept` is an earlier head ("number:digest") that must be in it."""
    with transaction.atomic():
        # Locked, so that an entry being added is not mistaken for a cut end.
        head = AuditHead.objects.select_for_update().filter(pk=1).first() or AuditHead()
        entries = AuditEntry.objects.order_by("number").iterator(chunk_size=2000)
        return _walk(entries, str(head), kept)


def _walk(entries: Iterable[AuditEntry], head: str, kept: str) -> Verdict:
    number, previous = 0, ""
    seen = {f"{number}:{previous}"}
    wanted = {head, kept} - {""}
    for entry in entries:
        number += 1
        if (entry.number, entry.previous, entry.digest) != (number, previous, digest(entry)):
            return Verdict(number - 1, head, number)
        previous = entry.digest
        seen |= wanted & {f"{number}:{previous}"}
    if f"{number}:{previous}" != head or not wanted <= seen:
        return Verdict(number, head, number + 1)
    return Verdict(number, head)
