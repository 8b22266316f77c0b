"""The moments at which the public heard from us in an incident, and what changed after each.

What goes out within five minutes is one moment: nobody can tell the parts of it asunder.
"""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from incidents.models import Incident
from monitoring.detection.forecast import DAYS
from monitoring.selectors import Point, volume
from monitoring.steps import STEP, floor
from responses.models import Publication
from responses.selectors import published

from .effects import HORIZONS, effect

# Publications that are looked at.
MOST = 40
# After so long all is known that an effect is told from.
WHOLE = timedelta(minutes=HORIZONS[0]) + 2 * STEP


def moments(incident: Incident, *, now: datetime) -> list[dict[str, Any]]:
    """Return each moment with its texts, and its effect on all mentions and on negative ones.

    Five queries at most, whatever the incident: counts are read, never mentions.
    """
    groups = _grouped(list(published(incident.pk)[:MOST]))
    if not groups:
        return []
    starts = [_at(group[0]) for group in groups]
    since = floor(starts[0]) - timedelta(days=DAYS)
    points = volume([incident.brand_id], since=since, until=min(starts[-1] + WHOLE, now))
    ends = [*starts[1:], now]
    return [
        {
            "at": start.isoformat(),
            "texts": [_text(each) for each in group],
            "total": _effect(points, "total", since=since, at=start, until=end),
            "negative": _effect(points, "negative", since=since, at=start, until=end),
        }
        for group, start, end in zip(groups, starts, ends, strict=True)
    ]


def _grouped(rows: Sequence[Publication]) -> list[list[Publication]]:
    groups: list[list[Publication]] = []
    for row in rows:
        if row.sent_at is None:
            continue
        if groups and row.sent_at - _at(groups[-1][0]) < STEP:
            groups[-1].append(row)
        else:
            groups.append([row])
    return groups


def _at(row: Publication) -> datetime:
    if row.sent_at is None:
        raise ValueError(row.pk)
    return row.sent_at


def _text(row: Publication) -> dict[str, Any]:
    draft = row.version.draft
    return {
        "title": draft.title,
        "draft": draft.number,
        "account": row.account.name,
        "network": row.account.network,
        "part": row.part,
    }


def _effect(
    points: Sequence[Point], name: str, *, since: datetime, at: datetime, until: datetime
) -> dict[str, Any]:
    """The step in which it went out belongs to neither side."""
    split = floor(at)
    before = _filled(points, name, since=_first(points, since), until=split)
    after = _filled(points, name, since=split + STEP, until=min(floor(until), floor(at + WHOLE)))
    return asdict(effect(before, after))


def _first(points: Sequence[Point], since: datetime) -> datetime:
    """Before anything was ever said, nothing was listened to either."""
    return max(points[0].at, since) if points else since


def _filled(points: Sequence[Point], name: str, *, since: datetime, until: datetime) -> list[int]:
    """Counts of each step, with zeros where nothing was said."""
    steps = max(int((until - since) / STEP), 0)
    counts = [0] * steps
    for point in points:
        if since <= point.at < until:
            counts[int((point.at - since) / STEP)] = getattr(point, name)
    return counts
