"""How a person wants to be told: their orders, their quiet hours."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import time
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from core.errors import Refused
from notifications.enums import Urgency
from notifications.models import Address, Preference, Rule

MOST_RULES = 12
MOST_STEPS = 8
# The last way of a page must be used while it is still of use.
LONGEST = 3600
WAYS = ("email", "push", "address")


@dataclass(frozen=True)
class Order:
    """What a rule says; hours None mean always."""

    urgency: str
    steps: Sequence[Mapping[str, Any]]
    starts: time | None = None
    ends: time | None = None


@transaction.atomic
def save_rule(user: User, order: Order, *, rule_id: int | None = None) -> Rule:
    """Make or change one of the person's orders. Refused for what cannot be kept."""
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    rule = user.notice_rules.get(pk=rule_id) if rule_id is not None else Rule(user=user)
    if rule_id is None and user.notice_rules.count() >= MOST_RULES:
        raise Refused(_("You have %(most)d orders already.") % {"most": MOST_RULES})
    if (order.starts is None) != (order.ends is None):
        raise Refused(_("Give both hours, or neither."))
    if order.urgency not in Urgency.values:
        raise Refused(_("There is no such urgency."))
    rule.urgency, rule.starts, rule.ends = order.urgency, order.starts, order.ends
    rule.steps = _steps(user, order.steps)
    rule.save()
    return rule


def _steps(user: User, given: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    mine = set(Address.objects.filter(user=user).values_list("pk", flat=True))
    steps = [_step(each, mine) for each in given]
    if not steps:
        raise Refused(_("Choose at least one way."))
    if len(steps) > MOST_STEPS:
        raise Refused(_("At most %(most)d ways.") % {"most": MOST_STEPS})
    return sorted(steps, key=lambda step: step["after"])


def _step(given: Mapping[str, Any], mine: set[int]) -> dict[str, Any]:
    way, after = given.get("way"), given.get("after") or 0
    if way not in WAYS or (way == "address" and given.get("address") not in mine):
        raise Refused(_("This is not one of your addresses."))
    if not isinstance(after, int) or not 0 <= after <= LONGEST:
        raise Refused(_("At most an hour after the call."))
    return {
        "way": way,
        "after": after,
        **({"address": given["address"]} if way == "address" else {}),
    }


@transaction.atomic
def remove_rule(user: User, rule_id: int) -> None:
    user.notice_rules.get(pk=rule_id).delete()


@transaction.atomic
def save_preference(user: User, **wishes: Any) -> Preference:
    """Keep quiet hours and the rest; Refused for one hour without the other."""
    if (wishes.get("quiet_from") is None) != (wishes.get("quiet_until") is None):
        raise Refused(_("Give both hours, or neither."))
    preference, _made = Preference.objects.update_or_create(user=user, defaults=wishes)
    return preference
