"""What this room announces after commit: ids only (docs/events.md)."""

from core.events import Event

# An incident was opened. The row is the incident; nobody above needs to take it up yet.
incident_opened = Event("incidents.incident_opened", "incident_id")
# An incident was resolved. The row is the incident's state; the reviews room sweeps.
incident_resolved = Event("incidents.incident_resolved", "incident_id")
