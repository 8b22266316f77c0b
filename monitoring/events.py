"""What the monitoring room announces, after the commit (docs/events.md)."""

from core.events import Event

# Counts of a brand changed. The row is Baseline.pending_at; the sweep is the loop "judge".
mentions_accepted = Event("monitoring.mentions_accepted", "brand_id")
# Something out of the ordinary. The row is Detection.handled_at; the incidents room sweeps.
detection_made = Event("monitoring.detection_made", "detection_id")
