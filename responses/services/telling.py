"""How a change of a draft is told: timeline, notices, audit trail, live pages. In this order."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.urls import reverse

from accounts import audit
from accounts.models import User
from core import live
from incidents.enums import EntryKind
from incidents.selectors import insiders
from incidents.services import write_entry
from incidents.services.notices import HIDDEN
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
    private = draft.incident.is_private
    write_entry(draft.incident_id, kind, actor=actor, params={"code": code, **facts}, now=now)
    audit.record(
        f"draft.{code}",
        actor=actor,
        brand=draft.incident.brand,
        subject=subject(draft),
        # The brand's administrators read the trail, who need not be members of the incident.
        **(facts | {"title": HIDDEN} if private else facts),
    )
    refresh(draft)


def refresh(draft: Draft) -> None:
    """Have every open page that shows this draft fetch it again."""
    live.publish(f"incident.{draft.incident_id}", "drafts", {"draft": draft.number})
    shown = {} if draft.incident.is_private else {"draft": draft.number}
    live.publish(f"brand.{draft.incident.brand_id}", "drafts", shown)


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
    if draft.incident.is_private:
        people = insiders(draft.incident).filter(pk__in=[each.pk for each in people])
    wanted = kind in {"approval_wanted", "glass"}
    page = "responses:approval" if wanted else "responses:draft"
    notify(
        people,
        key=f"draft.{draft.pk}.{key}",
        kind=f"responses.{kind}",
        params={
            "brand": draft.incident.brand.name,
            "reference": draft.incident.reference,
            "title": HIDDEN if draft.incident.is_private else draft.title,
            **params,
        },
        url=reverse(page, args=[draft.incident.reference, draft.number]),
        brand=draft.incident.brand,
        urgency=urgency,
        now=now,
    )
