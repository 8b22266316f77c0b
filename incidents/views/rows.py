"""Timeline entries made ready for the template: words, look and time, formatted once each."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.utils.safestring import SafeString

from accounts.models import User
from core import markup
from incidents import citing, entries
from incidents.enums import EntryKind
from incidents.models import TimelineEntry
from incidents.selectors import facts

# Icon and look of each kind; what a person wrote shows the person instead.
LOOKS: dict[str, tuple[str, str]] = {
    EntryKind.OPENED: ("radar-2", "entry-red"),
    EntryKind.SIGNAL: ("activity", "entry-plain"),
    EntryKind.CALLED: ("stairs-up", "entry-amber"),
    EntryKind.EXHAUSTED: ("alert-octagon", "entry-red"),
    EntryKind.ACKNOWLEDGED: ("check", "entry-green"),
    EntryKind.STATE: ("arrow-right", "entry-plain"),
    EntryKind.SEVERITY: ("flag-3", "entry-red"),
    EntryKind.LEAD: ("user", "entry-plain"),
    EntryKind.TASK: ("checkbox", "entry-plain"),
    EntryKind.DRAFT: ("edit", "entry-plain"),
    EntryKind.APPROVAL: ("circle-check", "entry-green"),
    EntryKind.PUBLICATION: ("send-2", "entry-iris"),
    EntryKind.FACT: ("list-check", "entry-plain"),
    EntryKind.SITUATION: ("edit", "entry-plain"),
    EntryKind.WORD: ("speakerphone", "entry-iris"),
    EntryKind.PROMISE: ("hourglass", "entry-amber"),
    EntryKind.BREACH: ("shield-check", "entry-plain"),
    EntryKind.RESOLVED: ("circle-check", "entry-green"),
}


@dataclass(frozen=True)
class Row:
    """`person` is who wrote it; None for what the system tells."""

    number: int
    kind: str
    label: Any
    look: str
    icon: str
    person: User | None
    words: str
    time: SafeString


def timeline_rows(found: Iterable[TimelineEntry], *, now: datetime) -> list[Row]:
    """Return rows, with facts that are cited as chips: two queries more where there are any."""
    log = list(found)
    rows = [_row(entry, now) for entry in log]
    numbers = {number for row in rows for number in citing.cited(row.words)}
    if not numbers:
        return rows
    reference = log[0].incident.reference
    standing = facts.standing(log[0].incident_id, numbers)
    return [
        replace(row, words=citing.marked(row.words, standing, reference=reference))
        if citing.cited(row.words)
        else row
        for row in rows
    ]


def _row(entry: TimelineEntry, now: datetime) -> Row:
    written = entry.kind in entries.WRITTEN
    icon, look = LOOKS.get(entry.kind, ("note", "entry-person"))
    if entry.kind == EntryKind.DECISION:
        icon, look = "gavel", "entry-decision"
    actor = str(entry.actor) if entry.actor else ""
    return Row(
        entry.number,
        entry.kind,
        EntryKind(entry.kind).label,
        look,
        icon,
        entry.actor if written else None,
        entries.words(entry.kind, entry.params, actor=actor, text=entry.text),
        markup.time(entry.at, now=now),
    )
