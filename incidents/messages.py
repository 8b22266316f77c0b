"""What this room tells people, in words. Imported by the AppConfig."""

from django.utils.translation import gettext_lazy as _

from notifications.messages import register

register(
    "incidents.paged",
    title=_("%(severity)s %(brand)s: please answer"),
    body=_("%(reference)s %(title)s. Open it and acknowledge, or the next person is called."),
)
register(
    "incidents.nobody_answered",
    title=_("%(severity)s %(brand)s: nobody answers"),
    body=_("%(reference)s %(title)s. Everyone is called until somebody acknowledges."),
)
register(
    "incidents.calling_stopped",
    title=_("%(severity)s %(brand)s: calling has stopped"),
    body=_("%(reference)s %(title)s. The next step could not be made. Call somebody yourselves."),
)
register(
    "incidents.acknowledged",
    title=_("%(severity)s %(brand)s: acknowledged"),
    body=_("%(actor)s answered for %(reference)s %(title)s."),
)
register(
    "incidents.signal",
    title=_("%(severity)s %(brand)s: a new signal"),
    body=_("%(reference)s %(title)s has a new signal."),
)
register(
    "incidents.severity",
    title=_("%(severity)s %(brand)s: the severity changed"),
    body=_("%(reference)s %(title)s is now %(severity)s."),
)
register(
    "incidents.task",
    title=_("A task for you in %(reference)s"),
    body=_("%(actor)s gave you “%(task)s” in %(title)s."),
)
register(
    "incidents.resolved",
    title=_("%(brand)s: %(reference)s is resolved"),
    body=_("%(actor)s resolved %(title)s."),
)
