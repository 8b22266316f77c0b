"""What is being said while an incident runs, made ready for its charts and figures.

Everything but the posts and the authors comes from counts, so that it costs the same however many
mentions there are.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from core import formats, markup
from monitoring import charts, forecasting, peaks
from monitoring.enums import Sentiment
from monitoring.forecasting import Outlook
from monitoring.models_signals import ExpectedPeak
from monitoring.reasons import headline, sentences
from monitoring.selectors import (
    Lately,
    Point,
    Post,
    Shares,
    samples,
    top_posts,
)
from monitoring.selectors import lately as said_lately
from monitoring.selectors import volume as counted
from monitoring.services.showing import note as note_shown

from . import entries
from .enums import EntryKind
from .models import Incident, TimelineEntry

STEP = timedelta(minutes=5)
SPANS: dict[str, timedelta] = {
    "1h": timedelta(hours=1),
    "4h": timedelta(hours=4),
    "24h": timedelta(hours=24),
}
# Hours of what is predicted beside each span.
AHEAD: dict[str, float] = {"1h": 1, "4h": 2, "24h": 6}
HOUR = timedelta(hours=1)
# A figure that spans the whole incident looks back no further than this.
LONGEST = timedelta(days=14)
POSTS = 5
# Signals whose reasons are told, and posts that show the newest of them.
TOLD = 2
SHOWN = 3
# Authors are counted among so many of the newest posts of the hour.
AUTHORS_AMONG = 5000
LETTERS = "ABCDEFGH"
# The moments that are pinned on charts.
MARKED = (
    EntryKind.OPENED,
    EntryKind.ACKNOWLEDGED,
    EntryKind.SEVERITY,
    EntryKind.PUBLICATION,
    EntryKind.RESOLVED,
)

_AUTHORS = """
SELECT count(DISTINCT author) FROM (
    SELECT author FROM monitoring_mention
    WHERE brand_id = %s AND published_at >= %s AND published_at < %s AND gone_at IS NULL
        AND about = 'brand'
    ORDER BY published_at DESC LIMIT %s) AS newest
"""


@dataclass(frozen=True)
class Mark:
    """A pin on a chart and its line in the list below."""

    letter: str
    at: datetime
    words: str


@dataclass(frozen=True)
class Span:
    """What of time a chart shows: from, to, and `ahead` hours of what is predicted."""

    since: datetime
    until: datetime
    ahead: float
    outlook: Outlook | None
    peaks: list[ExpectedPeak]


@dataclass(frozen=True)
class Volume:
    """`data` is what the chart draws; `ratio` compares the last five minutes with the band."""

    data: dict[str, Any]
    marks: list[Mark]
    finding: str
    last: Shares
    ratio: float | None
    above: bool
    reach: int
    reach_now: int
    negative_change: float | None
    authors: int
    authors_capped: bool
    # What is predicted and what was expected, in words.
    ahead: list[str]
    expected: list[str]

    @property
    def json(self) -> str:
        return json.dumps(self.data, separators=(",", ":"))

    @property
    def points(self) -> int | None:
        """How the negative share moved against the hour, in percentage points."""
        return None if self.negative_change is None else round(self.negative_change * 100)


@dataclass(frozen=True)
class Loudness:
    """A network's count, and its share of the loudest network's."""

    network: str
    name: str
    total: int
    share: float


@dataclass(frozen=True)
class Alarm:
    """What the desk noticed: the reasons a sentence each, and posts that show it."""

    at: datetime
    headline: str
    sentences: list[str]
    posts: list[Post]


@dataclass(frozen=True)
class Said:
    shares: Shares
    networks: list[Loudness]

    @property
    def parts(self) -> list[tuple[str, str]]:
        """Each sentiment with its share in words, in the order of the bar."""
        total = self.shares.total or 1
        counts = {
            Sentiment.NEGATIVE: self.shares.negative,
            Sentiment.NEUTRAL: self.shares.neutral,
            Sentiment.POSITIVE: self.shares.positive,
        }
        return [(kind.value, formats.percent(count / total)) for kind, count in counts.items()]


def span(asked: str) -> str:
    """Return one of SPANS; four hours unless asked otherwise."""
    return asked if asked in SPANS else "4h"


def seen_at(incident: Incident, *, now: datetime) -> datetime:
    """Return the moment whose picture is shown: now, or when the incident was over."""
    return min(incident.resolved_at or now, now)


def lately(incident: Incident, *, now: datetime) -> Lately:
    """Return what was said in the hour before `now`. One query."""
    return said_lately(incident.brand_id, until=now)


def volume(incident: Incident, talk: Lately, *, span: str, now: datetime) -> Volume:
    """Return the chart and the figures beside it, as of `now`: six queries."""
    brand = incident.brand_id
    shown_from = floor(now - SPANS[span])
    since = max(min(shown_from, floor(incident.began_at)), now - LONGEST)
    points = counted([brand], since=since, until=now)
    last, hour = talk.last, talk.hour
    high = _latest_high(points)
    marks = marked(incident, since=shown_from)
    running = [point for point in points if point.at >= floor(incident.began_at)]
    shown = Span(
        shown_from,
        now,
        AHEAD[span],
        forecasting.of_brand(brand, now) if incident.is_open else None,
        peaks.of_brands([brand], since=shown_from, until=now),
    )
    return Volume(
        data=_drawn(points, marks, shown, latest=last.total),
        marks=marks,
        finding=_finding(last, high),
        last=last,
        ratio=None if high is None else last.total / max(high, 1.0),
        above=high is not None and last.total > high,
        reach=sum(point.reach for point in running),
        reach_now=sum(point.reach for point in points if point.at >= now - STEP),
        negative_change=last.negative_share - hour.negative_share if hour.total else None,
        authors=_authors(brand, since=now - HOUR, until=now),
        authors_capped=hour.total > AUTHORS_AMONG,
        ahead=forecasting.sentences(shown.outlook, now=now) if shown.outlook else [],
        expected=[charts.peak_words(peak, now=now) for peak in shown.peaks],
    )


def floor(moment: datetime) -> datetime:
    """Return the beginning of the step of five minutes that `moment` is in."""
    seconds = int(moment.timestamp())
    return datetime.fromtimestamp(seconds - seconds % int(STEP.total_seconds()), UTC)


def _latest_high(points: Sequence[Point]) -> float | None:
    return next((point.high for point in reversed(points) if point.high is not None), None)


def _authors(brand_id: int, *, since: datetime, until: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_AUTHORS, [brand_id, since, until, AUTHORS_AMONG])
        count: int = cursor.fetchone()[0]
    return count


def _finding(last: Shares, high: float | None) -> str:
    figures = {"count": formats.number(last.total), "high": formats.number(high or 0)}
    if high is None:
        words = _("%(count)s mentions in the last 5 minutes; what is usual is not known yet.")
    elif last.total > high:
        words = _("%(count)s mentions in the last 5 minutes, above the expected %(high)s.")
    else:
        words = _("%(count)s mentions in the last 5 minutes, within the expected %(high)s.")
    return words % figures


def _drawn(
    points: Sequence[Point], marks: Sequence[Mark], span: Span, *, latest: int
) -> dict[str, Any]:
    data = charts.drawn(points, since=span.since, until=span.until, latest=latest)
    data["marks"] = [{"at": int(mark.at.timestamp()), "letter": mark.letter} for mark in marks]
    data = charts.with_forecast(data, span.outlook, hours=span.ahead)
    return charts.with_peaks(data, span.peaks)


def marked(incident: Incident, *, since: datetime) -> list[Mark]:
    """Return the moments of an incident worth a pin, the first ones when there are many."""
    told = incident.entries.filter(kind__in=MARKED, at__gte=since).order_by("number")
    found = list(told.select_related("actor")[: len(LETTERS)])
    return [
        Mark(letter, entry.at, _short(entry)) for letter, entry in zip(LETTERS, found, strict=False)
    ]


def _short(entry: TimelineEntry) -> str:
    actor = str(entry.actor) if entry.actor else ""
    return entries.words(entry.kind, entry.params, actor=actor, text=entry.text)


def said(talk: Lately) -> Said:
    """Return the last hour's sentiment, and its networks with their share of the loudest."""
    networks = talk.networks[:6]
    most = max((each.total for each in networks), default=1)
    return Said(
        talk.hour,
        [
            Loudness(each.network, markup.network_name(each.network), each.total, each.total / most)
            for each in networks
        ],
    )


def posts(incident: Incident, *, now: datetime) -> list[Post]:
    """Return the farthest-reaching posts since it began, of the last day at most."""
    since = max(incident.began_at, now - SPANS["24h"])
    found = top_posts(incident.brand_id, since=since, until=now, limit=POSTS)
    note_shown(found, now=now)
    return found


def alarms(incident: Incident) -> list[Alarm]:
    """Return why the desk alarmed, the newest first; empty for what a person declared."""
    signals = incident.signals.select_related("detection").order_by("-detection__detected_at")
    found = [signal.detection for signal in signals[:TOLD]]
    return [
        Alarm(
            each.detected_at,
            headline(each),
            sentences(each),
            samples(each)[:SHOWN] if each is found[0] else [],
        )
        for each in found
    ]
