"""Replays: a file with times is fed through the real ingest, as if its days came again."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _

from accounts.models import Brand
from accounts.services import create_brand
from connectors.base import Post
from core.clock import database_now
from core.errors import Refused
from core.text import clean
from monitoring import files, ingest, judge, mapping, steps
from monitoring.enums import SourceKind
from monitoring.models import Source
from monitoring.rows import Refusal

from . import sources, themes

MINUTE = timedelta(minutes=1)
# Seconds between two looks at what is due, in a replay at a given speed.
TICK = 0.5
# Minutes of simulated time between two looks at the themes.
THEMED = 15


@dataclass
class Track:
    """What is replayed into one brand, in the order of time."""

    brand: str
    posts: list[Post] = field(default_factory=list)


@dataclass(frozen=True)
class Progress:
    """Told after each simulated minute or tick that brought something."""

    now: datetime
    new: int
    left: int


def read(
    path: Path, *, columns: Mapping[str, str], brand: str, brand_column: str
) -> tuple[list[Track], int]:
    """Return a track for each brand (the value of `brand_column`, else `brand`), and the number of
    rows without a usable text or time. `columns` adds to what is guessed by name."""
    tracks: dict[str, Track] = {}
    left_out = 0
    with path.open("rb") as stream:
        try:
            layout, _sample = files.recognise(stream)
            wanted = {**mapping.guess(layout.columns), **columns}
            for row, record in files.records(stream, layout, limit=settings.IMPORT_MAX_BYTES):
                made = (
                    record if isinstance(record, Refusal) else mapping.to_post(row, record, wanted)
                )
                if isinstance(made, Refusal) or made.published_at is None:
                    left_out += 1
                    continue
                name = brand
                if brand_column and not isinstance(record, Refusal):
                    name = clean(record.get(brand_column, "")).strip() or brand
                tracks.setdefault(name, Track(name)).posts.append(made)
        except files.BadFile as error:
            raise Refused(str(error.code.label)) from error
    if not tracks:
        raise Refused(_("No row has a text and a time. Say which columns hold them."))
    for track in tracks.values():
        track.posts.sort(key=_time)
    return list(tracks.values()), left_out


def source_of(track: Track, *, name: str, network: str) -> Source:
    """Return the source that the track is fed into; brand and source are made where missing."""
    brand = Brand.objects.filter(name=track.brand).first() or create_brand(track.brand)
    found = Source.objects.filter(brand=brand, name=name).first()
    if found is not None:
        return found
    config = sources.configure(SourceKind.FILE, network=network)
    made = sources.create_source(
        brand, kind=SourceKind.FILE, name=name, config=config, by=None, now=database_now()
    )
    return made.source


def shift(tracks: list[Track], by: timedelta) -> None:
    """Move every post in time."""
    for track in tracks:
        track.posts = [replace(post, published_at=_time(post) + by) for post in track.posts]


def span(tracks: list[Track]) -> tuple[datetime, datetime]:
    """Return when the first and the last post was published."""
    return (
        min(_time(track.posts[0]) for track in tracks),
        max(_time(track.posts[-1]) for track in tracks),
    )


def run_simulated(fed: list[tuple[Source, Track]]) -> Iterator[Progress]:
    """Feed everything as fast as it goes, judging after each minute of the posts' own time.

    No engine may run meanwhile: it would judge by the real time. Yields after each minute with
    posts and after each step.
    """
    queues = [(source, _by_minute(track)) for source, track in fed]
    brands = {source.brand_id for source, _track in fed}
    sources_fed = [source.pk for source, _track in fed]
    Source.objects.filter(pk__in=sources_fed).update(replayed_at=database_now())
    first, last = span([track for _source, track in fed])
    left = sum(len(track.posts) for _source, track in fed)
    now = _floor(first)
    while now <= last + 2 * steps.STEP:
        now += MINUTE
        new = 0
        for source, minutes in queues:
            posts = minutes.get(now - MINUTE, [])
            if posts:
                new += ingest.accept(source, posts, now=now).new
                left -= len(posts)
        if now.minute % THEMED == 0:
            themes.update_due(now, brands=brands)
        if new or steps.floor(now) == now:
            judge.judge_pending(now, brands=brands)
            yield Progress(now, new, left)


def run_live(
    fed: list[tuple[Source, Track]],
    *,
    speed: float,
    keep_times: bool,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[Progress]:
    """Feed the posts at `speed` times their own; the engine judges them as it judges any.

    They are dated as they come in, or with `keep_times` as the file dates them.
    """
    first, _last = span([track for _source, track in fed])
    began = database_now()

    def due(post: Post) -> datetime:
        return began + (_time(post) - first) / speed

    waiting = [(source, list(reversed(track.posts))) for source, track in fed]
    while any(posts for _source, posts in waiting):
        now = database_now()
        new = 0
        for source, posts in waiting:
            ripe: list[Post] = []
            while posts and due(posts[-1]) <= now:
                post = posts.pop()
                ripe.append(post if keep_times else replace(post, published_at=due(post)))
            if ripe:
                new += ingest.accept(source, ripe, now=now).new
        yield Progress(now, new, sum(len(posts) for _source, posts in waiting))
        sleep(TICK)


def _by_minute(track: Track) -> dict[datetime, list[Post]]:
    return {
        minute: list(posts) for minute, posts in groupby(track.posts, lambda p: _floor(_time(p)))
    }


def _time(post: Post) -> datetime:
    if post.published_at is None:
        raise ValueError("A post without a time cannot be replayed.")
    return post.published_at


def _floor(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)
