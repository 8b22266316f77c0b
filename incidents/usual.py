"""The policy that suits most teams: what a new one begins with."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.enums import Role
from accounts.models import Brand

from .enums import Target

NAME = _("Around the clock")
ROUNDS = 3


def ladder(brand: Brand) -> list[dict[str, Any]]:
    """Return the steps: on call twice, the second line, those who lead, those who administer.

    The gravest reach the furthest; what is only to be watched waits for the brand's morning.
    """
    day = {"from": "07:00", "to": "22:00", "days": list(range(7)), "zone": brand.time_zone}
    return [
        _step(Target.ON_CALL, 300, times=2, only={"severity": 3}),
        _step(Target.ON_CALL, 300, line=2, only={"severity": 2}),
        _step(Target.ROLE, 600, role=Role.LEAD, only={"severity": 3}),
        _step(Target.ROLE, 600, role=Role.ADMINISTRATOR, only={"severity": 1}),
        _step(Target.ON_CALL, 300, only={"hours": day}),
    ]


def _step(target: Target, wait: int, *, role: str = "", **more: Any) -> dict[str, Any]:
    return {"target": target, "user": None, "role": role, "wait": wait} | more
