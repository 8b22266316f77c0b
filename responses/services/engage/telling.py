"""How an answer to many is told: timeline, audit trail, live pages. In this order."""

from datetime import datetime
from typing import Any

from accounts import audit
from accounts.models import User
from core import live
from incidents.enums import EntryKind
from incidents.services import write_entry
from incidents.services.notices import HIDDEN
from responses.models_engage import AnswerRun


def tell_run(
    run: AnswerRun, kind: EntryKind, code: str, *, actor: User | None, now: datetime, **params: Any
) -> None:
    facts = {"question": run.concern.question, "kind": run.kind, **params}
    write_entry(run.incident_id, kind, actor=actor, params={"code": code, **facts}, now=now)
    shown = facts | {"question": HIDDEN} if run.incident.is_private else facts
    audit.record(
        f"engage.{code}",
        actor=actor,
        brand=run.incident.brand,
        subject=run.incident.reference,
        **{"title": shown.pop("question"), **shown},
    )
    live.publish(f"incident.{run.incident_id}", "engage")
