"""Tasks and roles that the engine should have told of."""

from datetime import datetime, timedelta

from incidents.models import Task
from incidents.models_roles import RoleHolding


def untold(*, now: datetime, grace: timedelta) -> list[str]:
    """Say what should have been told `grace` ago, in English for the operator's log."""
    before = now - grace
    tasks = Task.objects.filter(remind_at__lt=before).count()
    roles = RoleHolding.objects.filter(care_at__lt=before).count()
    found = []
    if tasks:
        found.append(f"{tasks} tasks have not been told of in time")
    if roles:
        found.append(f"{roles} roles held too long have not been told of")
    return found
