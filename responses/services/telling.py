"""How a change of a draft is told: timeline, notices, audit trail, live pages. In this order."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.urls import reverse

from accounts import audit
from accounts.models import User
from core import live
from incidents.enums import EntryKind
from incidents.services import write_entry
from notifications.models import Urgency
from notifications.services import notify
from responses.models import Draft


def tell(
    draft: Draft,
    kind: EntryKind,
    code: str,
    *,
    actor: User | None,
    now: datetime,
    **params: Any,
) -> None:
    """Write it to the timeline and the audit trail, and refresh the pages that show the draft."""
    facts = {"draft": draft.number, "title": draft.title, "version": draft.version, **params}
    write_entry(draft.incident_id, kind, actor=actor, params={"code": code, **facts}, now=now)
    audit.record(
        f"draft.{code}",
        actor=actor,
        brand=draft.incident.brand,
        subject=subject(draft),
        **facts,
    )
    refresh(draft)


def refresh(draft: Draft) -> None:
    """Have every open page that shows this draft fetch it again."""
    for group in (f"incident.{draft.incident_id}", f"brand.{draft.incident.brand_id}"):
        live.publish(group, "drafts", {"draft": draft.number})


def subject(draft: Draft) -> str:
    return f"{draft.incident.reference}/{draft.number}"


def notice(
    people: Iterable[User],
    kind: str,
    *,
    draft: Draft,
    key: str,
    now: datetime,
    urgency: Urgency = Urgency.NEWS,
    **params: Any,
) -> None:
    """Notify `people` once for `key` within the draft. Call it before `tell`: locks have an order.

    Whoever is asked for an approval is led to the page made for that; the rest to the composer.
    """
    page = "responses:approval" if kind == "approval_wanted" else "responses:draft"
    notify(
        people,
        key=f"draft.{draft.pk}.{key}",
        kind=f"responses.{kind}",
        params={
            "brand": draft.incident.brand.name,
            "reference": draft.incident.reference,
            "title": draft.title,
            **params,
        },
        url=reverse(page, args=[draft.incident.reference, draft.number]),
        brand=draft.incident.brand,
        urgency=urgency,
        now=now,
    )
