"""What this room's notices say. Imported by the AppConfig."""

from django.utils.translation import gettext_lazy as _

from core.words import Words
from notifications.messages import register

register(
    "monitoring.unauthorized",
    title=_("%(source)s is no longer read: its credentials were refused"),
    body=_("%(problem)s Nothing is read until somebody enters them again."),
    words={"problem": lambda stored: str(Words.of(str(stored)))},
)
register(
    "monitoring.ending",
    title=_("The credentials of %(source)s end soon"),
    body=_("They end at %(ends_at)s. Renew them before that, or nothing is read any more."),
)
register(
    "monitoring.assigned",
    title=_("%(actor)s gave you mentions to work on: %(count)s"),
    body=_("They are in the mention stream under those assigned to you."),
)
