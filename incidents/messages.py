"""What this room tells people, in words. Imported by the AppConfig."""

from django.utils.translation import gettext_lazy as _

from notifications import messages
from notifications.messages import Words

from .models import named


def register(code: str, *, title: Words, body: Words) -> None:
    words = {"title": lambda parts: named(*parts)}
    messages.register(f"incidents.{code}", title=title, body=body, words=words)


register(
    "paged",
    title=_("%(severity)s %(brand)s: please answer"),
    body=_("%(reference)s %(title)s. Open it and acknowledge, or the next person is called."),
)
register(
    "nobody_answered",
    title=_("%(severity)s %(brand)s: nobody answers"),
    body=_("%(reference)s %(title)s. Everyone is called until somebody acknowledges."),
)
register(
    "calling_stopped",
    title=_("%(severity)s %(brand)s: calling has stopped"),
    body=_("%(reference)s %(title)s. The next step could not be made. Call somebody yourselves."),
)
register(
    "acknowledged",
    title=_("%(severity)s %(brand)s: acknowledged"),
    body=_("%(actor)s answered for %(reference)s %(title)s."),
)
register(
    "signal",
    title=_("%(severity)s %(brand)s: a new signal"),
    body=_("%(reference)s %(title)s has a new signal."),
)
register(
    "severity",
    title=_("%(severity)s %(brand)s: the severity changed"),
    body=_("%(reference)s %(title)s is now %(severity)s."),
)
register(
    "task",
    title=_("A task for you in %(reference)s"),
    body=_("%(actor)s gave you “%(task)s” in %(title)s."),
)
register(
    "resolved",
    title=_("%(brand)s: %(reference)s is resolved"),
    body=_("%(actor)s resolved %(title)s."),
)
