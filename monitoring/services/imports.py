"""File imports: uploaded, mapped, and read chunk by chunk by whichever worker is alive."""

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import IO

from django.conf import settings
from django.core.files.base import File
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import User
from connectors.base import Post
from core.errors import Conflict, Refused
from core.text import clean
from monitoring import files, ingest, mapping
from monitoring.enums import ImportState, RefusalCode
from monitoring.models import FileImport, Source
from monitoring.rows import Refusal

logger = logging.getLogger(__name__)

# Rows a transaction: what a killed worker repeats at most.
CHUNK = 1_000
# A chunk takes well under a second; a worker that is silent for this long is gone.
LEASE = timedelta(seconds=30)
MAX_REFUSALS = 1_000
_UNFINISHED = (ImportState.QUEUED, ImportState.RUNNING)


@dataclass
class _Chunk:
    """The next rows of a file: what they gave, and the number of the last of them."""

    posts: list[Post] = field(default_factory=list)
    # The file's row of each post.
    rows: list[int] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    last_row: int = 0


class _Overtaken(Exception):
    """Another worker has gone on with this import."""


@transaction.atomic
def upload(source: Source, file: "File[bytes]", *, filename: str, by: User | None) -> FileImport:
    """Keep the file and recognise how it is built. Refuses what is no table of mentions."""
    if file.size > settings.IMPORT_MAX_BYTES:
        raise Refused(
            _("The file is larger than %(limit)d MB. Split it.")
            % {"limit": settings.IMPORT_MAX_BYTES // 1024 // 1024}
        )
    try:
        layout, sample = files.recognise(file)
    except files.BadFile as error:
        raise Refused(str(error.code.label)) from error
    upload = FileImport(
        source=source,
        uploaded_by=by,
        filename=clean(filename)[-200:],
        layout=layout.as_dict(),
        columns=[clean(name) for name in layout.columns],
        sample=[{clean(k): clean(v)[:200] for k, v in record.items()} for record in sample[:5]],
        mapping=mapping.guess(layout.columns, sample),
    )
    upload.file.save("import", file, save=False)
    upload.save()
    audit.record("import.uploaded", actor=by, brand=source.brand_id, subject=upload.filename)
    return upload


@transaction.atomic
def start(upload: FileImport, *, columns: Mapping[str, str], by: User | None) -> FileImport:
    """Begin reading with these columns ({field: column}); `text` or `title` must be among them."""
    locked = FileImport.objects.select_for_update().get(pk=upload.pk)
    if locked.state != ImportState.UPLOADED:
        raise Conflict(_("This import has already started."))
    chosen = {name: column for name, column in columns.items() if column}
    if unknown := set(chosen) - set(mapping.FIELDS) | set(chosen.values()) - set(locked.columns):
        raise Refused(_("There is no column %(name)s.") % {"name": sorted(unknown)[0]})
    if "text" not in chosen and "title" not in chosen:
        raise Refused(_("Choose the column that holds the text."))
    locked.mapping = chosen
    locked.state = ImportState.QUEUED
    locked.save(update_fields=["mapping", "state"])
    audit.record("import.started", actor=by, brand=locked.source.brand_id, subject=locked.filename)
    return locked


def waiting(*, now: datetime) -> list[int]:
    """Return the imports that no living worker is reading."""
    free = Q(lease_until=None) | Q(lease_until__lt=now)
    unfinished = FileImport.objects.filter(free, state__in=_UNFINISHED, source__is_active=True)
    return list(unfinished.order_by("pk").values_list("pk", flat=True)[:20])


def run(import_id: int, *, clock: Callable[[], datetime]) -> None:
    """Read an import to its end, from where it stands. Returns at once where another worker reads.

    Position, counts and refusals move in the transaction that writes the rows, so a worker that is
    killed repeats nothing and leaves nothing out.
    """
    upload = _claim(import_id, now=clock())
    if upload is None:
        return
    try:
        with upload.file.open("rb") as stream:
            for chunk in _chunks(upload, stream):
                _take(upload, chunk, now=clock())
        _finish(upload, ImportState.DONE, "", now=clock())
    except files.BadFile as error:
        _finish(upload, ImportState.FAILED, str(error.code.label), now=clock())
    except OSError:
        logger.exception("The file of import %d cannot be read", import_id)
        _finish(upload, ImportState.FAILED, _("The uploaded file is gone."), now=clock())
    except ingest.SourceGone as error:
        _finish(upload, ImportState.FAILED, str(error), now=clock())
    except _Overtaken:
        logger.info("Import %d is being read by another worker", import_id)


def _claim(import_id: int, *, now: datetime) -> FileImport | None:
    free = Q(lease_until=None) | Q(lease_until__lt=now)
    claimed = FileImport.objects.filter(free, pk=import_id, state__in=_UNFINISHED)
    if not claimed.update(state=ImportState.RUNNING, lease_until=now + LEASE):
        return None
    return FileImport.objects.select_related("source").get(pk=import_id)


def _chunks(upload: FileImport, stream: IO[bytes]) -> Iterator[_Chunk]:
    """Yield the file's rows behind the position, CHUNK at a time.

    What was read before the file turned out to be damaged is yielded first.
    """
    layout = files.Layout(**upload.layout)
    rows = files.records(stream, layout, limit=settings.IMPORT_MAX_BYTES)
    ahead = ((row, record) for row, record in rows if row > upload.position)
    broken: files.BadFile | None = None
    while broken is None:
        chunk = _Chunk()
        try:
            for row, record in islice(ahead, CHUNK):
                _sort_in(chunk, row, record, upload.mapping)
        except files.BadFile as error:
            broken = error
        if chunk.last_row:
            yield chunk
        elif broken is None:
            return
    raise broken


def _sort_in(
    chunk: _Chunk, row: int, record: files.Record | Refusal, columns: Mapping[str, str]
) -> None:
    chunk.last_row = row
    made = record if isinstance(record, Refusal) else mapping.to_post(row, record, columns)
    if isinstance(made, Refusal):
        chunk.refused.append(made)
    else:
        chunk.posts.append(made)
        chunk.rows.append(row)


@transaction.atomic
def _take(upload: FileImport, chunk: _Chunk, *, now: datetime) -> None:
    locked = FileImport.objects.select_for_update().get(pk=upload.pk)
    if locked.position != upload.position or locked.state != ImportState.RUNNING:
        raise _Overtaken
    outcome = ingest.accept(upload.source, chunk.posts, now=now)
    refused = chunk.refused + [_in_file(each, chunk, upload) for each in outcome.refused]
    mended = [_in_file(each, chunk, upload) for each in outcome.mended]
    locked.accepted += outcome.new
    locked.known += outcome.known
    locked.unmatched += outcome.unmatched
    locked.refused += len(refused)
    locked.mended += len(mended)
    noted = [_note(r, kept=False) for r in refused] + [_note(m, kept=True) for m in mended]
    noted.sort(key=lambda note: note["row"])
    locked.refusals = (locked.refusals + noted)[:MAX_REFUSALS]
    locked.position = upload.position = chunk.last_row
    locked.lease_until = now + LEASE
    locked.save()


def _in_file(refusal: Refusal, chunk: _Chunk, upload: FileImport) -> Refusal:
    """Name the file's row and column instead of the batch's row and our field."""
    column = upload.mapping.get(refusal.field, refusal.field)
    return Refusal(chunk.rows[refusal.row], column, refusal.code)


def _note(refusal: Refusal, *, kept: bool) -> dict[str, str | int | bool]:
    code = RefusalCode(refusal.code).value
    return {"row": refusal.row, "field": clean(refusal.field), "why": code, "kept": kept}


@transaction.atomic
def _finish(upload: FileImport, state: ImportState, error: str, *, now: datetime) -> None:
    locked = FileImport.objects.select_for_update().get(pk=upload.pk)
    if locked.position != upload.position or locked.state != ImportState.RUNNING:
        return
    locked.state, locked.error = state, error[:500]
    locked.finished_at, locked.lease_until = now, None
    locked.save(update_fields=["state", "error", "finished_at", "lease_until"])
    # What was imported is kept as mentions; the file itself is somebody's data and leaves.
    name = str(locked.file.name)
    transaction.on_commit(lambda: locked.file.storage.delete(name))
