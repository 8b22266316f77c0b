"""Who is there, and what they may see."""

from collections.abc import Iterable
from datetime import datetime

from django.db import connection
from django.db.models import Q, QuerySet

from .enums import Permission, Role
from .models import ApiToken, AuditEntry, Brand, Invitation, Membership, User
from .rules import allowed, roles_with


def anyone() -> bool:
    """Whether any user exists: without one, the first page makes the first administrator."""
    return User.objects.exists()


def members(
    brand: Brand | int,
    *,
    permission: Permission | None = None,
    roles: Iterable[Role] | None = None,
) -> QuerySet[User]:
    """Active people of `brand`, by name; only those with `permission`, or one of `roles`."""
    chosen = set(Role) if roles is None else set(roles)
    if permission is not None:
        chosen &= set(roles_with(permission))
    brand_id = brand if isinstance(brand, int) else brand.pk
    held = Membership.objects.filter(brand_id=brand_id, role__in=chosen)
    return User.objects.filter(is_active=True, pk__in=held.values("user")).order_by("name", "pk")


def get_brand(user: User, slug: str) -> Brand:
    """Return the brand; raise Brand.DoesNotExist alike for a missing and an invisible one."""
    return Brand.objects.visible_to(user).get(slug=slug)


def visible_brands(user: User) -> QuerySet[Brand]:
    return Brand.objects.visible_to(user).order_by("name", "pk")


def brand_names(user: User) -> dict[int, str]:
    """Return the names of the brands that `user` may see by id, in their order.

    Every list asks for it: without the cost of building the query, which is twice the query's.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, name FROM accounts_brand WHERE id = ANY(%s) ORDER BY name, id",
            [list(user.roles)],
        )
        return dict(cursor.fetchall())


def memberships(brand: Brand) -> QuerySet[Membership]:
    """Everyone of `brand` with their role, by name."""
    return brand.memberships.select_related("user").order_by("user__name", "user_id")


def open_invitations(brand: Brand, *, now: datetime) -> QuerySet[Invitation]:
    """Invitations of `brand` that can still be accepted, newest first."""
    waiting = brand.invitations.filter(accepted_at=None, expires_at__gt=now)
    return waiting.select_related("invited_by").order_by("-created_at")


def tokens_of(user: User) -> QuerySet[ApiToken]:
    return user.tokens.order_by("-created_at")


def administered(user: User) -> list[int]:
    """Ids of the brands whose people, sources and audit trail `user` manages."""
    return [pk for pk in user.roles if allowed(user, Permission.MANAGE_BRAND, pk)]


def audit_trail(
    user: User, *, brand: str = "", q: str = "", before: int | None = None
) -> QuerySet[AuditEntry]:
    """Entries about the brands `user` administers, and the user's own without a brand.

    Newest first; only those of the brand with the slug `brand`, with `q` in action or subject,
    with a number below `before`.
    """
    managed = Q(brand_id__in=administered(user)) | Q(brand_id=None, actor_id=user.pk)
    entries = AuditEntry.objects.filter(managed).order_by("-number")
    if brand:
        entries = entries.filter(brand_id__in=Brand.objects.filter(slug=brand).values("pk"))
    if q:
        entries = entries.filter(Q(action__icontains=q) | Q(subject__icontains=q))
    return entries if before is None else entries.filter(number__lt=before)
