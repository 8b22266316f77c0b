"""What this room tells people, in words. Imported by the AppConfig."""

from django.utils.translation import gettext_lazy as _

from notifications import messages

messages.register(
    "monitoring.assigned",
    title=_("%(actor)s gave you mentions to work on: %(count)s"),
    body=_("They are in the mention stream under those assigned to you."),
)
