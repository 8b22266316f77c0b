"""What a filter shows, as a table or as lines of JSON: page by page, so that memory stays as it is.

Few are handed over at once; more are written to a file by a worker. A worker that is killed leaves
half a file that nobody sees: the next one begins anew.
"""

import csv
import json
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import IO, Any

from django.core.files import File
from django.db import transaction
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import Brand, User
from core import spreadsheets
from core.errors import Forbidden, Refused
from monitoring.enums import JobKind, JobState
from monitoring.models_triage import StreamJob
from monitoring.selectors import Cursor, Filters, Post, stream
from monitoring.selectors.filters import NEWEST, pack, unpack
from monitoring.selectors.stream import WORKERS_PATIENCE

from . import many

FORMATS = {"csv": "text/csv; charset=utf-8", "jsonl": "application/x-ndjson"}
# Handed over at once; what is more becomes a file.
DIRECT = 5_000
MOST = 1_000_000
PAGE = 1_000
KEPT = timedelta(hours=24)
COLUMNS = (
    "id", "brand", "network", "author", "title", "text", "url", "language", "published_at", "reach",
    "sentiment", "corrected", "crisis_type", "emotion", "blame", "question", "suspicion", "stars",
    "state", "kind", "assignee",
)  # fmt: skip


def frozen(user: User, filters: Filters, *, now: datetime) -> Filters:
    """Return the filters as an export reads them: in brands from which the person may export,
    up to now, each mention by itself.

    Raises Forbidden where they may export from none.
    """
    mine = [pk for pk in user.roles if many.may(user, JobKind.EXPORT, pk)]
    brands = tuple(pk for pk in mine if not filters.brands or pk in filters.brands)
    if not brands:
        raise Forbidden(_("Your role does not include exporting mentions."))
    until = min(now, filters.until) if filters.until else now
    return replace(filters, brands=brands, until=until, order=NEWEST, fold=False)


def direct(user: User, filters: Filters, kind: str, *, count: int) -> Iterator[str]:
    """Record that these `count` mentions leave, and return the file's text piece by piece."""
    with transaction.atomic():
        _note(user, filters, kind, count=count)
    return _text(user, filters, kind)


@transaction.atomic
def begin(user: User, filters: Filters, kind: str, *, query: str, now: datetime) -> StreamJob:
    """Queue the export as a file."""
    if kind not in FORMATS:
        raise Refused(_("That is not a format."))
    job = StreamJob.objects.create(
        kind=JobKind.EXPORT,
        by=user,
        params={"format": kind},
        query=query,
        filters=pack(filters),
        created_at=now,
    )
    _note(user, filters, kind, job=job.pk)
    return job


def _note(user: User, filters: Filters, kind: str, **detail: Any) -> None:
    usual = {**pack(Filters(fold=False)), "brands": [], "until": None}
    asked = {**pack(filters), "brands": [], "until": None}
    wanted = {name: value for name, value in asked.items() if value != usual[name]}
    for brand in sorted(filters.brands):
        audit.record(
            "mentions.exported", actor=user, brand=brand, kind=kind, filter=wanted, **detail
        )


def run(job_id: int, *, clock: Callable[[], datetime]) -> None:
    """Write a queued export. Returns at once where another worker does."""
    job = many.claim(job_id, now=clock())
    if job is None:
        return
    kind = job.params["format"]
    try:
        with tempfile.TemporaryFile("w+", encoding="utf-8", newline="") as file:
            job.done = 0
            for text in _text(many.person_of(job), unpack(job.filters), kind, _Beat(job, clock)):
                file.write(text)
            _keep(job, file, kind, now=clock())
    except Refused as refusal:
        many.finish(job, JobState.STOPPED, str(refusal), now=clock())


class _Beat:
    """Called with each page that was written: says how far it is and that the worker lives."""

    def __init__(self, job: StreamJob, clock: Callable[[], datetime]) -> None:
        self.job, self.clock = job, clock

    def __call__(self, count: int) -> None:
        self.job.done += count
        going = StreamJob.objects.filter(pk=self.job.pk, state=JobState.RUNNING)
        if not going.update(done=self.job.done, lease_until=self.clock() + many.LEASE):
            raise Refused(_("It was stopped."))


def _keep(job: StreamJob, file: IO[str], kind: str, *, now: datetime) -> None:
    file.flush()
    file.buffer.seek(0)  # type: ignore[attr-defined]
    job.file.save(f"{job.pk}.{kind}", File(file.buffer), save=False)  # type: ignore[attr-defined]
    job.total, job.state, job.lease_until = job.done, JobState.DONE, None
    job.finished_at, job.expires_at = now, now + KEPT
    job.save()


def forget_files(*, now: datetime) -> int:
    """Take away the files of exports that have been kept for long enough."""
    old = list(StreamJob.objects.filter(expires_at__lte=now).order_by("pk")[:100])
    for job in old:
        job.file.delete(save=False)
        job.expires_at = None
        job.save(update_fields=["file", "expires_at"])
    return len(old)


def _text(
    user: User, filters: Filters, kind: str, beat: Callable[[int], None] = lambda _count: None
) -> Iterator[str]:
    brands = dict(Brand.objects.filter(pk__in=filters.brands).values_list("pk", "name"))
    line = _csv_line if kind == "csv" else _json_line
    if kind == "csv":
        # The mark makes spreadsheets read it as UTF-8.
        yield "\ufeff" + _csv_line(dict.fromkeys(COLUMNS, ""), head=True)
    for page in _pages(user, filters):
        yield "".join([line(_values(post, brands)) for post in page])
        beat(len(page))


def _pages(user: User, filters: Filters) -> Iterator[list[Post]]:
    cursor: Cursor | None = None
    for _number in range(MOST // PAGE):
        page = stream(user, filters, cursor, size=PAGE, patience=WORKERS_PATIENCE)
        yield page.posts
        cursor = page.older
        if cursor is None:
            return


def _values(post: Post, brands: dict[int, str]) -> dict[str, Any]:
    own = {name: getattr(post, name) for name in COLUMNS if hasattr(post, name)}
    return own | {
        "brand": brands.get(post.brand_id, ""),
        "language": post.lang,
        "published_at": post.published_at.isoformat(),
        "sentiment": post.meant,
        "state": post.state or "new",
        "kind": post.kind or "",
        "assignee": post.assignee or "",
    }


class _Echo:
    """A file for the csv writer that hands each line back."""

    def write(self, line: str) -> str:
        return line


_writer = csv.writer(_Echo(), quoting=csv.QUOTE_ALL)


def _csv_line(values: dict[str, Any], *, head: bool = False) -> str:
    cells = COLUMNS if head else [_cell(values[name]) for name in COLUMNS]
    return str(_writer.writerow(cells))


def _cell(value: Any) -> str:
    return "" if value is None else spreadsheets.cell(value)


def _json_line(values: dict[str, Any]) -> str:
    ordered = {name: values[name] for name in COLUMNS}
    return json.dumps(ordered, ensure_ascii=False) + "\n"
