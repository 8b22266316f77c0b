"""How soon, and how fast, a brand answers: kept by its administrators."""

from collections.abc import Mapping

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import audit
from accounts.enums import Permission
from accounts.models import Brand, User
from accounts.rules import require
from core.errors import Refused
from incidents.enums import Severity
from responses.models_engage import EngageSettings
from responses.pace import most

LONGEST = 60 * 24 * 30
Times = Mapping[str, list[int]]


@transaction.atomic
def save_settings(
    brand: Brand, *, times: Times, networks: Times, paces: Mapping[str, int], by: User
) -> EngageSettings:
    """Keep minutes by severity ("1" …) and by network, and answers an hour by network.

    Deadlines that run go on; the next ones follow these.
    """
    require(by, Permission.MANAGE_BRAND, brand.pk)
    if not set(times) <= {str(each.value) for each in Severity}:
        raise Refused(_("There is no such severity."))
    values = {
        "times": {level: _minutes(pair) for level, pair in times.items()},
        "networks": {name: _minutes(pair) for name, pair in networks.items() if any(pair)},
        "paces": {name: _pace(name, pace) for name, pace in paces.items() if pace},
    }
    saved, _new = EngageSettings.objects.update_or_create(brand=brand, defaults=values)
    audit.record("engage.settings", actor=by, brand=brand, subject=brand.slug, after=str(values))
    return saved


def _minutes(pair: list[int]) -> list[int]:
    if len(pair) != 2 or not all(0 <= each <= LONGEST for each in pair):
        raise Refused(_("A time is between 0 minutes and 30 days."))
    return [int(each) for each in pair]


def _pace(network: str, pace: int) -> int:
    if not 0 < pace <= most(network):
        raise Refused(
            _("%(network)s bears at most %(most)d answers an hour.")
            % {"network": network, "most": most(network)}
        )
    return int(pace)
