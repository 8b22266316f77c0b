"""What people are told about an incident's record, and the audit trail's words for it.

Imported by the AppConfig.
"""

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.wording import register_actions
from notifications import messages
from notifications.messages import Words

from .enums_record import FactStatus
from .models import named


def register(code: str, *, title: Words, body: Words, **words: Callable[[Any], Words]) -> None:
    """Register a message; `words` puts stored codes into words."""
    every = {"title": lambda parts: named(*parts), **words}
    messages.register(f"incidents.{code}", title=title, body=body, words=every)


register(
    "fact_unsure",
    title=_("%(reference)s: F%(number)s is no longer verified"),
    body=_("“%(fact)s” is now: %(status)s. Texts that cite it: %(cited)s."),
    status=lambda code: str(FactStatus(code).label),
)

register_actions(
    {
        "fact.added": _("Added a fact"),
        "fact.changed": _("Changed a fact"),
    }
)
