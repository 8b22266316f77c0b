"""What the inbox tells people, in words. Imported by the AppConfig."""

from django.utils.translation import gettext_lazy as _

from accounts.wording import register_actions
from notifications.messages import register

register(
    "responses.replies_yours",
    title=_("%(brand)s: people wait for your answer in %(reference)s"),
    body=_("Nobody answered in time. Handed on to you: %(count)s."),
)
register(
    "responses.replies_gone",
    title=_("%(brand)s: conversations were handed on in %(reference)s"),
    body=_("They were yours, and their time was over: %(count)s."),
)
register(
    "responses.replies_nobody",
    title=_("%(brand)s: nobody answers people in %(reference)s"),
    body=_("Their time is over, and nobody on duty can take them: %(count)s."),
)
register(
    "responses.replies_given",
    title=_("%(brand)s: conversations for you in %(reference)s"),
    body=_("Somebody gave you people to answer: %(count)s."),
)
register(
    "responses.answer_failed",
    title=_("%(brand)s: an answer did not go out"),
    body=_("It failed through %(account)s in %(reference)s. Open it to see why."),
)
register(
    "responses.answer_uncertain",
    title=_("%(brand)s: is an answer out?"),
    body=_("It may have gone out through %(account)s in %(reference)s. Look, and say so."),
)
register(
    "responses.concern_yours",
    title=_("%(brand)s: a concern for you in %(reference)s"),
    body=_("Somebody gave you a question of the public to see to."),
)
register_actions(
    {
        "concern.added": _("Put a question on the concern board"),
        "concern.changed": _("Changed a question of the concern board"),
        "concern.answer_written": _("Began the answer to a question"),
        "engage.run_started": _("Sent one answer to all who asked"),
        "engage.run_halted": _("Halted an answer to all who asked"),
        "canned.saved": _("Saved an answer in the library"),
        "canned.deleted": _("Took an answer out of the library"),
        "canned.approved": _("Let an approved answer hold for the whole brand"),
        "conversation.solved": _("Marked conversations as solved"),
        "conversation.ignored": _("Left conversations alone"),
        "conversation.open": _("Took conversations up again"),
        "engage.settings": _("Changed how soon people are answered"),
    }
)
