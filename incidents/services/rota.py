"""Who is on call."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import audit
from accounts.enums import Permission
from accounts.models import Brand, User
from accounts.selectors import members
from core.errors import Refused
from incidents.models import Shift


@transaction.atomic
def add_shift(
    brand: Brand, *, user: User, starts_at: datetime, ends_at: datetime, by: User
) -> Shift:
    """Put somebody on call. Refused for who cannot answer, or if it ends before it starts."""
    if not members(brand, permission=Permission.RUN_INCIDENT).filter(pk=user.pk).exists():
        raise Refused(_("%(name)s may not run incidents of this brand.") % {"name": user})
    if ends_at <= starts_at:
        raise Refused(_("A shift ends after it starts."))
    shift = Shift.objects.create(brand=brand, user=user, starts_at=starts_at, ends_at=ends_at)
    audit.record("shift.added", actor=by, brand=brand, subject=str(user), shift=shift.pk)
    return shift


@transaction.atomic
def remove_shift(shift: Shift, *, by: User) -> None:
    """Take somebody off call."""
    audit.record("shift.removed", actor=by, brand=shift.brand_id, subject=str(shift.user))
    shift.delete()
