import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Brand
from incidents.models import Incident
from monitoring import retention
from monitoring.enums import SourceKind
from monitoring.models import Detection, FileImport, Mention, MentionCount, Source, Step
from monitoring.services import replay
from tests.factories.monitoring import SourceFactory

pytestmark = pytest.mark.django_db
BEGAN = datetime(2015, 2, 16, 8, 0, tzinfo=UTC)


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def row(minute: float, text: str = "Fjordkaffe igen", brand: str = "Fjord") -> dict[str, Any]:
    return {"text": text, "ts": (BEGAN + timedelta(minutes=minute)).isoformat(), "brand": brand}


def run(path: Path, *options: str) -> str:
    out = io.StringIO()
    call_command("replay", str(path), *options, stdout=out)
    return out.getvalue()


def test_days_are_replayed_with_their_own_times_one_brand_a_column_value(tmp_path: Path) -> None:
    path = write(
        tmp_path / "days.jsonl",
        [row(n * 7, f"post {n}", "Fjord" if n % 3 else "Nord") for n in range(60)],
    )
    said = run(
        path, "--brand-column", "brand", "--speed", "0", "--original-times", "--network", "X"
    )
    assert "60 posts from 2015-02-16 08:00" in said
    assert set(Brand.objects.values_list("name", flat=True)) == {"Fjord", "Nord"}
    assert Mention.objects.count() == 60
    assert set(Mention.objects.values_list("network", flat=True)) == {"x"}
    assert min(Mention.objects.values_list("published_at", flat=True)) == BEGAN
    # They were received when they were said, so that delays and alarms come out as on the day.
    late = [m.received_at - m.published_at for m in Mention.objects.all()]
    assert max(late) <= timedelta(minutes=1)
    assert sum(MentionCount.objects.values_list("total", flat=True)) == 60
    assert Step.objects.count() > 50


def test_a_storm_in_the_file_is_detected_at_its_own_time(tmp_path: Path) -> None:
    calm = [row(n * 5, f"calm {n}") for n in range(288)]
    storm_at = 1440 - 60
    storm = [row(storm_at + n / 40, f"terrible, awful, I am furious {n}") for n in range(400)]
    said = run(
        write(tmp_path / "storm.jsonl", calm + storm),
        "--brand", "Fjord", "--speed", "0", "--original-times",
    )  # fmt: skip
    began = BEGAN + timedelta(minutes=storm_at)
    found = Detection.objects.filter(detected_at__gte=began)
    assert found.exists()
    assert min(d.detected_at for d in found) <= began + timedelta(minutes=10)
    assert "Fjord" in said.split("detections.")[1]
    incident = Incident.objects.get()
    assert began <= incident.detected_at <= began + timedelta(minutes=10)
    assert incident.signals.count() == found.count()


def test_the_engine_lets_the_days_of_a_replay_be(tmp_path: Path) -> None:
    path = write(tmp_path / "f.jsonl", [row(n, f"post {n}") for n in range(3)])
    run(path, "--brand", "Fjord", "--speed", "0", "--original-times")
    retention.expire(now=datetime.now(UTC))
    assert Mention.objects.count() == 3
    # Without the mark they would go: nothing else keeps them.
    Source.objects.update(replayed_at=None)
    retention.expire(now=datetime.now(UTC))
    assert Mention.objects.count() == 0


def test_without_original_times_the_last_post_is_of_now(tmp_path: Path) -> None:
    run(
        write(tmp_path / "f.jsonl", [row(0, "a"), row(60, "b")]), "--brand", "Fjord", "--speed", "0"
    )
    first, last = sorted(Mention.objects.values_list("published_at", flat=True))
    assert last - first == timedelta(hours=1)
    assert abs(datetime.now(UTC) - last) < timedelta(minutes=5)


def test_a_replay_at_a_speed_brings_posts_as_they_come_due(tmp_path: Path) -> None:
    path = write(tmp_path / "f.jsonl", [row(n / 60, f"post {n}") for n in range(40)])
    [track], _left_out = replay.read(path, columns={}, brand="Fjord", brand_column="")
    source = replay.source_of(track, name="R", network="")
    steps = list(replay.run_live([(source, track)], speed=20, keep_times=False))
    assert sum(step.new for step in steps) == 40
    assert len(steps) >= 3
    assert steps[0].left > 0
    times = sorted(Mention.objects.values_list("published_at", flat=True))
    assert timedelta(seconds=1.9) < times[-1] - times[0] < timedelta(seconds=2)


def test_the_same_file_again_is_known(tmp_path: Path) -> None:
    path = write(tmp_path / "f.jsonl", [row(n, f"post {n}") for n in range(20)])
    for _ in range(2):
        run(path, "--brand", "Fjord", "--speed", "0", "--original-times")
    assert Mention.objects.count() == 20
    assert Source.objects.count() == 1


def test_what_cannot_be_replayed_is_said(tmp_path: Path) -> None:
    path = write(tmp_path / "f.jsonl", [{"text": "no time"}, {"text": "x", "ts": "soon"}, row(1)])
    assert "2 rows have no text or no time" in run(path, "--brand", "F", "--speed", "0")
    nothing = write(tmp_path / "g.jsonl", [{"text": "no time"}])
    for file, options, words in (
        (nothing, ["--brand", "F"], "No row has a text and a time"),
        (path, [], "--brand or --brand-column"),
        (tmp_path / "none", ["--brand", "F"], "cannot be read"),
        (path, ["--brand", "F", "--map", "nonsense"], "FIELD=COLUMN"),
        (path, ["--brand", "F", "--speed", "-1"], "0 or more"),
    ):
        with pytest.raises(CommandError, match=words):
            run(file, *options)


def test_a_file_is_imported_by_command(tmp_path: Path, settings: Any) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"
    source = SourceFactory.create(kind=SourceKind.FILE, name="Exports")
    path = tmp_path / "f.csv"
    path.write_text("words,when\nhello,2026-01-01\n,2026-01-01\nthere,never\n")
    out, errors = io.StringIO(), io.StringIO()
    call_command(
        "import_file", "Exports", str(path), "--map", "text=words", "--map", "published_at=when",
        stdout=out, stderr=errors,
    )  # fmt: skip
    assert "1 new, 0 known" in out.getvalue()
    assert "row 3, words" in errors.getvalue()
    assert "row 4, when" in errors.getvalue()
    assert Mention.objects.get().source_id == source.pk
    assert FileImport.objects.get().filename == "f.csv"
    with pytest.raises(CommandError, match="Exports"):
        call_command("import_file", "Nothing", str(path))
    with pytest.raises(CommandError, match="holds the text"):
        call_command("import_file", str(source.pk), str(path))
