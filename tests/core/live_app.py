"""The whole web process as in production, with one more kind of live group to test with.

Who belongs to a brand may follow `room.<the brand's pk>`.
"""

from crisisdesk.asgi import application  # isort: skip (sets Django up)

from accounts.models import Membership, User
from core import live

__all__ = ["application"]


@live.guard("room")
def may_follow(user: User, pk: int) -> bool:
    return Membership.objects.filter(user=user, brand_id=pk).exists()
