"""Sites become files: what is due, under the site's lock, so that an older page never comes last.

Writing is to the local disk and needs no network. `export_at` always holds the next time: a folder
that was lost is whole again within FULL_EVERY.
"""

import logging
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction

from responses.models_statement import Statement, StatementSite
from responses.selectors_statement import chain
from responses.statements import files, pages

logger = logging.getLogger(__name__)
# Even without news everything is compared with the disk this often.
FULL_EVERY = timedelta(minutes=10)
LONGEST_PAUSE = 60


def export_due(*, now: datetime, limit: int = 10) -> int:
    """Write the files of sites that are due; return how many sites had any that differed."""
    due = StatementSite.objects.filter(export_at__lte=now).order_by("export_at")
    return sum(_export_or_postpone(pk, now=now) for pk in due.values_list("pk", flat=True)[:limit])


def _export_or_postpone(site_id: int, *, now: datetime) -> bool:
    try:
        return export(site_id, now=now)
    except Exception:
        logger.exception("The statement site %s could not be written", site_id)
        site = StatementSite.objects.get(pk=site_id)
        pause = timedelta(seconds=min(LONGEST_PAUSE, 2**site.attempts))
        StatementSite.objects.filter(pk=site_id).update(
            export_at=now + pause, attempts=min(site.attempts + 1, 10)
        )
        return False


@transaction.atomic
def export(site_id: int, *, now: datetime, root: Path | None = None) -> bool:
    """Write one site's files, if nobody else does. Whether any differed."""
    rows = StatementSite.objects.select_for_update(no_key=True, of=("self",), skip_locked=True)
    site = rows.select_related("brand").filter(pk=site_id).first()
    if site is None:
        return False
    full = site.full_at is None or site.full_at + FULL_EVERY <= now
    written = files.write(root or settings.STATEMENT_ROOT, _files(site, full=full))
    site.statements.filter(is_stale=True).update(is_stale=False)
    site.full_at = now if full else site.full_at
    site.export_at = (site.full_at or now) + FULL_EVERY
    site.attempts = 0
    site.save(update_fields=["export_at", "full_at", "attempts"])
    return bool(written)


def _files(site: StatementSite, *, full: bool) -> pages.Files:
    """Statements first, the list of them after: nothing leads to what is not there yet."""
    public = site.statements.filter(published_at__isnull=False).order_by("-published_at")
    shown = [_shown(site, statement) for statement in public]
    made: pages.Files = {}
    for each in shown:
        if full or each.statement.is_stale:
            # What a page shows is there before the page is.
            made |= pages.of_images(each, list(each.statement.images.all()))
            made |= pages.of_statement(each)
    made |= pages.of_site(site, shown, list(site.keys.all()))
    return made | pages.of_root()


def _shown(site: StatementSite, statement: Statement) -> pages.Shown:
    statement.site = site
    return pages.Shown(statement, chain(statement))
