"""Answers that wait for the order of telling: put off while it holds them, then woken."""

from datetime import datetime

from core import live
from responses.enums import PublicationState
from responses.models_engage import Answer

# The code of problems.py that a waiting answer has, as a publication has it.
UNTOLD = "untold"


def hold(row: Answer, *, until: datetime) -> None:
    """Put it off with all others of this text here: a run of thousands is asked once. Expects the
    locks of the draft and the row."""
    incident_id = row.conversation.incident_id
    rows = Answer.objects.filter(
        version=row.version_id,
        conversation__incident=incident_id,
        state=PublicationState.QUEUED,
        publish_at__lt=until,
    )
    # Whoever has one of them in hand decides about it.
    free = rows.order_by("pk").select_for_update(of=("self",), no_key=True, skip_locked=True)
    ids = list(free.values_list("pk", flat=True))
    Answer.objects.filter(pk__in=ids).update(publish_at=until, error=UNTOLD)
    if row.error != UNTOLD:
        live.publish(f"incident.{incident_id}", "engage")


def wake(incident_id: int, *, now: datetime) -> None:
    """Have the outbox look again now at what waits in an incident; its pace is kept."""
    rows = Answer.objects.filter(
        conversation__incident=incident_id, state=PublicationState.QUEUED, error=UNTOLD
    )
    rows.update(publish_at=now)
    live.publish(f"incident.{incident_id}", "engage")
