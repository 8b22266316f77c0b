"""Actions of the audit trail in words. A room above registers its own.

Details are facts under names of the code; the names are put into words, the facts stay as they are.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.db.models.enums import Choices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from .enums import Role
from .models import AuditEntry, User

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

_DETAILS: dict[str, Any] = {
    "before": pgettext_lazy("detail", "before"),
    "after": pgettext_lazy("detail", "after"),
    "changes": pgettext_lazy("detail", "changes"),
    "role": pgettext_lazy("detail", "role"),
    "kind": pgettext_lazy("detail", "kind"),
    "steps": pgettext_lazy("detail", "steps"),
    "network": pgettext_lazy("detail", "network"),
    "text": pgettext_lazy("detail", "text"),
    "draft": pgettext_lazy("detail", "draft"),
    "title": pgettext_lazy("detail", "title"),
    "version": pgettext_lazy("detail", "version"),
    "account": pgettext_lazy("detail", "account"),
    "accounts": pgettext_lazy("detail", "accounts"),
    "comment": pgettext_lazy("detail", "comment"),
    "count": pgettext_lazy("detail", "number"),
    "any_of": pgettext_lazy("detail", "words"),
    "none_of": pgettext_lazy("detail", "but not"),
    "token": pgettext_lazy("detail", "token"),
    "shift": pgettext_lazy("detail", "shift"),
    "swap": pgettext_lazy("detail", "swap"),
    "lines": pgettext_lazy("detail", "lines"),
    "starts": pgettext_lazy("detail", "from"),
    "ends": pgettext_lazy("detail", "to"),
    "filter": pgettext_lazy("detail", "filter"),
    "job": pgettext_lazy("detail", "job"),
    "field": pgettext_lazy("detail", "field"),
    "drill": pgettext_lazy("detail", "drill"),
    "held": pgettext_lazy("detail", "held posts"),
    "left": pgettext_lazy("detail", "left"),
    "name": pgettext_lazy("detail", "person"),
    "audience": pgettext_lazy("detail", "audience"),
    "means": pgettext_lazy("detail", "how"),
    "order": pgettext_lazy("detail", "order"),
    "untold": pgettext_lazy("detail", "not told"),
    "template": pgettext_lazy("detail", "template"),
    "section": pgettext_lazy("detail", "section"),
    "owner": pgettext_lazy("detail", "owner"),
    "day": pgettext_lazy("detail", "day"),
    "factor": pgettext_lazy("detail", "times the usual"),
}

# Codes among the facts, by action and name: the choices whose labels say what they mean.
_CODES: dict[tuple[str, str], type[Choices]] = {
    ("member.role", "before"): Role,
    ("member.role", "after"): Role,
    ("member.removed", "role"): Role,
    ("invitation.made", "role"): Role,
    ("invitation.accepted", "role"): Role,
    ("invitation.withdrawn", "role"): Role,
}

# By the rooms above: which of these entries a reader may not know the details of, by number.
Veil = Callable[[User, Sequence[AuditEntry]], set[int]]
VEILS: list[Veil] = []


def veiled(user: User, entries: Sequence[AuditEntry]) -> set[int]:
    """Return the numbers of the entries whose details stay hidden from `user`: one query a room."""
    return set().union(*(veil(user, entries) for veil in VEILS)) if entries else set()


def register_actions(words: dict[str, Any]) -> None:
    """Give actions ("draft.approved") their words: lazy translations."""
    if known := ACTIONS.keys() & words.keys():
        raise ValueError(f"Registered twice: {', '.join(sorted(known))}")
    ACTIONS.update(words)


def register_codes(choices: dict[tuple[str, str], type[Choices]]) -> None:
    """Say which choices a fact of an action is one of: {("incident.state", "after"): State}."""
    if known := _CODES.keys() & choices.keys():
        raise ValueError(f"Registered twice: {sorted(known)}")
    _CODES.update(choices)


def action_in_words(action: str) -> str:
    """The action's words, or the action as it is stored when no room has any for it."""
    return str(ACTIONS.get(action, action))


def detail_in_words(action: str, detail: Mapping[str, Any]) -> str:
    """The facts of an entry behind their names: "before: Lead; after: Observer"."""
    facts = ((name, _said(action, name, value)) for name, value in detail.items())
    return "; ".join(f"{_DETAILS.get(name, name)}: {value}" for name, value in facts)


def _said(action: str, name: str, value: Any) -> str:
    """A code's label; the fact as it is where it is none, or one of another version."""
    choices = _CODES.get((action, name))
    if choices is None or value not in choices.values:
        return str(value)
    return str(choices(value).label)
