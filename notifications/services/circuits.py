"""How providers are doing: who fails again and again is passed over until it answers the door.

A row per provider; the circuit is shared by all senders. Reachable again is not yet working: the
first message after that proves it.
"""

from datetime import datetime, timedelta

from django.db import transaction

from accounts.enums import Permission
from accounts.models import Membership, User
from accounts.rules import roles_with
from core import gate
from core.clock import database_now
from core.text import clean
from notifications.enums import Health
from notifications.models import Provider

from .inbox import notify

# Failures one after the other after which it is passed over; and how often its door is tried.
MOST_FAILURES = 3
PROBE_EVERY = timedelta(seconds=30)
PROBE_SECONDS = 5


def admitted(name: str, most: int) -> int:
    """How many messages may be handed to this provider now: all, one to prove itself, or none."""
    health = Provider.objects.filter(name=name).values_list("health", flat=True).first()
    return {Health.DOWN: 0, Health.TRYING: 1}.get(Health(health or Health.WORKING), most)


@transaction.atomic
def failed(name: str, *, error: str, place: str = "") -> None:
    """Count a failure that is the provider's own; one too many, and it is passed over."""
    now = database_now()
    Provider.objects.bulk_create([Provider(name=name, since=now)], ignore_conflicts=True)
    provider = Provider.objects.select_for_update().get(name=name)
    provider.failures += 1
    provider.error = clean(error)[:300]
    provider.place = place[:260] or provider.place
    trying = provider.health == Health.TRYING
    if provider.health != Health.DOWN and (trying or provider.failures >= MOST_FAILURES):
        provider.since = provider.since if trying else now
        provider.health, provider.probe_at = Health.DOWN, now + PROBE_EVERY
        if not trying:
            _tell(provider, now=now)
    provider.save()


def succeeded(name: str, *, place: str = "") -> None:
    """A message went through: whatever was wrong is over."""
    ill = Provider.objects.filter(name=name).exclude(failures=0, health=Health.WORKING)
    ill.update(
        health=Health.WORKING,
        failures=0,
        error="",
        probe_at=None,
        place=place,
        since=database_now(),
    )


def probe_due(now: datetime) -> int:
    """Knock at the doors of those that are down; who answers gets one message to prove itself."""
    with transaction.atomic():
        due = Provider.objects.filter(probe_at__lte=now, health=Health.DOWN)
        claimed = list(due.select_for_update(skip_locked=True).order_by("probe_at")[:5])
        ids = [provider.pk for provider in claimed]
        Provider.objects.filter(pk__in=ids).update(probe_at=now + PROBE_EVERY)
    for provider in claimed:
        if _answers(provider):
            Provider.objects.filter(pk=provider.pk, health=Health.DOWN).update(
                health=Health.TRYING, probe_at=None
            )
    return len(claimed)


def _answers(provider: Provider) -> bool:
    """Whether somebody opens a line there. Outside of any transaction."""
    host, _colon, port = provider.place.rpartition(":")
    try:
        number = int(port)
        ports = {number} if provider.name == "email" else gate.WEB_PORTS
        line = gate.connect(host, number, tls=False, timeout=PROBE_SECONDS, ports=ports)
    except ValueError:
        # It was never called: the next message is the probe.
        return True
    except gate.HttpError:
        return False
    line.close()
    return True


def _tell(provider: Provider, *, now: datetime) -> None:
    """Who administers a brand hears of it in the app."""
    roles = roles_with(Permission.MANAGE_BRAND)
    managing = Membership.objects.filter(role__in=roles, user__is_active=True)
    notify(
        User.objects.filter(pk__in=managing.values("user")),
        key=f"provider.{provider.pk}.{int(now.timestamp())}",
        kind="notifications.provider_down",
        params={"provider": provider.name},
        url="/settings/notices/health/",
        now=now,
    )


def down_for(now: datetime, span: timedelta) -> list[str]:
    """Say which providers have been down for so long, in English for the operator's log."""
    down = Provider.objects.filter(since__lt=now - span).exclude(health=Health.WORKING)
    return [
        f"The notice provider {name} has failed since {since:%H:%M} UTC: {error}"
        for name, since, error in down.values_list("name", "since", "error")
    ]
