"""Extra duties: somebody is on call beside every rota, for some time."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import audit
from accounts.enums import Permission
from accounts.models import Brand, User
from accounts.selectors import members
from core import live
from core.errors import Conflict, Refused
from incidents.models import Shift

from .timeline import renew_packs


@transaction.atomic
def add_shift(
    brand: Brand, *, user: User, starts_at: datetime, ends_at: datetime, by: User, now: datetime
) -> Shift:
    """Put somebody on call, from now at the earliest: what has been stays as it was.

    Refused for who cannot answer, or if it ends before it starts or is over.
    """
    if not members(brand, permission=Permission.RUN_INCIDENT).filter(pk=user.pk).exists():
        raise Refused(_("%(name)s may not run incidents of this brand.") % {"name": user})
    if ends_at <= starts_at:
        raise Refused(_("A shift ends after it starts."))
    if ends_at <= now:
        raise Refused(_("It is over already: what has been stays as it was."))
    shift = Shift.objects.create(
        brand=brand, user=user, starts_at=max(starts_at, now), ends_at=ends_at
    )
    audit.record("shift.added", actor=by, brand=brand, subject=str(user), shift=shift.pk)
    renew_packs(brand.pk)
    live.publish(f"brand.{brand.pk}", "incidents")
    return shift


@transaction.atomic
def remove_shift(shift: Shift, *, by: User, now: datetime) -> None:
    """Take somebody off call from now on. Conflict if it is over."""
    held = Shift.objects.select_for_update().filter(pk=shift.pk, ends_at__gt=now).first()
    if held is None:
        raise Conflict(_("It is over already: what has been stays as it was."))
    audit.record("shift.removed", actor=by, brand=shift.brand_id, subject=str(shift.user))
    if held.starts_at >= now:
        held.delete()
    else:
        held.ends_at = now
        held.save(update_fields=["ends_at"])
    renew_packs(shift.brand_id)
    live.publish(f"brand.{shift.brand_id}", "incidents")
