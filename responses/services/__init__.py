"""What changes drafts, approvals and publications."""

from .approving import approve, ask_changes, undo_approval
from .drafting import create_draft, drop, edit_draft, set_accounts, submit
from .publications import retry, settle, withdraw

__all__ = [
    "approve",
    "ask_changes",
    "create_draft",
    "drop",
    "edit_draft",
    "retry",
    "set_accounts",
    "settle",
    "submit",
    "undo_approval",
    "withdraw",
]
