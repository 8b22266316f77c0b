"""What of a detection the severity matrix needs, beside what the detection says of itself."""

from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from monitoring.models import Detection

from .matrix import Figures
from .severity import ratio

# Whom people blame is read off so many of the newest posts, and not told from fewer than a few.
BLAME_AMONG = 400
BLAME_LEAST = 10
LOOK_BACK = timedelta(hours=24)

_BLAMING = """
SELECT count(*) FILTER (WHERE blame = 'us'), count(*) FROM (
    SELECT blame FROM monitoring_mention
    WHERE brand_id = %s AND published_at >= %s AND published_at <= %s AND gone_at IS NULL
        AND about = 'brand'
    ORDER BY published_at DESC LIMIT %s) AS newest
"""


def figures(detection: Detection) -> Figures:
    """Measure a detection for the matrix: one bounded query, however large the storm."""
    return Figures(
        reach=detection.reach,
        speed=ratio(detection.value, detection.expected_high),
        influence=influence(detection.reasons),
        kind=detection.crisis_type or "none",
        negative=round(detection.negative_share, 3),
        blaming=blaming(
            detection.brand_id, since=detection.started_at, until=detection.detected_at
        ),
    )


def influence(reasons: list[dict[str, Any]]) -> int | None:
    """Return the followers of the largest account that a detection names; None if it names none."""
    largest = [
        int(account[1])
        for reason in reasons
        if reason.get("code") == "accounts"
        for account in reason.get("accounts", [])
    ]
    return max(largest, default=None)


def blaming(brand_id: int, *, since: datetime, until: datetime) -> float | None:
    """Return which share of the newest posts hold the brand responsible; None for too few."""
    since = max(since, until - LOOK_BACK)
    with connection.cursor() as cursor:
        cursor.execute(_BLAMING, [brand_id, since, until, BLAME_AMONG])
        blaming_us, among = cursor.fetchone()
    return round(blaming_us / among, 3) if among >= BLAME_LEAST else None
