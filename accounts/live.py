"""Who may hear a brand's frames."""

from core import live

from .models import User


@live.guard("brand")
def may_hear_brand(user: User, pk: int) -> bool:
    return pk in user.roles
