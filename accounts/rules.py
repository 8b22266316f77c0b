"""Which role may do what. The one table of rights; every room asks `allowed`."""

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from core.errors import Forbidden

from .enums import Permission, Role

if TYPE_CHECKING:
    from .models import Brand, User

_WATCH = {Permission.VIEW}
_WORK = _WATCH | {
    Permission.TRIAGE,
    Permission.EXPORT,
    Permission.OPEN_INCIDENT,
    Permission.RUN_INCIDENT,
    Permission.WRITE_TIMELINE,
    Permission.DRAFT,
    Permission.PUBLISH,
    Permission.PLAN_MARKETING,
    Permission.PAUSE_MARKETING,
}
PERMISSIONS: dict[Role, set[Permission]] = {
    Role.ADMINISTRATOR: set(Permission),
    Role.LEAD: _WORK | {Permission.APPROVE, Permission.WRITE_PLANS},
    Role.RESPONDER: _WORK,
    Role.APPROVER: _WATCH
    | {
        Permission.OPEN_INCIDENT,
        Permission.WRITE_TIMELINE,
        Permission.DRAFT,
        Permission.APPROVE,
        Permission.PAUSE_MARKETING,
    },
    Role.OBSERVER: _WATCH,
    Role.TRAINEE: _WATCH,
}


def roles_with(permission: Permission) -> list[Role]:
    return [role for role, granted in PERMISSIONS.items() if permission in granted]


def allowed(user: "User", permission: Permission, brand: "Brand | int") -> bool:
    """Whether `user` holds a role in `brand` that grants `permission`. One query per user."""
    brand_id = brand if isinstance(brand, int) else brand.pk
    role = user.roles.get(brand_id)
    return role is not None and permission in PERMISSIONS[role]


def require(user: "User", permission: Permission, brand: "Brand | int") -> None:
    """Raise Forbidden, with words for the person, unless `allowed`."""
    if not allowed(user, permission, brand):
        raise Forbidden(
            _("Your role in this brand does not include: %(permission)s. Ask an administrator.")
            % {"permission": permission.label}
        )
