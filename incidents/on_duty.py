"""Tells notifications who is on duty: quiet hours never silence them."""

from datetime import datetime

from accounts.models import Brand
from notifications.duty import register

from . import selectors


@register
def on_duty(user_ids: list[int], brand_id: int, at: datetime) -> set[int]:
    here, _people = selectors.roster(Brand.objects.get(pk=brand_id), at=at)
    return set(here.on_call | here.second) & set(user_ids)
