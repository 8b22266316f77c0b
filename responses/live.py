"""Who may follow a draft's live frames: whoever may see it. Imported by the AppConfig."""

from accounts.models import User
from core import live

from .models import Draft


@live.guard("draft")
def may_follow(user: User, pk: int) -> bool:
    return Draft.objects.visible_to(user).filter(pk=pk).exists()
