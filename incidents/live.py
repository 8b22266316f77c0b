"""Who may follow an incident's live frames: whoever may see it. Imported by the AppConfig."""

from accounts.models import User
from core import live

from .models import Incident


@live.guard("incident")
def may_follow(user: User, pk: int) -> bool:
    return Incident.with_drills.visible_to(user).filter(pk=pk).exists()
