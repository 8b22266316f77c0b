"""Everything that changes an incident."""

from .correcting import correct_entry, edit_entry, pin_entry, unpin_entry
from .decisions import add_decision
from .drills import end_drills, start_drill, stop_drill
from .escalation import escalate_now, fire_next, say_awake
from .hooks import add_webhook, remove_webhook, send_hooks
from .lines import write_line
from .merging import merge, unmerge
from .opening import open_incident, take_reference, take_up, take_up_detections
from .policies import delete_policy, restore_version, save_policy
from .privacy import (
    add_member,
    make_private,
    make_public,
    open_sealed,
    remove_member,
)
from .reaching import take_up_unreached
from .rota import add_shift, remove_shift
from .running import (
    Ending,
    acknowledge,
    change_severity,
    change_state,
    mark_responded,
    rename,
    reopen,
    resolve,
    summarise,
    take_lead,
)
from .tasks import assign_task, claim_task, move_task
from .ties import Part, split, tie, untie
from .timeline import add_event, add_note, add_update, write_entry
from .triage import accept_and_call, accept_next_due, dismiss, set_triage, suspicion_end
from .work import add_task, finish_task, link_mention, link_mentions, reopen_task

__all__ = [
    "Ending",
    "Part",
    "accept_and_call",
    "accept_next_due",
    "acknowledge",
    "add_decision",
    "add_event",
    "add_member",
    "add_note",
    "add_shift",
    "add_task",
    "add_update",
    "add_webhook",
    "assign_task",
    "change_severity",
    "change_state",
    "claim_task",
    "correct_entry",
    "delete_policy",
    "dismiss",
    "edit_entry",
    "end_drills",
    "escalate_now",
    "finish_task",
    "fire_next",
    "link_mention",
    "link_mentions",
    "make_private",
    "make_public",
    "mark_responded",
    "merge",
    "move_task",
    "open_incident",
    "open_sealed",
    "pin_entry",
    "remove_member",
    "remove_shift",
    "remove_webhook",
    "rename",
    "reopen",
    "reopen_task",
    "resolve",
    "restore_version",
    "save_policy",
    "say_awake",
    "send_hooks",
    "set_triage",
    "split",
    "start_drill",
    "stop_drill",
    "summarise",
    "suspicion_end",
    "take_lead",
    "take_reference",
    "take_up",
    "take_up_detections",
    "take_up_unreached",
    "tie",
    "unmerge",
    "unpin_entry",
    "untie",
    "write_entry",
    "write_line",
]
