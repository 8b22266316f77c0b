"""What changes drafts, approvals and publications."""

from .amending import start_correction, start_edit, start_removal
from .approving import approve, ask_changes, undo_approval
from .commenting import add_comment, resolve_comment
from .drafting import create_draft, drop, edit_draft, set_accounts, set_risks, submit
from .glass import break_glass, join_glass
from .links import answer_outside, ask_outside, revoke_link
from .media import keep_image
from .policies import delete_policy, move_policy, save_policy
from .publications import retry, settle, withdraw
from .together import Clashing, Saved, Seen, Typed, drop_unsaved, keep_unsaved, save_together
from .translating import say_same, start_translation

__all__ = [
    "Clashing",
    "Saved",
    "Seen",
    "Typed",
    "add_comment",
    "answer_outside",
    "approve",
    "ask_changes",
    "ask_outside",
    "break_glass",
    "create_draft",
    "delete_policy",
    "drop",
    "drop_unsaved",
    "edit_draft",
    "join_glass",
    "keep_image",
    "keep_unsaved",
    "move_policy",
    "resolve_comment",
    "retry",
    "revoke_link",
    "save_policy",
    "save_together",
    "say_same",
    "set_accounts",
    "set_risks",
    "settle",
    "start_correction",
    "start_edit",
    "start_removal",
    "start_translation",
    "submit",
    "undo_approval",
    "withdraw",
]
