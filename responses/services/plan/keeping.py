"""Writing the communication plan: every save is a version, and somebody reviews it on a day."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts import audit
from accounts.enums import Permission
from accounts.models import Brand, User
from accounts.rules import require
from accounts.selectors import members
from connectors.models import ConnectedAccount
from core.errors import Conflict, Refused
from core.text import clean
from notifications.models import Urgency
from notifications.services import notify
from responses.enums_plan import PlanSection
from responses.models_plan import CommunicationPlan, CommunicationPlanVersion
from responses.plan import differences, reading, shape

# The hour of the brand's day at which the owner is told, and how often until it is reviewed.
HOUR = time(9)
AGAIN = timedelta(days=7)


@dataclass(frozen=True)
class Writing:
    """A section as it was written; `base` is the digest of what the writer saw."""

    section: str
    value: Any
    base: str
    note: str = ""


def lock_plan(brand: Brand, *, now: datetime) -> CommunicationPlan:
    """Return the brand's plan, begun if there is none, locked until the transaction ends."""
    CommunicationPlan.objects.get_or_create(brand=brand, defaults={"created_at": now})
    locked = CommunicationPlan.objects.select_for_update(of=("self",), no_key=True)
    plan: CommunicationPlan = locked.select_related("brand", "owner").get(brand=brand)
    return plan


@transaction.atomic
def save_section(
    brand: Brand, writing: Writing, *, by: User, now: datetime
) -> CommunicationPlanVersion | None:
    """Write a section: a new version of the plan, which holds at once. None if nothing differs.

    Conflict if somebody else has changed the section since it was shown. Two may write on two
    sections at once. Refused for people and accounts that are not of the brand.
    """
    require(by, Permission.WRITE_PLANS, brand)
    section = PlanSection(writing.section).value
    plan = lock_plan(brand, now=now)
    before = reading.latest(brand.pk)
    content = before.content if before else shape.empty()
    if writing.base != reading.digest(content, section):
        raise Conflict(
            _("%(name)s has changed this in the meantime. Both texts are shown; yours is kept.")
            % {"name": (before and before.edited_by) or _("Somebody")}
        )
    after = shape.checked(content | {section: writing.value})
    if after == content:
        return before
    _refuse_strangers(brand, content, after)
    return _write(plan, before, after, section=section, note=writing.note, by=by, now=now)


@transaction.atomic
def save_sections(brand: Brand, writings: list[Writing], *, by: User, now: datetime) -> None:
    """Write several sections, all or none."""
    for each in writings:
        save_section(brand, each, by=by, now=now)


def _write(  # noqa: PLR0913 - what a version is made of
    plan: CommunicationPlan,
    before: CommunicationPlanVersion | None,
    content: shape.Content,
    *,
    section: str,
    note: str,
    by: User,
    now: datetime,
) -> CommunicationPlanVersion:
    version = CommunicationPlanVersion.objects.create(
        plan=plan,
        number=before.number + 1 if before else 1,
        content=content,
        section=section,
        note=clean(note).strip()[:300],
        edited_at=now,
        edited_by=by,
    )
    audit.record(
        "communication_plan.saved",
        actor=by,
        brand=plan.brand,
        subject=plan.brand.name,
        version=version.number,
        section=section.upper(),
    )
    return version


def _refuse_strangers(brand: Brand, before: shape.Content, after: shape.Content) -> None:
    """Who is newly named has to belong to the brand; who has left since stays until taken out."""
    fresh = differences.people(after) - differences.people(before)
    if len(fresh) > members(brand).filter(pk__in=fresh).count():
        raise Refused(_("Choose people who are members of the brand."))
    accounts = {row["account"] for row in after["channels"] if row["account"]}
    accounts -= {row["account"] for row in before["channels"]}
    own = ConnectedAccount.objects.filter(brand=brand, pk__in=accounts)
    if len(accounts) > own.count():
        raise Refused(_("An account that you chose cannot be used for this brand."))


@transaction.atomic
def save_map(
    brand: Brand, row: Mapping[str, Any], *, base: str, by: User, now: datetime
) -> CommunicationPlanVersion | None:
    """Write one message map: the one with its key, or a new one. `base` as in `save_section`."""
    rows = list(reading.content_of(brand.pk)["maps"])
    place = next((n for n, each in enumerate(rows) if each["key"] == row.get("key")), None)
    if place is None:
        rows.append(row)
    else:
        rows[place] = row
    return save_section(brand, Writing(PlanSection.MAPS, rows, base), by=by, now=now)


@transaction.atomic
def remove_map(brand: Brand, key: str, *, base: str, by: User, now: datetime) -> None:
    """Take a message map out; it stays in the versions before."""
    rows = [each for each in reading.content_of(brand.pk)["maps"] if each["key"] != key]
    save_section(brand, Writing(PlanSection.MAPS, rows, base), by=by, now=now)


@transaction.atomic
def restore(brand: Brand, number: int, *, by: User, now: datetime) -> CommunicationPlanVersion:
    """Bring the plan back as it was in a version: as a new version. Refused without such a one."""
    require(by, Permission.WRITE_PLANS, brand)
    plan = lock_plan(brand, now=now)
    wanted = plan.versions.filter(number=number).first()
    before = reading.latest(brand.pk)
    if wanted is None or before is None:
        raise Refused(_("There is no such version."))
    if wanted.content == before.content:
        return before
    note = _("As in version %(number)d") % {"number": number}
    return _write(plan, before, wanted.content, section="", note=note, by=by, now=now)


# Reviewing


@transaction.atomic
def set_review(
    brand: Brand, *, owner: User | None, review_on: date | None, by: User, now: datetime
) -> CommunicationPlan:
    """Say who answers for the plan and by which day it is to be read anew.

    Refused for an owner who may not write the plan, and for a day that has passed.
    """
    require(by, Permission.WRITE_PLANS, brand)
    if owner and not members(brand, permission=Permission.WRITE_PLANS).filter(pk=owner.pk).exists():
        raise Refused(
            _("%(name)s may not write plans of this brand: choose a lead or an administrator.")
            % {"name": owner}
        )
    zone = ZoneInfo(brand.time_zone)
    if review_on and review_on < now.astimezone(zone).date():
        raise Refused(_("That day has passed. Choose one that lies ahead."))
    plan = lock_plan(brand, now=now)
    plan.owner, plan.review_on = owner, review_on
    plan.remind_at = datetime.combine(review_on, HOUR, zone) if review_on else None
    plan.save(update_fields=["owner", "review_on", "remind_at"])
    audit.record(
        "communication_plan.review_set",
        actor=by,
        brand=brand,
        subject=brand.name,
        owner=str(owner or ""),
        day=str(review_on or ""),
    )
    return plan


@transaction.atomic
def mark_reviewed(
    brand: Brand, *, next_on: date | None, by: User, now: datetime
) -> CommunicationPlan:
    """Note that somebody has read the plan and found it right; `next_on` is the next day for it."""
    require(by, Permission.WRITE_PLANS, brand)
    plan = lock_plan(brand, now=now)
    plan.reviewed_at, plan.reviewed_by = now, by
    plan.save(update_fields=["reviewed_at", "reviewed_by"])
    audit.record("communication_plan.reviewed", actor=by, brand=brand, subject=brand.name)
    return set_review(brand, owner=plan.owner, review_on=next_on, by=by, now=now)


@transaction.atomic
def remind_next(*, now: datetime) -> bool:
    """Tell the owner of the plan that is due longest; False if none is due.

    Without an owner who may still do something about it everybody who may is told. Again once a
    week until it is reviewed or given another day.
    """
    due = CommunicationPlan.objects.filter(remind_at__lte=now).order_by("remind_at")
    locked = due.select_for_update(of=("self",), skip_locked=True, no_key=True)
    plan = locked.select_related("brand", "owner").first()
    if plan is None or plan.remind_at is None:
        return False
    able = members(plan.brand, permission=Permission.WRITE_PLANS)
    notify(
        able.filter(pk=plan.owner_id or 0) or able,
        key=f"communication_plan.{plan.pk}.{plan.remind_at:%Y%m%d%H%M}",
        kind="responses.plan_review",
        params={"brand": plan.brand.name, "day": str(plan.review_on)},
        url=reverse("responses:communication_plan_of", args=[plan.brand.slug]),
        brand=plan.brand,
        urgency=Urgency.NEWS,
        now=now,
    )
    plan.remind_at = now + AGAIN
    plan.save(update_fields=["remind_at"])
    return True
