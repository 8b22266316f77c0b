"""Whether a holding statement may be used, and whether a draft made from one is still it."""

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Prefetch, QuerySet

from accounts.models import Brand
from responses.models import Draft, Version
from responses.models_templates import HoldingUse, StatementTemplate, TemplateVersion

WARNED_BEFORE = timedelta(days=7)
HOUR = time(9)


def digest(text: str, void_if: Sequence[str], expires_at: datetime | None) -> str:
    """What an approval of a version binds to."""
    ends = expires_at.isoformat() if expires_at else ""
    said = json.dumps([text, list(void_if), ends], ensure_ascii=False)
    return hashlib.sha256(said.encode()).hexdigest()


def in_use(*brand_ids: int) -> QuerySet[StatementTemplate]:
    """The brands' templates with their versions as `history`, the newest first: two queries."""
    versions = TemplateVersion.objects.select_related("editor", "approved_by").order_by("-number")
    rows = StatementTemplate.objects.filter(brand__in=brand_ids, retired_at=None)
    return rows.select_related("brand").prefetch_related(
        Prefetch("versions", queryset=versions, to_attr="history")
    )


def latest(template: StatementTemplate) -> TemplateVersion:
    rows = template.versions.select_related("editor", "approved_by")
    found: TemplateVersion = rows.order_by("-number")[0]
    return found


def is_over(version: TemplateVersion, *, now: datetime) -> bool:
    return version.expires_at is not None and version.expires_at <= now


def is_ready(version: TemplateVersion, *, now: datetime) -> bool:
    """Whether a holding statement is approved and has not ended."""
    return version.approved_at is not None and not is_over(version, now=now)


def warned_at(ends: datetime, zone: str) -> datetime:
    """When its people are told that it ends: at nine, a week before (the brand's time)."""
    there = ZoneInfo(zone)
    return datetime.combine(ends.astimezone(there).date() - WARNED_BEFORE, HOUR, there)


def ending(brand: Brand, *, now: datetime) -> list[tuple[StatementTemplate, TemplateVersion]]:
    """The approved holding statements that end soon or have ended, the first to end first."""
    rows = in_use(brand.pk).filter(is_holding=True)
    newest = [(each, each.history[0]) for each in rows]  # type: ignore[attr-defined]
    found = [
        (each, version)
        for each, version in newest
        if version.approved_at
        and version.expires_at
        and warned_at(version.expires_at, brand.time_zone) <= now
    ]
    return sorted(found, key=lambda pair: (pair[1].expires_at, pair[0].pk))


def use_of(draft: Draft) -> HoldingUse | None:
    rows = HoldingUse.objects.filter(draft=draft)
    return rows.select_related("version__template", "version__approved_by", "used_by").first()


def pre_approved(draft: Draft, version: Version, *, now: datetime) -> HoldingUse | None:
    """The use by which this version needs only one more pair of eyes; None for the usual way.

    Its text is as it was filled, byte by byte, and the statement behind it is still approved, the
    newest of its kind, and has not ended or been put away.
    """
    use = use_of(draft)
    if use is None or use.sha256 != version.sha256:
        return None
    template = use.version.template
    newest = template.versions.order_by("-number").values_list("pk", flat=True)[0]
    stands = template.retired_at is None and newest == use.version_id
    return use if stands and is_ready(use.version, now=now) else None
