"""What changes drafts, approvals, publications and the accounts they go out through."""

from .accounts import (
    activate_account,
    connect_simulator,
    connect_webhook,
    deactivate_account,
    replace_secret,
    try_account,
)
from .approving import approve, ask_changes, undo_approval
from .drafting import create_draft, drop, edit_draft, set_accounts, submit
from .publications import retry, settle, withdraw

__all__ = [
    "activate_account",
    "approve",
    "ask_changes",
    "connect_simulator",
    "connect_webhook",
    "create_draft",
    "deactivate_account",
    "drop",
    "edit_draft",
    "replace_secret",
    "retry",
    "set_accounts",
    "settle",
    "submit",
    "try_account",
    "undo_approval",
    "withdraw",
]
