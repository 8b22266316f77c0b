"""What people are told about an incident's record, and the audit trail's words for it.

Imported by the AppConfig.
"""

from django.utils.translation import gettext_lazy as _

from accounts.wording import register_actions
from notifications.messages import Words

from .enums_record import FactStatus
from .messages import register


def _status(code: str) -> Words:
    """Of a private incident notices tell no status: only that there is something to read."""
    return FactStatus(code).label if code in FactStatus.values else code


register(
    "fact_unsure",
    title=_("%(reference)s: F%(number)s is no longer verified"),
    body=_("“%(fact)s” is now: %(status)s. Texts that cite it: %(cited)s."),
    words={"status": _status},
)
register(
    "silent",
    title=_("%(severity)s %(brand)s: the public hears nothing from us"),
    body=_("%(reference)s %(title)s. Minutes since our last word: %(minutes)s."),
)
register(
    "promise_soon",
    title=_("%(reference)s: P%(number)s is due at %(due_at)s"),
    body=_("We promised: “%(promise)s”. Keep it, or say in time that it is moved."),
)
register(
    "promise_due",
    title=_("%(reference)s: P%(number)s is due now"),
    body=_("We promised: “%(promise)s”. Mark it as kept, or move it with a reason."),
)
register(
    "promise_late",
    title=_("%(reference)s: we have not kept P%(number)s"),
    body=_("We promised: “%(promise)s” by %(due_at)s. Nobody has said that it is kept."),
)
register(
    "head_old",
    title=_("%(reference)s: is the head still right?"),
    body=_("Nobody has written or confirmed what happened in %(title)s for %(held)s."),
)
register(
    "breach_hours",
    title=_("%(reference)s: the 72 hours end at %(due_at)s"),
    body=_("The notice to the data protection authority has not gone out yet."),
)
register(
    "breach_over",
    title=_("%(reference)s: the 72 hours are over"),
    body=_("They ended at %(due_at)s. Notify now, and write the reasons for the delay."),
)

register_actions(
    {
        "fact.added": _("Added a fact"),
        "fact.changed": _("Changed a fact"),
        "breach.started": _("Started the 72-hour clock"),
        "breach.aware": _("Changed when we became aware of a breach"),
        "breach.written": _("Wrote in a notice to the authority"),
        "breach.notified": _("Recorded a notice to the authority"),
        "breach.not_needed": _("Recorded that no notice is needed"),
        "breach.reopened": _("Took a notice to the authority up again"),
        "breach.telling": _("Recorded whether those affected are told"),
        "breach.exported": _("Made a notice's document"),
        "situation.written": _("Rewrote the head of an incident"),
        "situation.confirmed": _("Confirmed the head of an incident"),
        "public_word.noted": _("Noted a word to the public"),
        "promise.given": _("Wrote down a promise"),
        "promise.moved": _("Moved a promise"),
        "promise.kept": _("Marked a promise as kept"),
        "promise.broken": _("Marked a promise as broken"),
        "promise.withdrawn": _("Withdrew a promise"),
    }
)
