"""What this room tells people, in words. Imported by the AppConfig."""

from datetime import date

from django.utils.translation import gettext_lazy as _

from core import formats
from notifications.messages import register


def _day(stored: str) -> str:
    return formats.day_month(date.fromisoformat(stored))


register(
    "reviews.follow_up_given",
    title=_("%(reference)s: a follow-up is yours, by %(day)s"),
    body=_("%(text)s"),
    words={"day": _day},
)
register(
    "reviews.follow_up_soon",
    title=_("%(reference)s: a follow-up is due on %(day)s"),
    body=_("%(text)s"),
    words={"day": _day},
)
register(
    "reviews.follow_up_due",
    title=_("%(reference)s: a follow-up is due today"),
    body=_("%(text)s Say that it is done, give it another day, or say why it is not done."),
)
register(
    "reviews.follow_up_late",
    title=_("%(reference)s: a follow-up has been due since %(day)s"),
    body=_("%(text)s Say that it is done, give it another day, or say why it is not done."),
    words={"day": _day},
)
