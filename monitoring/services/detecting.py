"""Changing the rules of detection. The standard ones stand without anybody doing anything."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import Brand, User
from core.errors import Conflict, Refused
from core.text import clean
from monitoring import tallies
from monitoring.enums import CrisisType, DetectionKind, Sensitivity
from monitoring.models import Query
from monitoring.models_signals import DetectionRule
from monitoring.rules import SCOPED, WINDOWED, WINDOWS

MOST_RULES = 20
LONGEST_COOLDOWN = 24 * 14


@dataclass(frozen=True)
class Wanted:
    """A rule as somebody wants it; the fields are those of DetectionRule."""

    kind: str
    name: str = ""
    sensitivity: str = Sensitivity.BALANCED
    window_minutes: int | None = None
    cooldown_hours: int = 24
    queries: Sequence[int] = field(default_factory=tuple)
    networks: Sequence[str] = field(default_factory=tuple)
    languages: Sequence[str] = field(default_factory=tuple)
    crisis_types: Sequence[str] = field(default_factory=tuple)
    is_active: bool = True

    @property
    def scope(self) -> dict[str, list[object]]:
        every = ("queries", "networks", "languages", "crisis_types")
        return {name: list(getattr(self, name)) for name in every if getattr(self, name)}


@transaction.atomic
def save_rule(
    brand: Brand, wanted: Wanted, *, row: DetectionRule | None = None, by: User, now: datetime
) -> DetectionRule:
    """Make a rule, change one, or change the standard rule of a kind (`name` is empty)."""
    locked = Brand.objects.select_for_update(no_key=True).get(pk=brand.pk)
    _check(locked, wanted)
    if row is None and not wanted.name:
        row = DetectionRule.objects.filter(brand=locked, kind=wanted.kind, name="").first()
    if row is None and DetectionRule.objects.filter(brand=locked).count() >= MOST_RULES:
        raise Refused(_("A brand has at most twenty rules. Delete one first."))
    rule = row or DetectionRule(brand=locked)
    _fill(rule, wanted, now)
    try:
        with transaction.atomic():
            rule.save()
    except IntegrityError:
        raise Conflict(_("There is a rule of this name already.")) from None
    audit.record("rule.saved", actor=by, brand=locked, subject=str(rule), kind=rule.kind)
    tallies.forget_rules()
    return rule


def _fill(rule: DetectionRule, wanted: Wanted, now: datetime) -> None:
    before = (rule.scope, rule.window_minutes)
    rule.kind = wanted.kind
    rule.name = clean(wanted.name).strip()[:120]
    rule.sensitivity = wanted.sensitivity
    rule.window_minutes = wanted.window_minutes
    rule.cooldown_hours = wanted.cooldown_hours
    rule.is_active = wanted.is_active
    for name in ("queries", "networks", "languages", "crisis_types"):
        setattr(rule, name, list(getattr(wanted, name)))
    if before != (rule.scope, rule.window_minutes):
        # What is usual for something else is not usual for this.
        rule.state = {}
        rule.counted_from = None
        rule.scoped_at = now


def _check(brand: Brand, wanted: Wanted) -> None:
    if wanted.kind not in DetectionKind or wanted.sensitivity not in Sensitivity:
        raise Refused(_("There is no such kind of alarm."))
    if not 1 <= wanted.cooldown_hours <= LONGEST_COOLDOWN:
        raise Refused(_("Silence after an alarm lasts from one hour to fourteen days."))
    if wanted.scope and (wanted.kind not in SCOPED or not wanted.name):
        raise Refused(_("Only volume, reach and negative share can be limited, by a named rule."))
    if wanted.window_minutes and (
        wanted.kind not in WINDOWED or wanted.window_minutes not in WINDOWS or not wanted.name
    ):
        raise Refused(_("Only volume and reach have a window of their own, by a named rule."))
    if set(wanted.crisis_types) - set(CrisisType.values):
        raise Refused(_("There is no such crisis type."))
    known = Query.objects.filter(brand=brand, pk__in=list(wanted.queries)).count()
    if known != len(set(wanted.queries)):
        raise Refused(_("There is no such query."))


@transaction.atomic
def delete_rule(rule: DetectionRule, *, by: User) -> None:
    """Delete a rule; of a changed standard rule this brings the standard back."""
    audit.record("rule.deleted", actor=by, brand=rule.brand_id, subject=str(rule), kind=rule.kind)
    rule.delete()
    tallies.forget_rules()
