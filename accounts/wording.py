"""Actions of the audit trail in words. A room above registers its own."""

from typing import Any

from django.utils.translation import gettext_lazy as _

ACTIONS: dict[str, Any] = {
    "brand.created": _("Added a brand"),
    "brand.changed": _("Changed a brand"),
    "member.role": _("Changed a role"),
    "member.removed": _("Removed a member"),
    "invitation.made": _("Invited someone"),
    "invitation.withdrawn": _("Withdrew an invitation"),
    "invitation.accepted": _("Accepted an invitation"),
    "user.created": _("Created an account"),
    "profile.changed": _("Changed a profile"),
    "password.changed": _("Changed a password"),
    "token.issued": _("Created an API token"),
    "token.revoked": _("Revoked an API token"),
}


def register_actions(words: dict[str, Any]) -> None:
    """Give actions ("draft.approved") their words: lazy translations."""
    if known := ACTIONS.keys() & words.keys():
        raise ValueError(f"Registered twice: {', '.join(sorted(known))}")
    ACTIONS.update(words)


def action_in_words(action: str) -> str:
    """The action's words, or the action as it is stored when no room has any for it."""
    return str(ACTIONS.get(action, action))
