"""Crisis plans: made from the ready ones, written on as a draft, published for good, reviewed."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import Brand, User
from accounts.selectors import members
from core.errors import Conflict, Refused
from core.text import clean
from incidents import plan_shape, ready
from incidents.enums import PlanKind, PlanState
from incidents.models import EscalationPolicy
from incidents.models_plan import CrisisPlan, PlanVersion


@dataclass(frozen=True)
class Wanted:
    """A plan to be made: `name` may be empty for a ready plan, which has one."""

    kind: PlanKind
    language: str
    name: str = ""


@transaction.atomic
def create_plan(brand: Brand, wanted: Wanted, *, by: User, now: datetime) -> CrisisPlan:
    """Make a plan as a draft: from the ready one of its kind, an own one from the framework.

    Conflict if the brand has a plan of the kind already. Refused without a name of its own.
    """
    made = ready.plan(wanted.kind, wanted.language)
    name = clean(wanted.name).strip()[:120] or made.name
    if not name:
        raise Refused(_("Give the plan a name."))
    try:
        with transaction.atomic():
            plan = CrisisPlan.objects.create(
                brand=brand, kind=wanted.kind, name=name, language=wanted.language,
                owner=by, created_at=now,
            )  # fmt: skip
    except IntegrityError:
        raise Conflict(_("The brand has a plan for this kind already.")) from None
    content = plan_shape.checked(_own_keys(wanted.kind, made.content))
    PlanVersion.objects.create(plan=plan, number=1, content=content, edited_at=now, edited_by=by)
    audit.record(
        "plan.created", actor=by, brand=brand, subject=name, kind=PlanKind(wanted.kind).name
    )
    return plan


def _own_keys(kind: PlanKind, content: plan_shape.Content) -> plan_shape.Content:
    """Plans of one's own are about different things: so are their tasks, and get keys anew."""
    if kind != PlanKind.OWN:
        return content
    return content | {"tasks": [task | {"key": ""} for task in content["tasks"]]}


def lock(plan_id: int) -> CrisisPlan:
    """Return the plan, locked until the transaction ends. CrisisPlan.DoesNotExist."""
    locked = CrisisPlan.objects.select_for_update(of=("self",), no_key=True)
    plan: CrisisPlan = locked.select_related("brand", "owner").get(pk=plan_id)
    return plan


def digest(content: plan_shape.Content, section: str) -> str:
    """Return what a form carries to tell whether its section was changed by somebody else."""
    part = [content[name] for name in plan_shape.SECTIONS[section]]
    return hashlib.sha256(json.dumps(part, sort_keys=True).encode()).hexdigest()[:16]


@transaction.atomic
def save_section(
    plan_id: int, section: str, values: dict[str, Any], *, base: str, by: User, now: datetime
) -> PlanVersion:
    """Write a section of the draft; without a draft one is begun from the latest version.

    `base` is the `digest` of what the writer saw: Conflict if somebody else has changed the section
    in the meantime. Two may write on two sections at once.
    """
    plan = lock(plan_id)
    draft = _draft(plan, by=by, now=now)
    if base != digest(draft.content, section):
        raise Conflict(
            _("%(name)s has changed this in the meantime. Both texts are shown; yours is kept.")
            % {"name": draft.edited_by or _("Somebody")}
        )
    changed = {name: values[name] for name in plan_shape.SECTIONS[section]}
    content = plan_shape.checked(draft.content | changed)
    _known_policy(plan, content)
    if content == draft.content:
        return draft
    draft.content, draft.edited_at, draft.edited_by = content, now, by
    draft.save(update_fields=["content", "edited_at", "edited_by"])
    return draft


def _known_policy(plan: CrisisPlan, content: plan_shape.Content) -> None:
    known = EscalationPolicy.objects.filter(brand=plan.brand_id, pk=content["policy"])
    if content["policy"] and not known.exists():
        raise Refused(_("The brand has no such escalation policy."))


def _draft(plan: CrisisPlan, *, by: User, now: datetime) -> PlanVersion:
    """Return the draft of a locked plan, begun from what is published if there is none."""
    latest: PlanVersion = plan.versions.select_related("edited_by").order_by("-number")[0]
    if latest.state == PlanState.DRAFT:
        return latest
    return PlanVersion.objects.create(
        plan=plan, number=latest.number + 1, content=latest.content, edited_at=now, edited_by=by
    )


@transaction.atomic
def publish(plan_id: int, *, note: str = "", by: User, now: datetime) -> PlanVersion:
    """Publish the draft: incidents that open from now on run on it. Publishing counts as a review.

    Refused without a draft, and for a plan without a task or a role, which would help nobody.
    """
    plan = lock(plan_id)
    draft = plan.versions.filter(state=PlanState.DRAFT).first()
    if draft is None:
        raise Refused(_("There is no draft to publish."))
    if not draft.content["tasks"] or not draft.content["roles"]:
        raise Refused(_("A plan needs at least one role and one task before it is published."))
    draft.state, draft.published_at, draft.published_by = PlanState.PUBLISHED, now, by
    draft.note = clean(note).strip()[:300]
    draft.save(update_fields=["state", "published_at", "published_by", "note"])
    _reviewed(plan, by=by, now=now)
    audit.record(
        "plan.published", actor=by, brand=plan.brand, subject=plan.name, version=draft.number
    )
    return draft


@transaction.atomic
def discard_draft(plan_id: int, *, by: User) -> None:
    """Throw the draft away. Refused for the first: a plan says something, or is put away."""
    plan = lock(plan_id)
    if not plan.versions.filter(state=PlanState.PUBLISHED).exists():
        raise Refused(_("There is no published version to go back to."))
    plan.versions.filter(state=PlanState.DRAFT).delete()
    audit.record("plan.discarded", actor=by, brand=plan.brand, subject=plan.name)


@transaction.atomic
def mark_reviewed(plan_id: int, *, by: User, now: datetime) -> CrisisPlan:
    """Note that somebody has read the plan and found it right as it is."""
    plan = lock(plan_id)
    _reviewed(plan, by=by, now=now)
    audit.record("plan.reviewed", actor=by, brand=plan.brand, subject=plan.name)
    return plan


def _reviewed(plan: CrisisPlan, *, by: User, now: datetime) -> None:
    plan.reviewed_at, plan.reviewed_by = now, by
    plan.save(update_fields=["reviewed_at", "reviewed_by"])


@transaction.atomic
def rename_plan(plan_id: int, *, name: str, owner: User | None, by: User) -> CrisisPlan:
    """Name the plan and its owner. Refused for an owner outside the brand."""
    said = clean(name).strip()
    if not said or len(said) > 120:
        raise Refused(_("A name has between 1 and 120 characters."))
    plan = lock(plan_id)
    if owner and not members(plan.brand).filter(pk=owner.pk).exists():
        raise Refused(_("%(name)s is not a member of the brand.") % {"name": owner})
    plan.name, plan.owner = said, owner
    plan.save(update_fields=["name", "owner"])
    audit.record("plan.named", actor=by, brand=plan.brand, subject=said, owner=str(owner or ""))
    return plan


@transaction.atomic
def retire_plan(plan_id: int, *, by: User, now: datetime) -> None:
    """Put a plan away: no new incident runs on it. Running ones keep their copy."""
    plan = lock(plan_id)
    if plan.retired_at is None:
        plan.retired_at = now
        plan.save(update_fields=["retired_at"])
        audit.record("plan.retired", actor=by, brand=plan.brand, subject=plan.name)
