"""What waits to be judged, for whoever watches the engine."""

from datetime import datetime

from monitoring.models import Baseline


def unjudged(*, before: datetime) -> int:
    """Return how many brands have waited to be judged since before then."""
    return Baseline.objects.filter(pending_at__lt=before).count()
