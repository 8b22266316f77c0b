"""Making one incident of two, and taking that back.

Both are locked in the order of their ids, so that two mergings cannot wait for each other. What was
being called for stays called for: whoever merges does not thereby answer.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import User
from core.errors import Conflict, Refused
from incidents import events, selectors
from incidents.enums import Closing, EntryKind, Joined, Severity, State
from incidents.models import Incident, LinkedMention, Signal, Task
from incidents.models_ties import Merge

from .notices import tell
from .plan_tasks import add_due
from .privacy import seat
from .running import answer, set_severity
from .timeline import append, lock, readable, show
from .triage import begin, leave_triage

UNDO_FOR = timedelta(hours=24)
PARTS = ["head", "timeline", "ladder", "tasks", "links", "drafts"]


def lock_two(one: int, other: int) -> tuple[Incident, Incident]:
    """Return both incidents, locked in the order of their ids. Refused for one and the same."""
    if one == other:
        raise Refused(_("Choose another incident."))
    locked = {pk: lock(pk) for pk in sorted((one, other))}
    return locked[one], locked[other]


@transaction.atomic
def merge(source_id: int, target_id: int, *, by: User, reason: str, now: datetime) -> Merge:
    """Let `source` go on as `target`, which gets its tasks, signals and linked mentions.

    Its own timeline, drafts, facts and files stay under its reference and are reached from the
    target's. Refused across brands and between private and public; Conflict if either is over.
    """
    why = readable(reason)
    source, target = lock_two(source_id, target_id)
    _refuse(source, target)
    done = Merge.objects.create(
        source=source, target=target, at=now, by=by, before=_stood(source), moved={}
    )
    _keep_calling(source, target, by=by, now=now)
    done.moved = _move(source, target)
    done.save(update_fields=["moved"])
    _close(source, target, now=now)
    _gather(source, target, by=by, now=now)
    _tell(source, target, by=by, why=why, now=now)
    audit.record(
        "incident.merged", actor=by, brand=target.brand, subject=source.reference,
        after=target.reference,
    )  # fmt: skip
    events.incident_resolved.announce(incident_id=source.pk)
    show(source, PARTS)
    show(target, PARTS, brand=True)
    return done


def _refuse(source: Incident, target: Incident) -> None:
    if source.brand_id != target.brand_id:
        raise Refused(_("The incident belongs to another brand."))
    if source.is_private != target.is_private:
        raise Refused(_("One is private and the other is not. Make them alike first."))
    if source.is_drill or target.is_drill:
        raise Refused(_("A fire drill is not merged."))
    if source.merged_into_id or target.merged_into_id:
        raise Conflict(_("It is merged into another incident already."))
    if not target.is_open:
        raise Conflict(_("The incident to merge into is resolved. Open it again first."))


def _stood(source: Incident) -> dict[str, Any]:
    """How the incident stands, for taking the merging back."""
    return {
        "state": source.state,
        "closed_as": source.closed_as,
        "resolved_at": _iso(source.resolved_at),
        "update_by": _iso(source.update_by),
        "triage_until": _iso(source.triage_until),
        "called": source.is_called,
    }


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _keep_calling(source: Incident, target: Incident, *, by: User, now: datetime) -> None:
    """No call is lost: what one of the two needed, their common incident needs."""
    if target.state == State.TRIAGE and source.state != State.TRIAGE and source.is_open:
        if source.is_called:
            begin(target, by=by, code="merged", now=now)
        else:
            leave_triage(target, State.ACKNOWLEDGED, now=now)
            answer(target, by=source.lead or by, now=now)
    if source.is_called and target.is_called:
        due = [each for each in (source.escalate_at, target.escalate_at) if each]
        target.escalate_at = min(due, default=now)
        target.escalate_failures = 0
        target.save(update_fields=["escalate_at", "escalate_failures"])


def _move(source: Incident, target: Incident) -> dict[str, list[int]]:
    """Hang the source's rows on the target; return their ids."""
    there = target.linked_mentions.values("mention_id")
    fresh = source.linked_mentions.exclude(mention_id__in=there)
    return {
        "tasks": _hang(_new_tasks(source, target), target),
        "signals": _hang(source.signals.all(), target),
        "mentions": _hang(fresh, target),
        # What was merged into the source before goes on as the target, too.
        "merged": _hang(source.merged.all(), target, "merged_into"),
    }


def _new_tasks(source: Incident, target: Incident) -> Any:
    """A task of the plan that both have is done once: the target's stands, the other stays."""
    planned = target.tasks.exclude(key="").values("key")
    return source.tasks.exclude(key__in=planned)


def _hang(rows: Any, target: Incident, column: str = "incident") -> list[int]:
    ids: list[int] = list(rows.values_list("pk", flat=True))
    rows.model._base_manager.filter(pk__in=ids).update(**{column: target})
    return ids


def _close(source: Incident, target: Incident, *, now: datetime) -> None:
    source.state, source.closed_as, source.merged_into = State.RESOLVED, Closing.MERGED, target
    source.resolved_at = source.resolved_at or now
    source.escalate_at = source.triage_until = source.update_by = None
    source.save(
        update_fields=[
            "state",
            "closed_as",
            "merged_into",
            "resolved_at",
            "escalate_at",
            "triage_until",
            "update_by",
        ]
    )


def _gather(source: Incident, target: Incident, *, by: User, now: datetime) -> None:
    """The target is as grave as the graver, as old as the older, and has the members of both."""
    if source.severity < target.severity:
        before, level = target.severity, Severity(source.severity)
        set_severity(target, level, reasons=source.severity_reasons, now=now)
        params = {"code": "merged", "before": before, "after": level}
        append(target, EntryKind.SEVERITY, actor=by, params=params, now=now)
        add_due(target, now=now)
    target.began_at = min(target.began_at, source.began_at)
    target.responded_at = target.responded_at or source.responded_at
    target.save(update_fields=["began_at", "responded_at"])
    if target.is_private:
        people = selectors.insiders(source)
        seat(target, people, joined=Joined.CHOSEN, by=by, now=now)


def _tell(source: Incident, target: Incident, *, by: User, why: str, now: datetime) -> None:
    for incident, code, other in (
        (source, "merged_into", target),
        (target, "merged_from", source),
    ):
        params = {"code": code, "reference": other.reference}
        append(incident, EntryKind.LINK, actor=by, params=params, text=why, now=now)
    concerned = {*source.calls.values_list("user_id", flat=True), source.lead_id}
    others = selectors.insiders(target).filter(pk__in=[pk for pk in concerned if pk])
    key = f"merged.{target.entries_count}"
    facts: Any = {"actor": str(by), "other": source.reference}
    tell(others.exclude(pk=by.pk), "merged", incident=target, key=key, now=now, **facts)


@transaction.atomic
def unmerge(source_id: int, *, by: User, reason: str, now: datetime) -> Incident:
    """Take a merging back: the incident stands again as it stood, with what is left of its rows.

    If it was being called for and nobody has answered, its calls go on at once. Conflict when it is
    not merged, a day has passed, or the target has itself been merged since.
    """
    why = readable(reason)
    standing = Merge.objects.filter(source=source_id, undone_at=None).first()
    if standing is None:
        raise Conflict(_("It is not merged into another incident."))
    source, target = lock_two(source_id, standing.target_id)
    standing.refresh_from_db()
    _refuse_undo(standing, target, now=now)
    _move_back(standing)
    _stand_again(source, standing.before, now=now)
    standing.undone_at = now
    standing.save(update_fields=["undone_at"])
    for incident, other in ((source, target), (target, source)):
        params = {"code": "unmerged", "reference": other.reference}
        append(incident, EntryKind.LINK, actor=by, params=params, text=why, now=now)
    audit.record(
        "incident.unmerged", actor=by, brand=source.brand, subject=source.reference,
        before=target.reference,
    )  # fmt: skip
    show(source, PARTS)
    show(target, PARTS, brand=True)
    return source


def _refuse_undo(standing: Merge, target: Incident, *, now: datetime) -> None:
    if standing.undone_at:
        raise Conflict(_("It is not merged into another incident."))
    if now > standing.at + UNDO_FOR:
        raise Conflict(_("A merging can be taken back for a day. Split the incident instead."))
    if target.merged_into_id:
        raise Conflict(_("The other incident has been merged since. Take that back first."))


def _move_back(standing: Merge) -> None:
    """Rows that have moved on or are gone since stay where they are."""
    kinds: Iterable[tuple[str, Any]] = (
        ("tasks", Task),
        ("signals", Signal),
        ("mentions", LinkedMention),
    )
    for name, model in kinds:
        rows = model.objects.filter(pk__in=standing.moved.get(name, []), incident=standing.target)
        rows.update(incident=standing.source_id)
    before = Incident.objects.filter(pk__in=standing.moved.get("merged", []))
    before.filter(merged_into=standing.target).update(merged_into=standing.source_id)


def _stand_again(source: Incident, before: dict[str, Any], *, now: datetime) -> None:
    source.merged_into = None
    source.state, source.closed_as = before["state"], before["closed_as"]
    source.resolved_at = _moment(before["resolved_at"])
    source.update_by = _moment(before["update_by"])
    source.triage_until = _moment(before["triage_until"])
    unanswered = before["called"] and source.acknowledged_at is None
    source.escalate_at = now if unanswered else None
    source.save()


def _moment(written: str | None) -> datetime | None:
    return datetime.fromisoformat(written) if written else None
