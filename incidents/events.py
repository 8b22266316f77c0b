"""What this room announces after commit: ids only (docs/events.md)."""

from core.events import Event

incident_opened = Event("incidents.incident_opened", "incident_id")
incident_resolved = Event("incidents.incident_resolved", "incident_id")
