"""`manage.py replay`: feed a file with times through the real ingest, and open its incidents."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core.clock import database_now
from core.errors import Refused
from incidents.services import take_up_detections
from monitoring import reasons
from monitoring.management.arguments import add_map, read_map
from monitoring.models import Detection, Source
from monitoring.services import replay
from monitoring.services.replay import Progress, Track


class Command(BaseCommand):
    help = (
        "Feed the posts of a CSV or JSON-lines file (plain or .gz) through the real ingest, at a "
        "multiple of their own speed, or with --speed 0 as fast as it goes under a simulated "
        "clock. With --speed 0 no engine may run: it would judge by the real time."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--brand", default="", help="the brand; made if there is none")
        parser.add_argument("--brand-column", default="", help="one brand for each value of it")
        parser.add_argument("--speed", type=float, default=1.0, help="0: as fast as it goes")
        parser.add_argument("--source", default="", help="the source's name")
        parser.add_argument("--network", default="", help="for posts that name none")
        parser.add_argument(
            "--original-times",
            action="store_true",
            help="keep the file's dates; otherwise they end now (--speed 0) or run from now on",
        )
        add_map(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        if not options["brand"] and not options["brand_column"]:
            raise CommandError("Say which brand it is about: --brand or --brand-column.")
        if options["speed"] < 0:
            raise CommandError("--speed must be 0 or more.")
        try:
            fed = self._prepare(path, options)
        except Refused as refusal:
            raise CommandError(str(refusal)) from refusal
        except OSError as error:
            raise CommandError(f"{path} cannot be read: {error.strerror}") from error
        before = set(Detection.objects.values_list("pk", flat=True))
        if options["speed"]:
            keep = options["original_times"]
            self._tell(replay.run_live(fed, speed=options["speed"], keep_times=keep))
        else:
            self._tell(_with_incidents(replay.run_simulated(fed)))
        self._report(before)

    def _prepare(self, path: Path, options: dict[str, Any]) -> list[tuple[Source, Track]]:
        tracks, left_out = replay.read(
            path,
            columns=read_map(options["map"]),
            brand=options["brand"],
            brand_column=options["brand_column"],
        )
        first, last = replay.span(tracks)
        count = sum(len(track.posts) for track in tracks)
        self.stdout.write(f"{count} posts from {first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M}.")
        if left_out:
            self.stdout.write(f"{left_out} rows have no text or no time and are left out.")
        if not options["speed"] and not options["original_times"]:
            replay.shift(tracks, database_now() - last)
        name = options["source"] or f"Replay of {path.name}"
        return [
            (replay.source_of(track, name=name, network=options["network"]), track)
            for track in tracks
        ]

    def _tell(self, progress: Iterator[Progress]) -> None:
        """Write a line a simulated day, or a minute of a live one."""
        told: Progress | None = None
        new = 0
        for each in progress:
            new += each.new
            if told is None or each.now - told.now >= timedelta(days=1) or not each.left:
                if each.new or told is None:
                    self.stdout.write(f"{each.now:%Y-%m-%d %H:%M}: {new} new, {each.left} to come")
                told = each

    def _report(self, before: set[int]) -> None:
        found = Detection.objects.exclude(pk__in=before).select_related("brand")
        self.stdout.write(f"{len(found)} detections.")
        for detection in found.order_by("detected_at"):
            when = f"{detection.detected_at:%Y-%m-%d %H:%M}"
            self.stdout.write(f"{when} {detection.brand}: {reasons.headline(detection)}")
            for sentence in reasons.sentences(detection):
                self.stdout.write(f"    {sentence}")


def _with_incidents(progress: Iterator[Progress]) -> Iterator[Progress]:
    """Open incidents as the engine would, by the simulated clock: they get the file's times."""
    for each in progress:
        take_up_detections(each.now)
        yield each
