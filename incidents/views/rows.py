"""Timeline entries made ready for the template: words, look and time, formatted once each."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from accounts.models import User
from core import markup
from incidents import citing, entries
from incidents.enums import EntryKind
from incidents.models import TimelineEntry
from incidents.models_evidence import EvidenceFile
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
PILLS: dict[str, tuple[str, str]] = {
    EntryKind.DECISION: ("pill pill-iris", "gavel"),
    EntryKind.UPDATE: ("pill", ""),
    EntryKind.EVENT: ("pill", "clock"),
}


@dataclass(frozen=True)
class Row:
    """`person` is who wrote it; None for what the system tells. Numbers are those of entries."""

    number: int
    kind: str
    label: Any
    look: str
    icon: str
    pill: tuple[str, str] | None
    person: User | None
    words: SafeString | str
    # The same without links, for where the whole line is one.
    plain: str
    time: SafeString
    # When it was written, if that is not when it happened; and when it was mended.
    entered: SafeString | str
    edited: SafeString | str
    corrects: int | None
    corrected_by: list[int]
    pinned: bool
    # What a line tells of that was kept as evidence.
    file: EvidenceFile | None = None


def timeline_rows(found: Iterable[TimelineEntry], *, now: datetime) -> list[Row]:
    """Return rows, with facts that are cited as chips: two queries more where there are any, and
    one more for files."""
    log = list(found)
    plain = [_told(entry) for entry in log]
    numbers = {number for text in plain for number in citing.cited(text)}
    reference = log[0].incident.reference if numbers else ""
    standing = facts.standing(log[0].incident_id, numbers) if numbers else {}

    def marked(text: str) -> SafeString | str:
        return citing.marked(text, standing, reference=reference) if numbers else text

    files = _files(log)
    return [
        replace(_row(entry, text, _with_names(text, entry, marked), now), file=files.get(entry.pk))
        for entry, text in zip(log, plain, strict=True)
    ]


def _files(log: list[TimelineEntry]) -> dict[int | None, EvidenceFile]:
    """The files that lines tell of, by the line: one query where there are any."""
    telling = [entry.pk for entry in log if entry.kind == EntryKind.FILE]
    found = EvidenceFile.objects.filter(entry__in=telling) if telling else []
    return {file.entry_id: file for file in found}


def _told(entry: TimelineEntry) -> str:
    actor = str(entry.actor) if entry.actor else ""
    return entries.words(entry.kind, entry.params, actor=actor, text=entry.text)


def _with_names(
    said: str, entry: TimelineEntry, marked: Callable[[str], SafeString | str]
) -> SafeString | str:
    """Let the people whom an entry names stand out; what is between them goes through `marked`."""
    names = [f"@{word}" for word, _pk in entry.params.get("named", [])]
    if not names:
        return marked(said)
    # Longest first: @anna must not swallow the beginning of @annabel.
    pattern = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    parts = enumerate(re.split(f"({pattern})", said))
    named = (format_html('<b class="named">{}</b>', p) if n % 2 else marked(p) for n, p in parts)
    return format_html_join("", "{}", ((part,) for part in named))


def _row(entry: TimelineEntry, plain: str, words: SafeString | str, now: datetime) -> Row:
    written = entry.kind in entries.WRITTEN
    icon, look = LOOKS.get(entry.kind, ("note", "entry-person"))
    if entry.kind == EntryKind.DECISION:
        icon, look = "gavel", "entry-decision"
    corrected_by = [each.number for each in entry.corrections.all()]
    return Row(
        number=entry.number,
        kind=entry.kind,
        label=EntryKind(entry.kind).label,
        look=f"{look} entry-wrong" if corrected_by else look,
        icon=icon,
        pill=PILLS.get(entry.kind),
        person=entry.actor if written else None,
        words=words,
        plain=plain,
        time=markup.time(entry.at, now=now),
        entered=markup.time(entry.entered_at, now=now) if entry.entered_at else "",
        edited=markup.time(entry.edited_at, now=now) if entry.edited_at else "",
        corrects=entry.corrects.number if entry.corrects else None,
        corrected_by=corrected_by,
        pinned=entry.pinned_at is not None,
    )
