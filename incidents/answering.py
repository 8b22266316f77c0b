"""What people do about a call without signing in: by a signed link, or by writing back.

Imported by the AppConfig. The right is asked for anew, since a link may be older than a role.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from accounts.enums import Permission
from accounts.models import User
from accounts.rules import require
from notifications import actions

from . import services
from .models import Incident

Deed = Callable[..., Any]


def _register(name: str, deed: Deed) -> None:
    def act(user: User, subject: str, now: datetime) -> None:
        incident = _incident(user, subject)
        require(user, Permission.RUN_INCIDENT, incident.brand_id)
        deed(incident.pk, by=user, now=now)

    actions.register(name, act)


def _incident(user: User, subject: str) -> Incident:
    """Incident.DoesNotExist alike for one that is gone, invisible or no incident."""
    room, _dot, pk = subject.partition(".")
    if room != "incident" or not pk.isdecimal():
        raise Incident.DoesNotExist
    found: Incident = Incident.with_drills.visible_to(user).get(pk=pk)
    return found


_register("acknowledge", services.acknowledge)
_register("escalate", services.escalate_now)
_register("awake", services.say_awake)
