"""Who may hear a brand's frames."""

from core import live

from .enums import Role
from .models import Membership, User


@live.guard("brand")
def may_hear_brand(user: User, pk: int) -> bool:
    return pk in user.roles


@live.ahead
def read_roles(users: list[User]) -> None:
    """Fill `roles` of every user by one query, for the guards of all rooms."""
    roles: dict[int, dict[int, Role]] = {user.pk: {} for user in users}
    found = Membership.objects.filter(user__in=users).values_list("user_id", "brand_id", "role")
    for user_id, brand_id, role in found:
        roles[user_id][brand_id] = Role(role)
    for user in users:
        user.roles = roles[user.pk]
