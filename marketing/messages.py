"""What this room tells people, in words. Imported by the AppConfig."""

from django.utils.translation import gettext_lazy as _

from accounts.wording import register_actions
from notifications.messages import register

register(
    "marketing.paused",
    title=_("%(brand)s: marketing is paused"),
    body=_("%(reason)s. Held posts: %(held)s. Stop by hand what other tools would send."),
)
register(
    "marketing.end_due",
    title=_("%(brand)s: is the pause of marketing over?"),
    body=_("Its planned end has come; nothing starts by itself. Waiting for you: %(left)s posts."),
)
register(
    "marketing.missed",
    title=_("%(brand)s: “%(title)s” was not sent in time"),
    body=_("Its time has passed, so it is held. Give it a new time, or drop it."),
)
register(
    "marketing.failed",
    title=_("%(brand)s: “%(title)s” did not go out"),
    body=_("Open it to see why, and plan it again or drop it."),
)
register(
    "marketing.uncertain",
    title=_("%(brand)s: is “%(title)s” out?"),
    body=_("The network gave no answer. Look there, and say so."),
)

# The audit trail's words for what is done in this room.
register_actions(
    {
        "scheduled.planned": _("Planned a marketing post"),
        "scheduled.changed": _("Changed a marketing post"),
        "scheduled.dropped": _("Dropped a marketing post"),
        "scheduled.exempted": _("Exempted a marketing post from the pause"),
        "scheduled.not_exempted": _("Took back a marketing post's exemption"),
        "scheduled.held": _("A marketing post was held by a pause"),
        "scheduled.missed": _("A marketing post was held: its time had passed"),
        "scheduled.sent": _("Sent a marketing post"),
        "scheduled.failed": _("A marketing post failed"),
        "scheduled.uncertain": _("Nobody knows whether a marketing post was sent"),
        "scheduled.settled_sent": _("Settled a marketing post as sent"),
        "scheduled.settled_failed": _("Settled a marketing post as not sent"),
        "scheduled.kept": _("Kept a held post"),
        "scheduled.undecided": _("Took back the decision about a held post"),
        "scheduled.imported": _("Imported entries into the marketing calendar"),
        "pause.pressed": _("Paused marketing"),
        "pause.ended": _("Let marketing go on"),
        "pause.prolonged": _("Changed when the pause is to end"),
        "pause.taken_over": _("Took over a pause of marketing"),
        "pause.ticked": _("Ticked off what was stopped by hand"),
        "pause.unticked": _("Took back a tick of the pause's checklist"),
        "marketing_feed.added": _("Connected a calendar or scheduling tool"),
        "marketing_feed.removed": _("Disconnected a calendar or scheduling tool"),
    }
)
