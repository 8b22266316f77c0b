"""The audit trail's words for what is done in this room. Imported by the AppConfig."""

from django.utils.translation import gettext_lazy as _

from accounts.wording import register_actions

register_actions(
    {
        "lesson.added": _("Added a lesson"),
        "lesson.removed": _("Removed a lesson"),
        "follow_up.added": _("Agreed on a follow-up"),
        "follow_up.changed": _("Changed a follow-up"),
        "follow_up.done": _("Finished a follow-up"),
        "follow_up.dropped": _("Decided not to do a follow-up"),
        "follow_up.reopened": _("Opened a follow-up again"),
    }
)
