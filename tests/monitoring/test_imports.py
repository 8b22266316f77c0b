import gzip
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.db import connection

from accounts.models import AuditEntry, Brand, User
from core.errors import Conflict, Refused
from monitoring import loops
from monitoring.enums import ImportState, SourceKind
from monitoring.models import FileImport, Mention, MentionCount, SeenMention, Source
from monitoring.services import imports
from tests.factories.monitoring import SourceFactory

NOW = datetime(2026, 11, 23, 14, 0, 30, tzinfo=UTC)
TABLE = "id,text,dato\n" + "".join(
    f"{n},Kaffe nummer {n},2026-11-0{1 + n % 9} 12:00\n" for n in range(2500)
)


@pytest.fixture(autouse=True)
def media(settings: Any, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


@pytest.fixture
def source(brand: Brand) -> Source:
    return SourceFactory.create(brand=brand, kind=SourceKind.FILE)


def upload(source: Source, data: str | bytes, by: User | None = None) -> FileImport:
    content = data.encode() if isinstance(data, str) else data
    return imports.upload(source, ContentFile(content), filename="export.csv", by=by)


def begin(source: Source, data: str | bytes) -> FileImport:
    uploaded = upload(source, data)
    return imports.start(uploaded, columns=uploaded.mapping, by=None)


def run(row: FileImport, *, now: datetime = NOW) -> FileImport:
    imports.run(row.pk, clock=lambda: now)
    row.refresh_from_db()
    return row


def test_a_file_is_recognised_previewed_and_mapped(source: Source, alice: User) -> None:
    row = upload(source, "Besked;Navn;Antal følgere\nØl;Åse;7\n", by=alice)
    assert row.state == ImportState.UPLOADED
    assert row.columns == ["Besked", "Navn", "Antal følgere"]
    assert row.sample == [{"Besked": "Øl", "Navn": "Åse", "Antal følgere": "7"}]
    assert row.mapping == {"text": "Besked", "author": "Navn"}
    assert AuditEntry.objects.latest("number").action == "import.uploaded"


def test_an_import_is_read_to_its_end_and_the_file_leaves(
    source: Source, media: Path, django_capture_on_commit_callbacks: Any
) -> None:
    row = begin(source, TABLE)
    assert list(media.rglob("import*"))
    with django_capture_on_commit_callbacks(execute=True):
        run(row)
    assert (row.state, row.accepted, row.known, row.refused) == (ImportState.DONE, 2500, 0, 0)
    assert row.finished_at == NOW
    assert Mention.objects.count() == 2500
    assert sum(MentionCount.objects.values_list("total", flat=True)) == 2500
    assert [path for path in media.rglob("*") if path.is_file()] == []


def test_the_same_file_again_is_known(source: Source) -> None:
    run(begin(source, TABLE))
    again = run(begin(source, TABLE))
    assert (again.accepted, again.known) == (0, 2500)


def test_bad_rows_are_reported_by_row_and_column_and_the_good_ones_kept(source: Source) -> None:
    row = run(
        begin(
            source,
            "id,text,dato,followers\n"
            "1,good,2026-11-01,5\n"
            "2,,2026-11-01,5\n"
            "3,late,2099-01-01,5\n"
            "4,when,someday,5\n"
            "5,many,2026-11-01,lots\n"
            "6,too,2026-11-01,5,6,7\n"
            "7,last,,\n",
        )
    )
    assert (row.state, row.accepted, row.refused, row.mended) == (ImportState.DONE, 3, 4, 1)
    assert row.refusals == [
        {"row": 3, "field": "text", "why": "empty_text", "kept": False},
        {"row": 4, "field": "dato", "why": "in_future", "kept": True},
        {"row": 5, "field": "dato", "why": "not_a_date", "kept": False},
        {"row": 6, "field": "followers", "why": "not_a_number", "kept": False},
        {"row": 7, "field": "", "why": "wrong_columns", "kept": False},
    ]


def test_hostile_cells_are_stored_as_they_are_or_named(source: Source) -> None:
    script = '<script>alert(1)</script>,"=cmd|x",javascript:alert(1)'
    row = run(begin(source, f"text,author,url\n{script}\n\x00nul,\u202eevil,http://x.example\n"))
    assert (row.accepted, row.mended) == (2, 1)
    first = Mention.objects.get(author="=cmd|x")
    assert (first.text, first.url) == ("<script>alert(1)</script>", "")


def test_a_damaged_archive_keeps_what_could_be_read(source: Source) -> None:
    whole = gzip.compress(("text\n" + "".join(f"{n} {n**3}\n" for n in range(90_000))).encode())
    row = run(begin(source, whole[: len(whole) // 2]))
    assert row.state == ImportState.FAILED
    assert "damaged" in row.error
    assert row.accepted == Mention.objects.count() > 1000


def test_a_file_that_grows_beyond_the_limit_stops_there(source: Source, settings: Any) -> None:
    row = begin(source, gzip.compress(("text\n" + "word\n" * 500_000).encode()))
    settings.IMPORT_MAX_BYTES = 600_000
    run(row)
    assert row.state == ImportState.FAILED
    assert "too large" in row.error


def test_what_is_no_table_or_too_large_is_refused(source: Source, settings: Any) -> None:
    with pytest.raises(Refused, match="empty"):
        upload(source, "")
    settings.IMPORT_MAX_BYTES = 1024 * 1024
    with pytest.raises(Refused, match="1 MB"):
        upload(source, b"text\n" + b"x" * 1024 * 1024)
    assert not FileImport.objects.exists()


def test_a_mapping_needs_a_text_and_real_columns(source: Source) -> None:
    row = upload(source, "a,b\n1,2\n")
    with pytest.raises(Refused, match="holds the text"):
        imports.start(row, columns={"author": "a"}, by=None)
    with pytest.raises(Refused, match="no column zzz"):
        imports.start(row, columns={"text": "zzz"}, by=None)
    imports.start(row, columns={"text": "a", "author": ""}, by=None)
    with pytest.raises(Conflict):
        imports.start(row, columns={"text": "a"}, by=None)


def test_two_workers_do_not_read_one_import(source: Source) -> None:
    row = begin(source, TABLE)
    FileImport.objects.update(state=ImportState.RUNNING, lease_until=NOW + timedelta(seconds=9))
    assert run(row).accepted == 0
    assert imports.waiting(now=NOW) == []
    later = NOW + timedelta(seconds=10)
    assert imports.waiting(now=later) == [row.pk]
    assert run(row, now=later).accepted == 2500


def test_an_overtaken_worker_writes_nothing_more(source: Source) -> None:
    row = begin(source, TABLE)
    ticks = iter(range(1000))

    def clock() -> datetime:
        if next(ticks) == 2:
            # Another worker took over after the first chunk, and is further on.
            FileImport.objects.update(position=1700)
        return NOW

    imports.run(row.pk, clock=clock)
    row.refresh_from_db()
    assert (row.state, row.position, row.accepted) == (ImportState.RUNNING, 1700, 1000)


def test_an_import_whose_file_is_gone_says_so(source: Source, media: Path) -> None:
    row = begin(source, TABLE)
    for path in media.rglob("import*"):
        if path.is_file():
            path.unlink()
    assert run(row).state == ImportState.FAILED
    assert "gone" in row.error


def test_the_loop_picks_up_what_waits(source: Source) -> None:
    row = begin(source, TABLE)
    loops.requeue_imports()
    row.refresh_from_db()
    assert row.state == ImportState.DONE


WORKER = """
import django, sys
django.setup()
from core.clock import database_now
from monitoring.services import imports
print("ready", flush=True)
imports.run(int(sys.argv[1]), clock=database_now)
"""


def work_on(row: FileImport, environment: dict[str, str], *, kill: bool) -> bool:
    """Let a worker read; after 5,000 rows kill it if told to. Return whether it was killed."""
    command = [sys.executable, "-c", WORKER, str(row.pk)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as worker:
        assert worker.stdout
        worker.stdout.readline()
        before = FileImport.objects.get().position
        while worker.poll() is None and FileImport.objects.get().position < before + 5000:
            time.sleep(0.01)
        if worker.poll() is None and kill:
            worker.send_signal(signal.SIGKILL)
            return True
        worker.wait(60)
    return False


@pytest.mark.faults
@pytest.mark.django_db(transaction=True)
def test_workers_killed_in_the_middle_lose_nothing_and_double_nothing(
    media: Path, brand: Brand, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = SourceFactory.create(brand=brand, kind=SourceKind.FILE)
    row = begin(source, "id,text\n" + "".join(f"{n},Kaffe {n}\n" for n in range(30_000)))
    settings = connection.settings_dict
    environment = os.environ | {
        "DATABASE_URL": f"postgresql://{settings['USER']}@/{settings['NAME']}"
        f"?host={settings['HOST']}",
        "CRISISDESK_VAR": str(media),
        "DJANGO_SETTINGS_MODULE": "crisisdesk.settings",
    }
    (media / "media").mkdir()
    (media / "imports").rename(media / "media" / "imports")
    kills = 0
    for _attempt in range(8):
        if FileImport.objects.get().state == ImportState.DONE:
            break
        FileImport.objects.update(lease_until=None)
        kills += work_on(row, environment, kill=kills < 3)
    row.refresh_from_db()
    assert kills == 3
    assert (row.accepted, row.known, row.refused) == (30_000, 0, 0)
    assert Mention.objects.count() == SeenMention.objects.count() == 30_000
    assert sum(MentionCount.objects.values_list("total", flat=True)) == 30_000
