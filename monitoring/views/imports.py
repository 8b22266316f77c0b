"""File imports: upload, say which column is what, watch, and read what was refused."""

import csv
from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.http import SignedIn
from core import spreadsheets
from core.clock import database_now
from core.errors import Refused
from monitoring import tasks
from monitoring.enums import ImportState, RefusalCode
from monitoring.forms import MappingForm, UploadForm
from monitoring.models import FileImport
from monitoring.selectors import sources as selectors
from monitoring.services import imports as services

from .access import find_import, find_managed

# Columns of the report: row, field, what happened, whether the row was kept.
_SHOWN = 20


@login_required
@require_POST
def upload(request: SignedIn, pk: int) -> HttpResponse:
    """Take a file in; its columns are mapped on the next page."""
    source = find_managed(request.user, pk)
    form = UploadForm(request.POST, request.FILES)
    if not form.is_valid():
        messages.error(request, _("Choose a file that is not empty."))
        return redirect("monitoring:source", pk)
    file = form.cleaned_data["file"]
    try:
        made = services.upload(source, file, filename=file.name, by=request.user)
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("monitoring:source", pk)
    return redirect("monitoring:import", made.pk)


@login_required
def show(request: SignedIn, pk: int) -> HttpResponse:
    """The mapping while it waits for one, then how far the import is."""
    row = find_import(request.user, pk)
    form = MappingForm(row, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.start(row, columns=form.cleaned_data, by=request.user)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            tasks.hand_over(tasks.run_import, expires=60, import_id=row.pk)
            return redirect("monitoring:import", pk)
    return render(request, "monitoring/import.html", _context(row, form))


@login_required
@require_GET
def progress(request: SignedIn, pk: int) -> HttpResponse:
    """How far the import is: the part of its page that asks again by itself."""
    row = find_import(request.user, pk)
    return render(request, "monitoring/import.html#progress", _context(row, None))


@login_required
@require_GET
def report(request: SignedIn, pk: int) -> StreamingHttpResponse:
    """What was refused and what was changed, as a table for a spreadsheet."""
    row = find_import(request.user, pk)
    answer = StreamingHttpResponse(_lines(row), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="import-{row.pk}-refused.csv"'
    return answer


def _context(row: FileImport, form: MappingForm | None) -> dict[str, Any]:
    now = database_now()
    started = row.lease_until is not None or row.position > 0
    running = row.state in {ImportState.QUEUED, ImportState.RUNNING}
    return {
        "upload": row,
        "form": form,
        "now": now,
        "mapping": row.state == ImportState.UPLOADED,
        "running": running,
        "stalled": running and selectors.is_stalled(row, now=now),
        "started": started,
        "notes": [_in_words(note) for note in row.refusals[:_SHOWN]],
        "more": max(row.refused + row.mended - _SHOWN, 0),
        "cells": [[record.get(name, "") for name in row.columns] for record in row.sample],
    }


def _in_words(note: dict[str, Any]) -> dict[str, Any]:
    return {**note, "words": RefusalCode(note["why"]).label}


def _lines(row: FileImport) -> Iterator[str]:
    writer = csv.writer(_Echo(), quoting=csv.QUOTE_ALL)
    # The mark makes spreadsheets read it as UTF-8.
    yield "\ufeff"
    yield writer.writerow([_("Row"), _("Field"), _("Problem"), _("Kept")])
    for note in row.refusals:
        kept = _("yes") if note["kept"] else _("no")
        words = RefusalCode(note["why"]).label
        cells = (note["row"], note["field"], words, kept)
        yield writer.writerow([spreadsheets.cell(each) for each in cells])


class _Echo:
    """A file for the csv writer that hands each line back."""

    def write(self, line: str) -> str:
        return line
