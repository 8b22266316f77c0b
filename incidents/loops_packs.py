"""The engine keeps offline packs as new as their incidents. Imported by the AppConfig."""

from datetime import timedelta

from core.clock import database_now
from core.engine import audit, loop

from .models import Incident
from .services import packs

MOST = 10
GRACE = timedelta(minutes=5)


@loop("packs", every=2.0)
def make() -> int:
    """Make what is due; one that fails is tried again when its lease is over."""
    for made in range(MOST):
        if not packs.make_next(now=database_now()):
            return made
    return MOST


@audit("packs")
def overdue() -> list[str]:
    """Packs that are minutes behind their incident."""
    late = Incident.objects.filter(pack_at__lt=database_now() - GRACE)
    return [
        f"The offline pack of {reference} is late"
        for reference in late.values_list("reference", flat=True)[:5]
    ]
