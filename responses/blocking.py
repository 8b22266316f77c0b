"""What of ours holds an incident up: a text that waits for its approval. See incidents.blocking.

Imported by the AppConfig.
"""

from datetime import datetime

from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.translation import gettext as _

from incidents.blocking import APPROVAL, Action, Blocker, Looked, source
from incidents.models import Incident

from . import waiting
from .enums import DraftState, PublicationState
from .models import Draft, Publication
from .models_engage import Answer
from .plan import order


def waiting_drafts(incidents: list[Incident], _now: datetime) -> dict[int, dict[bool, Draft]]:
    """The drafts of each incident that have waited longest: for others to be told first (True),
    and for an approval (False). One query."""
    waits = {"state": PublicationState.QUEUED, "error": "untold"}
    posts = Publication.objects.filter(**waits).values("version__draft")
    # One of the library was approved elsewhere: its own incident is not the one that waits.
    answers = Answer.objects.filter(
        **waits, conversation__incident=F("version__draft__incident")
    ).values("version__draft")
    approved = Q(pk__in=posts) | Q(pk__in=answers)
    rows = Draft.objects.filter(approved | Q(state=DraftState.SUBMITTED), incident__in=incidents)
    rows = rows.annotate(is_held=approved, since=Coalesce("approved_at", "submitted_at"))
    first = rows.order_by("incident_id", "is_held", "since", "pk").select_related("author")
    found: dict[int, dict[bool, Draft]] = {}
    for draft in first.distinct("incident_id", "is_held"):
        found.setdefault(draft.incident_id, {})[draft.is_held] = draft
    return found


@source(APPROVAL - 1)
def untold_first(incident: Incident, looked: Looked) -> Blocker | None:
    draft = (looked.at(incident, waiting_drafts) or {}).get(True)
    if draft is None:
        return None
    page = reverse("responses:draft", args=[incident.reference, draft.number])
    return Blocker(
        _("A text is approved and waits: %(title)s") % {"title": draft.title},
        _("Not told yet: %(who)s") % {"who": order.named(order.untold(incident))},
        icon="hourglass",
        until=None if incident.responded_at else incident.respond_by,
        until_words=_("First response due in"),
        since=draft.approved_at,
        actions=(Action(_("Tell them, or say why not"), page, "users", primary=True),),
    )


def named(incidents: list[Incident], now: datetime) -> dict[int, str]:
    """What each incident's longest-waiting draft waits for, where the brand's policy names it."""
    found = waiting_drafts(incidents, now)
    drafts = {pk: each[False] for pk, each in found.items() if False in each}
    waits = waiting.of_drafts([draft for draft in drafts.values() if draft.policy_name])
    return {
        pk: waiting.sentence(waits[draft.pk], now)
        for pk, draft in drafts.items()
        if draft.pk in waits
    }


@source(APPROVAL)
def approval_waits(incident: Incident, looked: Looked) -> Blocker | None:
    draft = (looked.at(incident, waiting_drafts) or {}).get(False)
    if draft is None:
        return None
    page = reverse("responses:approval", args=[incident.reference, draft.number])
    return Blocker(
        _("A text waits for approval: %(title)s") % {"title": draft.title},
        looked.at(incident, named) or _("%(name)s asks for it.") % {"name": draft.author},
        icon="hourglass",
        until=None if incident.responded_at else incident.respond_by,
        until_words=_("First response due in"),
        since=draft.submitted_at,
        actions=(Action(_("Read it"), page, "checkbox", primary=True),),
    )
