"""Taking back what people were told about something they may no longer see."""

from collections.abc import Iterable

from django.db import transaction

from accounts.models import User
from core import live
from notifications.models import Notice


@transaction.atomic
def withdraw(users: Iterable[User], *, about: str) -> int:
    """Remove the notices of `users` whose address has `about` as a part, with what is not sent.

    Rooms above have addresses of their own for a thing; its reference is in all of them. Return
    how many. What has gone out by e-mail is out.
    """
    people = sorted({user.pk for user in users})
    led = Notice.objects.filter(url__contains=f"/{about}/", user__in=people)
    told = set(led.values_list("user_id", flat=True))
    count = led.count()
    led.delete()
    for person in sorted(told):
        live.publish(f"user.{person}", "notices")
    return count
