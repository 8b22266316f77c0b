"""The audit trail's words for what is done in this room. Imported by the AppConfig."""

from django.utils.translation import gettext_lazy as _

from accounts.wording import register_actions

register_actions(
    {
        "lesson.added": _("Added a lesson"),
        "lesson.removed": _("Removed a lesson"),
    }
)
