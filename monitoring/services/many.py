"""Work on many mentions: a selection at once, or all that a filter shows by a worker.

What is done is an executor by kind; rooms above add theirs to EXECUTORS. A worker goes through the
filter from the newest to the oldest, piece by piece: the mentions of a piece are changed in the
transaction that moves the job's position, so that one that is killed repeats nothing. Mentions that
come in meanwhile are not part of it.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts import audit
from accounts.enums import Permission
from accounts.models import User
from accounts.rules import allowed
from core.errors import Conflict, Forbidden, Refused
from monitoring import packing
from monitoring.chart import TriageState
from monitoring.enums import LABELS, JobKind, JobState
from monitoring.models import Mention
from monitoring.models_triage import StreamJob
from monitoring.selectors import Cursor, Filters, Post, stream, summary
from monitoring.selectors.filters import NEWEST, pack, unpack
from monitoring.selectors.stream import WORKERS_PATIENCE

from . import triage
from .corrections import correct, effective
from .triage import CHUNK, Outcome, Place

logger = logging.getLogger(__name__)

# Mentions that can be ticked, and that a filter may find for one job.
MOST_TICKED = 500
MOST = 20_000
# A piece takes a second; a worker that is silent for this long is gone.
LEASE = timedelta(seconds=60)
RIGHTS = {JobKind.EXPORT: Permission.EXPORT}
UNFINISHED = (JobState.QUEUED, JobState.RUNNING)
UNDOABLE = (JobKind.STATE, JobKind.ASSIGN)


@dataclass(frozen=True)
class Work:
    """One piece: the job, the mentions that its person may work on, and the time."""

    job: StreamJob
    places: list[Place]
    by: User
    now: datetime
    params: dict[str, Any] = field(default_factory=dict)


Executor = Callable[[Work], Outcome]
Check = Callable[[dict[str, Any], Iterable[int], User], dict[str, Any]]


@dataclass(frozen=True)
class Kind:
    """`check` returns the parameters fit to be kept, or raises Refused; `execute` does a piece."""

    check: Check
    execute: Executor


KINDS: dict[str, Kind] = {}


def may(user: User, kind: str, brand_id: int) -> bool:
    return allowed(user, RIGHTS.get(JobKind(kind), Permission.TRIAGE), brand_id)


def do_now(
    kind: str, params: dict[str, Any], mention_ids: Sequence[int], *, by: User, now: datetime
) -> StreamJob:
    """Do it to these mentions at once; return the finished job, which can be taken back."""
    if len(mention_ids) > MOST_TICKED:
        raise Refused(_("At most %(most)d mentions can be selected.") % {"most": MOST_TICKED})
    found = Mention.objects.visible_to(by).filter(pk__in=mention_ids)
    rows = found.values_list("pk", "brand_id", "published_at")
    places = [Place(*row) for row in rows if may(by, kind, row[1])]
    if not places:
        raise Forbidden(_("You may not do this with any of these mentions."))
    brands = {place.brand_id for place in places}
    with transaction.atomic():
        job = _made(kind, params, brands, by=by, now=now)
        outcome = KINDS[kind].execute(Work(job, places, by, now, job.params))
        job.total, job.done, job.skipped = len(mention_ids), outcome.changed, outcome.left
        job.skipped += len(mention_ids) - len(places)
        job.state, job.finished_at = JobState.DONE, now
        job.save()
        _note(job, {brand: sum(p.brand_id == brand for p in places) for brand in brands})
    return job


def start(
    kind: str,
    params: dict[str, Any],
    filters: Filters,
    *,
    query: str,
    by: User,
    now: datetime,
) -> StreamJob:
    """Queue the work on all that the filters show now; a worker does it. `query` is for reading.

    Raises Refused for more than MOST mentions, and Forbidden where none may be worked on.
    """
    brands = [pk for pk in by.roles if may(by, kind, pk)]
    mine = [pk for pk in brands if not filters.brands or pk in filters.brands]
    if not mine:
        raise Forbidden(_("You may not do this with any of these mentions."))
    until = min(now, filters.until) if filters.until else now
    fixed = replace(filters, brands=tuple(mine), until=until, order=NEWEST, fold=False)
    counted = summary(by, fixed, most=MOST)
    if counted.more:
        raise Refused(
            _("These are more than %(most)d mentions. Choose a narrower filter.") % {"most": MOST}
        )
    with transaction.atomic():
        job = _made(kind, params, mine, by=by, now=now)
        job.filters, job.query, job.total = pack(fixed), query, counted.total
        job.save()
        _note(job, counted.brands)
    return job


def _made(
    kind: str, params: dict[str, Any], brands: Iterable[int], *, by: User, now: datetime
) -> StreamJob:
    if kind not in KINDS:
        raise Refused(_("That cannot be done with many mentions."))
    checked = KINDS[kind].check(params, brands, by)
    return StreamJob.objects.create(kind=kind, params=checked, by=by, created_at=now)


def _note(job: StreamJob, brands: dict[int, int]) -> None:
    for brand, count in sorted(brands.items()):
        audit.record(
            "mentions.changed",
            actor=job.by,
            brand=brand,
            subject=str(job.pk),
            kind=job.kind,
            count=count,
            changes=job.params,
        )


def waiting(*, now: datetime) -> list[StreamJob]:
    """Return the jobs that no living worker is doing."""
    free = Q(lease_until=None) | Q(lease_until__lt=now)
    return list(StreamJob.objects.filter(free, state__in=UNFINISHED).order_by("pk")[:20])


def claim(job_id: int, *, now: datetime) -> StreamJob | None:
    """Take the job on for a while; None where another worker has it, or it is over."""
    free = Q(lease_until=None) | Q(lease_until__lt=now)
    claimed = StreamJob.objects.filter(free, pk=job_id, state__in=UNFINISHED)
    if not claimed.update(state=JobState.RUNNING, lease_until=now + LEASE):
        return None
    return StreamJob.objects.select_related("by").get(pk=job_id)


def run(job_id: int, *, clock: Callable[[], datetime]) -> None:
    """Do a job to its end, from where it stands. Returns at once where another worker does."""
    job = claim(job_id, now=clock())
    if job is None:
        return
    try:
        while _piece(job, now=clock()):
            pass
    except Refused as refusal:
        finish(job, JobState.STOPPED, str(refusal), now=clock())
    else:
        finish(job, JobState.DONE, "", now=clock())


def finish(job: StreamJob, state: JobState, error: str, *, now: datetime) -> None:
    """End the job, unless another worker has taken it over."""
    StreamJob.objects.filter(pk=job.pk, state=JobState.RUNNING, position=job.position).update(
        state=state, error=error[:500], finished_at=now, lease_until=None
    )


@transaction.atomic
def _piece(job: StreamJob, *, now: datetime) -> bool:
    """Do the next mentions; return whether there may be more."""
    locked = StreamJob.objects.select_for_update().get(pk=job.pk)
    if locked.position != job.position or locked.state != JobState.RUNNING:
        raise Conflict(_("Another worker does this."))
    by = person_of(job)
    filters = unpack(locked.filters)
    page = stream(by, filters, at(locked), size=CHUNK, patience=WORKERS_PATIENCE)
    places = [place_of(post) for post in page.posts if may(by, job.kind, post.brand_id)]
    if places:
        outcome = KINDS[job.kind].execute(Work(locked, places, by, now, locked.params))
        locked.done += outcome.changed
        locked.skipped += outcome.left
    locked.skipped += len(page.posts) - len(places)
    move(locked, page.older)
    locked.lease_until = now + LEASE
    locked.save()
    job.position = locked.position
    return page.older is not None


def person_of(job: StreamJob) -> User:
    """Return who began the job, read afresh: rights may have been taken away since."""
    person = User.objects.filter(pk=job.by_id, is_active=True).first()
    if person is None:
        raise Refused(_("Whoever began this may not do it any more."))
    return person


def place_of(post: Post) -> Place:
    return Place(post.id, post.brand_id, post.published_at)


def at(job: StreamJob) -> Cursor | None:
    """Return where the job stands, as a cursor of the stream."""
    return Cursor(packing.moment(job.position[0]), job.position[1]) if job.position else None


def move(job: StreamJob, cursor: Cursor | None) -> None:
    if cursor:
        job.position = [packing.micros(cursor.value), cursor.id]


def undo(job: StreamJob, *, by: User, now: datetime) -> Outcome:
    """Put back what the job did, wherever nobody has changed it since."""
    if job.kind not in UNDOABLE or job.state in UNFINISHED or job.by_id != by.pk:
        raise Refused(_("This cannot be taken back."))
    outcome = triage.undo(job, by=by, now=now)
    with transaction.atomic():
        StreamJob.objects.filter(pk=job.pk).update(undone_at=now)
        audit.record("mentions.undone", actor=by, subject=str(job.pk), count=outcome.changed)
    return outcome


def stop(job: StreamJob, *, by: User, now: datetime) -> None:
    """End a job that is under way; what it has done stays, and can be taken back."""
    stopped = StreamJob.objects.filter(pk=job.pk, by=by, state__in=UNFINISHED)
    if not stopped.update(state=JobState.STOPPED, finished_at=now, lease_until=None):
        raise Conflict(_("It has already ended."))


# ---- the kinds of this room ----


def _check_state(params: dict[str, Any], _brands: Iterable[int], _by: User) -> dict[str, Any]:
    if params.get("state") not in TriageState.values:
        raise Refused(_("That is not a state."))
    return {"state": params["state"]}


def _set_states(work: Work) -> Outcome:
    changes: dict[str, Any] = {"state": work.params["state"]}
    if changes["state"] == TriageState.DOING:
        changes["assignee_id"] = work.by.pk
    return triage.change_many(work.places, changes, by=work.by, now=work.now, job=work.job)


def _check_person(params: dict[str, Any], brands: Iterable[int], by: User) -> dict[str, Any]:
    person = params.get("assignee") or None
    if person is not None:
        found = User.objects.filter(pk=person, is_active=True).first()
        if found is None or not any(allowed(found, Permission.TRIAGE, pk) for pk in brands):
            raise Refused(_("That person may not work on these mentions."))
    return {"assignee": person}


def _assign(work: Work) -> Outcome:
    """Give them to a person, except those of brands in which that person may not work."""
    person = User.objects.filter(pk=work.params["assignee"]).first()
    mine = [p for p in work.places if not person or allowed(person, Permission.TRIAGE, p.brand_id)]
    changes = {"assignee_id": person.pk if person else None}
    outcome = triage.change_many(mine, changes, by=work.by, now=work.now, job=work.job)
    if person and person != work.by and outcome.changed:
        triage.tell(person, mine, f"mentions.{work.job.pk}", by=work.by, now=work.now)
    return Outcome(outcome.changed, outcome.left + len(work.places) - len(mine))


def _check_label(params: dict[str, Any], _brands: Iterable[int], _by: User) -> dict[str, Any]:
    field, value = params.get("field", ""), params.get("value", "")
    if field not in LABELS or value not in LABELS[field].values:
        raise Refused(_("That is not a label."))
    return {"field": field, "value": value}


def _label(work: Work) -> Outcome:
    times = [place.published_at for place in work.places]
    rows = Mention.objects.filter(
        pk__in=[place.id for place in work.places], published_at__range=(min(times), max(times))
    )
    field, value = work.params["field"], work.params["value"]
    changed = 0
    for row in rows.order_by("pk"):
        changed += effective(row, field) != value
        correct(row, field, value, work.by)
    return Outcome(changed, len(work.places) - changed)


KINDS |= {
    JobKind.STATE: Kind(_check_state, _set_states),
    JobKind.ASSIGN: Kind(_check_person, _assign),
    JobKind.LABEL: Kind(_check_label, _label),
}
