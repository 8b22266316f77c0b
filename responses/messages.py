"""What this room tells people, in words. Imported by the AppConfig."""

from datetime import date

from django.utils.translation import gettext_lazy as _

from accounts.wording import register_actions
from core import formats
from notifications.messages import register

from .enums_plan import Audience


def _day(stored: str) -> str:
    return formats.full_date(date.fromisoformat(stored))


register(
    "responses.plan_review",
    title=_("%(brand)s: the communication plan is due for review"),
    body=_("It was to be read anew by %(day)s. Read it, put right what is old, and note it."),
    words={"day": _day},
)


register(
    "responses.holding_ends",
    title=_("%(brand)s: the holding statement “%(name)s” ends on %(day)s"),
    body=_("Read it. If it still holds, give it a new last day and have it approved again."),
    words={"day": _day},
)
register(
    "responses.holding_over",
    title=_("%(brand)s: the holding statement “%(name)s” has ended"),
    body=_("It cannot be used any more. Give it a new last day and have it approved again."),
    words={"day": _day},
)


def _audiences(stored: list[str]) -> str:
    return ", ".join(str(Audience(each).label) for each in stored)


register(
    "responses.held",
    title=_("%(brand)s: “%(title)s” is approved and waits"),
    body=_("Not told yet in %(reference)s: %(untold)s. Tell them, or say why it cannot wait."),
    words={"untold": _audiences},
)
register(
    "responses.approval_wanted",
    title=_("%(brand)s: please approve “%(title)s”"),
    body=_("%(person)s asks for your approval in %(reference)s."),
)
register(
    "responses.approved",
    title=_("%(brand)s: “%(title)s” is approved"),
    body=_("%(person)s approved it in %(reference)s. %(comment)s"),
)
register(
    "responses.changes_wanted",
    title=_("%(brand)s: changes wanted in “%(title)s”"),
    body=_("%(person)s writes in %(reference)s: %(comment)s"),
)
register(
    "responses.approval_stuck",
    title=_("%(brand)s: nobody is left to approve “%(title)s”"),
    body=_("It waits in %(reference)s, and everyone who was to answer has been asked."),
)
register(
    "responses.comment_named",
    title=_("%(brand)s: %(person)s names you at “%(title)s”"),
    body=_("In a comment on the draft in %(reference)s."),
)
register(
    "responses.commented",
    title=_("%(brand)s: %(person)s commented on “%(title)s”"),
    body=_("You wrote on that draft in %(reference)s."),
)
register(
    "responses.comment_answered",
    title=_("%(brand)s: %(person)s answered at “%(title)s”"),
    body=_("In a thread of yours on the draft in %(reference)s."),
)
register(
    "responses.glass",
    title=_("%(brand)s: “%(title)s” is to go out at once"),
    body=_("%(person)s asks for a second person in %(reference)s: %(reason)s"),
)
register(
    "responses.glass_broken",
    title=_("%(brand)s: “%(title)s” goes out without all approvals"),
    body=_("%(first)s and %(person)s broke the glass in %(reference)s: %(reason)s"),
)
register(
    "responses.sent",
    title=_("%(brand)s: “%(title)s” is out"),
    body=_("It went out through %(account)s in %(reference)s."),
)
register(
    "responses.failed",
    title=_("%(brand)s: “%(title)s” did not go out"),
    body=_("It failed through %(account)s in %(reference)s. Open it to see why."),
)
register(
    "responses.uncertain",
    title=_("%(brand)s: is “%(title)s” out?"),
    body=_("It may have gone out through %(account)s in %(reference)s. Look, and say so."),
)

# The audit trail's words for what is done in this room.
register_actions(
    {
        "draft.created": _("Started a draft"),
        "draft.changed": _("Changed a draft"),
        "draft.taken_back": _("Took a draft back"),
        "draft.approval_lost": _("Changed an approved draft: its approval was lost"),
        "draft.leaning": _("Submitted a draft that stands on facts that are not verified"),
        "communication_plan.saved": _("Wrote the communication plan"),
        "communication_plan.reviewed": _("Reviewed the communication plan"),
        "communication_plan.review_set": _("Set the review of the communication plan"),
        "language_model.on": _("Set up a language model"),
        "language_model.off": _("Switched a language model off"),
        "language_model.asked": _("Asked a language model for help with a draft"),
        "language_model.answered": _("A language model answered"),
        "language_model.failed": _("A language model did not answer"),
        "language_model.accepted": _("Took a language model's text into a draft"),
        "strategy.answered": _("Answered the strategy advisor"),
        "strategy.decided": _("Decided on a posture"),
        "telling.audience_told": _("Noted that an audience was told"),
        "telling.audience_waived": _("Noted that an audience need not be told"),
        "telling.audience_open": _("Took back that an audience was told"),
        "telling.order_taken": _("Took over the order of telling"),
        "draft.early": _("Published before those who come first were told"),
        "template.saved": _("Wrote a statement template"),
        "template.approved": _("Approved a holding statement beforehand"),
        "template.retired": _("Put a statement template away"),
        "draft.holding_used": _("Began a draft from a holding statement"),
        "guideline.added": _("Put a word on the list of those to avoid"),
        "guideline.removed": _("Took a word off the list of those to avoid"),
        "draft.submitted": _("Asked for approval"),
        "draft.dropped": _("Dropped a draft"),
        "draft.approved": _("Approved a draft"),
        "draft.undone": _("Undid an approval"),
        "draft.step_approved": _("Approved a draft, one of several"),
        "draft.approved_outside": _("A draft was approved by somebody without an account"),
        "draft.changes_outside": _("Somebody without an account asked for changes to a draft"),
        "draft.asked_outside": _("Asked somebody without an account to approve a draft"),
        "draft.link_revoked": _("Took back a link for approving a draft"),
        "draft.handed_on": _("Asked a deputy to approve a draft"),
        "draft.stuck": _("Nobody is left to approve a draft"),
        "draft.expired": _("An approval expired"),
        "draft.glass": _("Asked to publish a draft without all approvals"),
        "draft.glass_broken": _("Broke the glass: published a draft without all approvals"),
        "approval_policy.saved": _("Saved an approval policy"),
        "approval_policy.moved": _("Moved an approval policy"),
        "approval_policy.deleted": _("Deleted an approval policy"),
        "draft.fell": _("An approval was lost"),
        "draft.changes_wanted": _("Asked for changes to a draft"),
        "draft.sent": _("Published a response"),
        "draft.edited": _("Edited a published response"),
        "draft.removed": _("Took a published response down"),
        "draft.failed": _("A publication failed"),
        "draft.uncertain": _("Nobody knows whether a response was published"),
        "draft.settled_sent": _("Settled a publication as published"),
        "draft.settled_failed": _("Settled a publication as not published"),
        "draft.retried": _("Tried a publication again"),
        "draft.withdrawn": _("Withdrew a publication"),
        "statement.prepared": _("Prepared a statement"),
        "statement.moved": _("Changed the address of a statement"),
        "statement.withdrawn": _("Withdrew an entry of a statement"),
        "statement_site.opened": _("Opened a statement page"),
        "statement_site.changed": _("Changed a statement page"),
        "statement_site.key_changed": _("Gave a statement page a new key"),
    }
)
