"""Template tags of the order of telling."""

from typing import Any

from django import template

from accounts.enums import Permission
from accounts.rules import allowed
from core.clock import database_now
from incidents.models import Incident
from responses.enums import DraftState
from responses.models import Draft
from responses.plan import holding, order

register = template.Library()


@register.inclusion_tag("responses/plan/early.html", takes_context=True)
def told_first(context: template.Context, draft: Draft, page: str = "") -> dict[str, Any]:
    """`{% told_first draft "approval" %}`: who has to be told first, or why it does not wait."""
    user, brand = context["request"].user, draft.incident.brand_id
    may = allowed(user, Permission.PUBLISH, brand) or allowed(user, Permission.APPROVE, brand)
    over = draft.state in (DraftState.PUBLISHED, DraftState.DROPPED)
    waits = [] if over else order.holding(draft)
    word = getattr(draft, "early_word", None) if not waits else None
    return {
        "draft": draft,
        "untold": order.named(waits),
        "word": word,
        "may": may,
        "page": page,
        "csrf_token": context.get("csrf_token"),
    }


@register.inclusion_tag("responses/engage/waits.html", takes_context=True)
def answers_wait(
    context: template.Context, draft: Draft, incident: Incident, page: str
) -> dict[str, Any]:
    """`{% answers_wait draft incident "concerns" %}`: who has to be told before it goes to people.

    `page` is "concerns", or a conversation's number: where whoever gives a reason comes back to.
    """
    shown = told_first(context, draft)
    waits = order.waits(incident, [draft]).get(draft.pk, [])
    own = draft.incident_id == incident.pk
    return {**shown, "untold": order.named(waits), "incident": incident, "own": own, "page": page}


@register.inclusion_tag("responses/plan/behind.html")
def prepared(draft: Draft) -> dict[str, Any]:
    """`{% prepared draft %}`: the holding statement behind a draft, and whether it still is one."""
    use = holding.use_of(draft)
    version = draft.versions.get(number=draft.version) if use else None
    stands = version and holding.pre_approved(draft, version, now=database_now())
    return {"use": use, "stands": bool(stands)}
