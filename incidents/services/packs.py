"""Documents that leave the desk: the situation report on one page, and the signed offline pack.

A pack is made anew after each change. `Incident.pack_at` says when; making takes a lease by moving
it, works without any lock, and clears it only if nothing has changed meanwhile.
"""

import hashlib
import logging
import re
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import translation

from core import attesting, pdf
from core.document import as_html
from incidents.models import Incident
from incidents.models_packs import OfflinePack
from incidents.selectors import briefing

logger = logging.getLogger(__name__)
# A maker that died is followed by another one after so long.
LEASE = timedelta(seconds=60)
_PAGE = re.compile(rb"/Type\s*/Page\b")


def fingerprint(file: bytes) -> str:
    return hashlib.sha256(file).hexdigest()


def situation_report(incident: Incident, *, language: str, now: datetime) -> bytes:
    """Return the report as a PDF of one A4 page, whatever has happened."""
    made = b""
    with translation.override(language):
        for room in briefing.ROOMS:
            made = pdf.render(briefing.situation_report(incident, now=now, room=room), pages=1)
            if len(_PAGE.findall(made)) == 1:
                break
    return made


def make_next(*, now: datetime) -> bool:
    """Make the packs of the incident that is due longest; False if none is."""
    lease = now + LEASE
    incident = _claim(now, lease)
    if incident is None:
        return False
    make_packs(incident, now=now)
    # What changed while we wrote has moved the time: then it is made once more.
    Incident.objects.filter(pk=incident.pk, pack_at=lease).update(pack_at=None)
    return True


@transaction.atomic
def _claim(now: datetime, lease: datetime) -> Incident | None:
    due = Incident.objects.filter(pack_at__lte=now).select_related("brand").order_by("pack_at")
    found: Incident | None = due.select_for_update(
        of=("self",), skip_locked=True, no_key=True
    ).first()
    if found:
        Incident.objects.filter(pk=found.pk).update(pack_at=lease)
    return found


def make_packs(incident: Incident, *, now: datetime) -> None:
    """Write the pack in every language, with contacts and without; older ones give way."""
    for language, _name in settings.LANGUAGES:
        for with_contacts in (False, True):
            make_pack(incident, language=language, with_contacts=with_contacts, now=now)


def make_pack(
    incident: Incident, *, language: str, with_contacts: bool, now: datetime
) -> OfflinePack:
    """Write one pack; a newer one that another engine wrote meanwhile stays."""
    with translation.override(language):
        document = briefing.offline_pack(incident, now=now, contacts=with_contacts)
    file = attesting.attest(as_html(document).encode())
    fresh = {
        "made_at": now,
        "entries_count": incident.entries_count,
        "file": file,
        "sha256": fingerprint(file),
    }
    key = {"incident": incident, "language": language, "with_contacts": with_contacts}
    pack, created = OfflinePack.objects.get_or_create(**key, defaults=fresh)
    if not created:
        older = OfflinePack.objects.filter(pk=pack.pk, entries_count__lte=incident.entries_count)
        older.update(**fresh)
        pack.refresh_from_db()
    return pack
