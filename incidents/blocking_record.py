"""What of the record holds an incident up: a promise that is due, and silence. See blocking.py.

Imported by the AppConfig.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Subquery
from django.urls import reverse
from django.utils.translation import gettext as _

from .blocking import Action, Blocker, Looked, source
from .enums_record import BreachState, PromiseState
from .models import Incident
from .models_breach import WITHIN, Breach
from .models_promises import Promise, PublicWord
from .selectors.silence import due

# Between the first response (20) and the ladder (30).
LEGAL, BROKEN, SILENT = 21, 22, 24
# When the 72 hours are shown in the strip.
NEAR = timedelta(hours=12)


@dataclass(frozen=True)
class _Glance:
    """What the three sources below need to know, from one query."""

    aware_at: datetime | None
    is_promise_late: bool
    last_word_at: datetime | None


def glances(incidents: list[Incident], now: datetime) -> dict[int, _Glance]:
    """Look once for all three: most of the time none of them has anything to tell."""
    running = Breach.objects.filter(incident=OuterRef("pk"), state=BreachState.OPEN)
    late = Promise.objects.filter(incident=OuterRef("pk"), state=PromiseState.OPEN, due_at__lt=now)
    words = PublicWord.objects.filter(incident=OuterRef("pk")).order_by("-at")
    rows = Incident.with_drills.filter(pk__in=[each.pk for each in incidents]).values_list(
        "pk",
        Subquery(running.values("aware_at")[:1]),
        Exists(late),
        Subquery(words.values("at")[:1]),
    )
    return {pk: _Glance(*row) for pk, *row in rows}


def late_promises(incidents: list[Incident], now: datetime) -> dict[int, Promise]:
    rows = Promise.objects.filter(incident__in=incidents, state=PromiseState.OPEN, due_at__lt=now)
    first = (
        rows.select_related("owner").order_by("incident_id", "due_at", "pk").distinct("incident_id")
    )
    return {promise.incident_id: promise for promise in first}


NOTHING = _Glance(None, False, None)


@source(LEGAL)
def deadline_of_law(incident: Incident, looked: Looked) -> Blocker | None:
    """The end of the 72 hours, without a word of what it is about: everyone reads the strip."""
    aware_at = (looked.at(incident, glances) or NOTHING).aware_at
    if aware_at is None or aware_at + WITHIN - NEAR > looked.now:
        return None
    due_at = aware_at + WITHIN
    late = due_at < looked.now
    page = reverse("incidents:breach", args=[incident.reference])
    return Blocker(
        _("A deadline of the law has passed.") if late else _("A deadline of the law is near."),
        tone="red" if late else "amber",
        icon="shield-check",
        until=due_at,
        until_words=_("Late by") if late else _("Runs out in"),
        actions=(Action(_("See the notice"), page, "shield-check", running=True),),
    )


@source(BROKEN)
def promise_due(incident: Incident, looked: Looked) -> Blocker | None:
    if not (looked.at(incident, glances) or NOTHING).is_promise_late:
        return None
    promise = looked.at(incident, late_promises)
    if promise is None:
        return None
    page = reverse("incidents:promises", args=[incident.reference])
    return Blocker(
        _("A promise is not kept: %(promise)s") % {"promise": promise.text},
        _("%(name)s keeps it.") % {"name": promise.owner} if promise.owner else "",
        tone="red",
        icon="hourglass",
        person=promise.owner,
        until=promise.due_at,
        until_words=_("Late by"),
        actions=(Action(_("Kept, moved or broken?"), page, "hourglass", primary=True),),
    )


@source(SILENT)
def silent(incident: Incident, looked: Looked) -> Blocker | None:
    """The first word has a blocker of its own; this is the silence after it."""
    if incident.responded_at is None:
        return None
    last = (looked.at(incident, glances) or NOTHING).last_word_at
    by = due(incident, last or incident.responded_at)
    if by is None or by > looked.now:
        return None
    return Blocker(
        _("The public hears nothing from us."),
        _("Say something, even that there is nothing new, and when the next word comes."),
        tone="red",
        icon="speakerphone",
        until=by,
        until_words=_("Late by"),
        since=last,
        actions=(
            Action(
                _("Note a word"), reverse("incidents:clocks", args=[incident.reference]), "plus"
            ),
            Action(_("See the drafts"), "#slots", "edit", primary=True),
        ),
    )
