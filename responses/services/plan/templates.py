"""Writing and approving the prepared texts of a brand."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts import audit
from accounts.enums import Permission
from accounts.models import Brand, User
from accounts.rules import require
from accounts.selectors import members
from core.errors import Conflict, Forbidden, Refused
from core.text import clean
from incidents.enums import PlanKind
from incidents.plan_shape import lines
from notifications.models import Urgency
from notifications.services import notify
from responses import texts
from responses.enums_plan import Audience
from responses.models_plan import CommunicationPlan
from responses.models_templates import StatementTemplate, TemplateVersion
from responses.plan import holding

MOST_CONDITIONS = 10


@dataclass(frozen=True)
class Prepared:
    """A template as it is written; a holding statement needs its end and its conditions."""

    name: str
    text: str
    language: str
    kind: str = ""
    audience: str = Audience.PUBLIC.value
    is_holding: bool = False
    expires_at: datetime | None = None
    void_if: Sequence[str] = ()


@transaction.atomic
def save_template(
    brand: Brand,
    wanted: Prepared,
    *,
    by: User,
    now: datetime,
    template: StatementTemplate | None = None,
    base: int = 0,
) -> StatementTemplate:
    """Write a template, or a new version of one. A version that says something else is unapproved.

    `base` is the number of the version that was shown: Conflict if there is a newer one.
    """
    require(by, Permission.WRITE_PLANS, brand)
    text, void_if = _checked(wanted, now=now)
    name = _name(wanted.name)
    fields = {
        "name": name,
        "kind": PlanKind(wanted.kind).value if wanted.kind else "",
        "audience": Audience(wanted.audience).value,
        "language": wanted.language,
        "is_holding": wanted.is_holding,
    }
    number = 1
    if template is None:
        template = StatementTemplate.objects.create(brand=brand, created_at=now, **fields)
    else:
        template = _lock(template)
        number = _next_number(template, base)
        StatementTemplate.objects.filter(pk=template.pk).update(**fields)
    sha256 = holding.digest(text, void_if, wanted.expires_at)
    if number == 1 or holding.latest(template).sha256 != sha256:
        TemplateVersion.objects.create(
            template=template, number=number, text=text, void_if=void_if,
            expires_at=wanted.expires_at, sha256=sha256, editor=by, created_at=now,
        )  # fmt: skip
        # What is not approved cannot end: nobody is told.
        StatementTemplate.objects.filter(pk=template.pk).update(remind_at=None)
    audit.record("template.saved", actor=by, brand=brand, subject=name, version=number)
    template.refresh_from_db()
    return template


def _name(name: str) -> str:
    said = " ".join(clean(name).split())[:120]
    if not said:
        raise Refused(_("Give it a name."))
    return said


def _checked(wanted: Prepared, *, now: datetime) -> tuple[str, list[str]]:
    text = texts.tidy(wanted.text)
    if not text or len(text) > texts.MAX_LENGTH:
        raise Refused(
            _("Write what is to be said, in at most %(limit)d characters.")
            % {"limit": texts.MAX_LENGTH}
        )
    if not wanted.is_holding:
        return text, []
    conditions = lines(wanted.void_if)
    if not 1 <= len(conditions) <= MOST_CONDITIONS:
        raise Refused(
            _("A holding statement needs one to %(most)d conditions on which it is void.")
            % {"most": MOST_CONDITIONS}
        )
    if wanted.expires_at is None or wanted.expires_at <= now:
        raise Refused(_("A holding statement needs an end that lies ahead."))
    return text, conditions


def _lock(template: StatementTemplate) -> StatementTemplate:
    rows = StatementTemplate.objects.select_for_update(of=("self",), no_key=True)
    locked: StatementTemplate = rows.select_related("brand").get(pk=template.pk)
    if locked.retired_at:
        raise Conflict(_("It has been put away."))
    return locked


def _next_number(template: StatementTemplate, base: int) -> int:
    latest = holding.latest(template)
    if base != latest.number:
        raise Conflict(
            _("%(name)s has changed this in the meantime. Read it again.") % {"name": latest.editor}
        )
    return latest.number + 1


@transaction.atomic
def approve_template(
    template: StatementTemplate, *, sha256: str, by: User, now: datetime
) -> TemplateVersion:
    """Approve a holding statement beforehand: exactly the text, end and conditions that were shown.

    Forbidden to whoever wrote any version of it. Conflict when it is no longer what was shown.
    """
    template = _lock(template)
    require(by, Permission.APPROVE, template.brand)
    version = holding.latest(template)
    if template.versions.filter(editor=by).exists():
        raise Forbidden(_("You wrote or changed this. Somebody else has to approve it."))
    if not template.is_holding:
        raise Refused(_("Only holding statements are approved beforehand."))
    if version.sha256 != sha256.strip().lower():
        raise Conflict(_("The text has changed since it was shown to you. Read it again."))
    if holding.is_over(version, now=now):
        raise Conflict(_("It has ended. Give it a new end first."))
    if version.approved_at is None:
        version.approved_by, version.approved_at = by, now
        version.save(update_fields=["approved_by", "approved_at"])
        _remind(template, version, now=now)
        audit.record(
            "template.approved",
            actor=by,
            brand=template.brand,
            subject=template.name,
            version=version.number,
            sha256=version.sha256,
        )
    return version


def _remind(template: StatementTemplate, version: TemplateVersion, *, now: datetime) -> None:
    """Set when its people are told that it ends, or, where that has passed, that it has ended."""
    ends = version.expires_at
    soon = holding.warned_at(ends, template.brand.time_zone) if ends else None
    template.remind_at = soon if soon and soon > now else ends
    template.save(update_fields=["remind_at"])


@transaction.atomic
def remind_next(*, now: datetime) -> bool:
    """Tell of the approved holding statement that is due longest; False if none is due.

    Once that it ends soon, once that it has ended: the plan's owner, or without one who may still
    write everybody who may.
    """
    due = StatementTemplate.objects.filter(remind_at__lte=now).order_by("remind_at", "pk")
    locked = due.select_for_update(of=("self",), skip_locked=True, no_key=True)
    template = locked.select_related("brand").first()
    if template is None:
        return False
    version = holding.latest(template)
    over = holding.is_over(version, now=now)
    if version.approved_at and version.expires_at and template.retired_at is None:
        _tell_end(template, version, "holding_over" if over else "holding_ends", now=now)
    template.remind_at = None if over or not version.approved_at else version.expires_at
    template.save(update_fields=["remind_at"])
    return True


def _tell_end(
    template: StatementTemplate, version: TemplateVersion, kind: str, *, now: datetime
) -> None:
    brand, zone = template.brand, ZoneInfo(template.brand.time_zone)
    owner = CommunicationPlan.objects.filter(brand=brand).values_list("owner", flat=True).first()
    able = members(brand, permission=Permission.WRITE_PLANS)
    day = version.expires_at.astimezone(zone).date() if version.expires_at else None
    notify(
        able.filter(pk=owner or 0) or able,
        key=f"{kind}.{version.pk}",
        kind=f"responses.{kind}",
        params={"brand": brand.name, "name": template.name, "day": str(day)},
        url=reverse("responses:statement_template", args=[template.pk]),
        brand=brand,
        urgency=Urgency.NEWS,
        now=now,
    )


@transaction.atomic
def retire_template(template: StatementTemplate, *, by: User, now: datetime) -> None:
    """Put it away: it is no longer offered. Drafts made from it stay, and take the usual way."""
    require(by, Permission.WRITE_PLANS, template.brand)
    locked = _lock(template)
    locked.retired_at, locked.remind_at = now, None
    locked.save(update_fields=["retired_at", "remind_at"])
    audit.record("template.retired", actor=by, brand=locked.brand, subject=locked.name)
