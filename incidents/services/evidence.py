"""Files kept as evidence: taken in, verified, deleted; each deed is in their custody."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import IO, Any

from django.db import transaction
from django.db.models import Sum
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import User
from core.errors import Conflict, Refused
from core.text import clean
from incidents import sniffing, vault
from incidents.enums import Custody, EntryKind
from incidents.models import Incident
from incidents.models_evidence import CustodyEntry, EvidenceFile

from .timeline import append, lock_current, readable, show

MOST_BYTES = 25 * 1024 * 1024
# Of all files of an incident together.
QUOTA = 500 * 1024 * 1024
ORPHAN_AFTER = timedelta(hours=1)
_CHUNK = 1024 * 1024


def add_file(
    incident_id: int, source: IO[bytes], *, name: str, note: str = "", by: User, now: datetime
) -> EvidenceFile:
    """Keep the bytes of `source` as evidence, with an entry in the timeline.

    Refused for programs and what nobody knows, for a name that claims something else than the
    bytes are, beyond 25 MB, and when the incident has no room left.
    """
    called = _name(name)
    head = source.read(sniffing.HEAD)
    kind = _kind(called, head)
    laid = vault.lay(_bounded(head, source))
    try:
        _refuse_large(laid)
        size = vault.draw(laid.stored) if kind.is_picture else None
        return _keep(incident_id, laid, called, kind, size=size, note=note, by=by, now=now)
    except BaseException:
        vault.remove(laid.stored)
        raise


def _name(name: str) -> str:
    """The last part of what the sender calls it, without what a file name cannot hold."""
    last = clean(name).replace("\\", "/").rpartition("/")[2]
    kept = "".join(sign for sign in last if sign.isprintable() and sign not in '<>:"|?*').strip(
        ". "
    )
    return kept[-200:] or "file"


def _kind(name: str, head: bytes) -> sniffing.Kind:
    if not head:
        raise Refused(_("The file is empty."))
    kind = sniffing.sniff(head)
    if not kind.media_type:
        raise Refused(_("This kind of file is not taken: pictures, PDF, text, sound, film, ZIP."))
    if sniffing.contradicts(name, kind):
        raise Refused(
            _("The name says otherwise than the content, which is %(type)s.")
            % {"type": kind.media_type}
        )
    return kind


def _bounded(head: bytes, source: IO[bytes]) -> Iterator[bytes]:
    """The whole file, or a little more than is taken: what is larger is not read to its end."""
    yield head
    left = MOST_BYTES - len(head) + 1
    while left > 0 and (chunk := source.read(min(_CHUNK, left))):
        left -= len(chunk)
        yield chunk


def _refuse_large(laid: vault.Laid) -> None:
    if laid.size > MOST_BYTES:
        raise Refused(_("A file has at most %(size)s.") % {"size": filesizeformat(MOST_BYTES)})


@transaction.atomic
def _keep(  # noqa: PLR0913 - what a file is made of
    incident_id: int,
    laid: vault.Laid,
    name: str,
    kind: sniffing.Kind,
    *,
    size: tuple[int, int] | None,
    note: str,
    by: User,
    now: datetime,
) -> EvidenceFile:
    incident = lock_current(incident_id)
    used = incident.files.filter(deleted_at=None).aggregate(sum=Sum("size"))["sum"] or 0
    if used + laid.size > QUOTA:
        raise Refused(
            _("The files of an incident have at most %(size)s together.")
            % {"size": filesizeformat(QUOTA)}
        )
    number = incident.files.count() + 1
    params = {"code": "added", "file": number, "name": name, "sha256": laid.sha256}
    entry = append(incident, EntryKind.FILE, actor=by, params=params, now=now)
    kept = EvidenceFile.objects.create(
        incident=incident,
        number=number,
        entry=entry,
        name=name,
        media_type=kind.media_type,
        size=laid.size,
        width=size[0] if size else None,
        height=size[1] if size else None,
        sha256=laid.sha256,
        stored=laid.stored,
        note=clean(note).strip()[:500],
        uploaded_by=by,
        uploaded_at=now,
    )
    _note(kept, Custody.UPLOADED, by=by, now=now)
    _record("file.added", kept, by)
    show(incident, ["files", "timeline"])
    return kept


def _note(
    file: EvidenceFile, deed: Custody, *, by: User | None, note: str = "", now: datetime
) -> None:
    CustodyEntry.objects.create(file=file, deed=deed, actor=by, note=note[:500], at=now)


def _record(action: str, file: EvidenceFile, by: User) -> None:
    incident: Incident = file.incident
    audit.record(
        action,
        actor=by,
        brand=incident.brand_id,
        subject=f"{incident.reference}/{file.number}",
        sha256=file.sha256,
    )


@transaction.atomic
def fetch(file: EvidenceFile, *, by: User, now: datetime) -> EvidenceFile:
    """Note that somebody downloads the file. Conflict if it is deleted."""
    if not file.stored:
        raise Conflict(_("The file is deleted; its digest stays."))
    _note(file, Custody.FETCHED, by=by, now=now)
    return file


def verify(file: EvidenceFile, *, by: User, now: datetime) -> bool:
    """Compute the digest of what lies there again; return whether it is the one that was kept."""
    if not file.stored:
        raise Conflict(_("The file is deleted; its digest stays."))
    found = vault.digest(file.stored)
    same = found == file.sha256
    deed = Custody.VERIFIED if same else Custody.BROKEN
    with transaction.atomic():
        _note(file, deed, by=by, note="" if same else found, now=now)
        _record("file.verified" if same else "file.broken", file, by)
    return same


@transaction.atomic
def delete_file(file_id: int, *, by: User, reason: str, now: datetime) -> EvidenceFile:
    """Remove the bytes for good; name, size, digest and custody stay. Conflict if it is deleted."""
    why = readable(reason)
    file = EvidenceFile.objects.select_related("incident").get(pk=file_id)
    incident = lock_current(file.incident_id)
    file.refresh_from_db(fields=["stored", "deleted_at"])
    if file.deleted_at:
        raise Conflict(_("The file is deleted; its digest stays."))
    stored, file.stored, file.deleted_at = file.stored, "", now
    file.save(update_fields=["stored", "deleted_at"])
    _note(file, Custody.DELETED, by=by, note=why, now=now)
    params = {"code": "deleted", "file": file.number, "name": file.name, "sha256": file.sha256}
    append(incident, EntryKind.FILE, actor=by, params=params, text=why, now=now)
    _record("file.deleted", file, by)
    transaction.on_commit(lambda: vault.remove(stored))
    show(incident, ["files", "timeline"])
    return file


def sweep_orphans(now: datetime) -> int:
    """Remove bytes that no row knows of: left by a process that died; return how many."""
    lying = set(vault.kept(before=(now - ORPHAN_AFTER).timestamp()))
    known: Any = EvidenceFile.objects.filter(stored__in=lying).values_list("stored", flat=True)
    orphans = lying - set(known)
    for stored in orphans:
        vault.remove(stored)
    return len(orphans)
