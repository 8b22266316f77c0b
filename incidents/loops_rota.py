"""What rotas have the engine do. Imported by the AppConfig."""

from datetime import timedelta

from core.clock import database_now
from core.engine import audit, loop
from core.timers import timer

from .models_rota import Rota
from .services import hand_over as handing_over

# Rotas looked at in one cycle, and when one that was not looked at is told aloud.
MOST_ROTAS = 50
GRACE = timedelta(minutes=2)

# When a rota is looked at next; what is told then goes by the clock on the wall.
timer(Rota, "look_at")


@loop("hand_over", every=5, outward=True)
def hand_over() -> int:
    """Tell who goes off and who comes on duty."""
    for told in range(MOST_ROTAS):
        if not handing_over.tell_next(now=database_now()):
            return told
    return MOST_ROTAS


@audit("rotas")
def unlooked() -> list[str]:
    """Rotas whose people were not told of a change of duty in time."""
    late = Rota.objects.filter(look_at__lt=database_now() - GRACE, archived_at=None)
    return [f"rota {rota.pk} ({rota.name}): people were not told in time" for rota in late[:20]]
