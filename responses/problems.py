"""Why a publication did not go out, in words: our own codes, or a connector's words.

Kept as a code, or as core.words.Words, because the engine has no reader's language.
"""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from core.words import Words

WORDS: dict[str, Promise] = {
    "account_inactive": _("The account is switched off. Switch it on, then try again."),
    "account_foreign": _("The account belongs to another brand. Nothing was sent."),
    "account_broken": _("The account's settings cannot be used. Set it up again, then try again."),
    "approval_fell": _("Withdrawn: the approval no longer stands."),
    "halted": _("Halted before it went out."),
    "by_hand": _("Taken back: somebody answers this person themselves."),
    "approval_expired": _("Withdrawn: an approval has expired."),
    "untold": _(
        "Approved, and waits: those who come before the public have not been told. Note that they"
        " have, or say why it cannot wait."
    ),
    "gone_already": _("The text that this was about has been taken down already."),
    "part_unplaced": _(
        "The part before it is out, but nobody knows where, so nothing can be put behind it. Say"
        " the rest in a text of its own."
    ),
    "part_of_restored": _(
        "This desk was restored from a copy. Look whether this part is out already. If it is not,"
        " send it again."
    ),
    "interrupted": _("Interrupted while it was being sent. The network cannot say if it is out."),
    "not_sent": _("Interrupted before anything was sent. It is sent again."),
    "no_answer": _("The network did not answer in time. It may be out."),
    "unexpected": _("Something unexpected happened while it was being sent. It may be out."),
    "not_there": _("The network does not show it. It may still turn up. Look there yourself."),
    "said_not_out": _("Somebody looked and found that it is not out."),
}


def words(error: str) -> str:
    """What stands in `Publication.error`, for the reader."""
    return str(WORDS.get(error) or Words.of(error))
