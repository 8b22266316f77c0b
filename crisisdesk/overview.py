"""What the overview shows: each function gathers one region of the page, in a fixed number of
queries however many brands, incidents or mentions there are."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from accounts.enums import Permission
from accounts.models import Brand, User
from accounts.rules import allowed
from accounts.selectors import brand_names, visible_brands
from core import formats, markup
from core.navigation import address
from incidents import blocking
from incidents.enums import Severity, State
from incidents.enums_rota import How
from incidents.models import Call, Incident, Task
from incidents.selectors import open_of_brand
from incidents.selectors.duty import OnDuty, able_people, duties_at
from incidents.selectors.schedule import swaps_for
from monitoring import feed
from monitoring.models import Source
from monitoring.selectors import Filters, Pulse, latest_at, pulses, stream
from responses.selectors import waiting_for

# Name in the address: label, span, slices of the sparkline.
RANGES: dict[str, tuple[Any, timedelta, int]] = {
    "1h": (pgettext_lazy("range", "1 h"), timedelta(hours=1), 12),
    "4h": (pgettext_lazy("range", "4 h"), timedelta(hours=4), 48),
    "24h": (pgettext_lazy("range", "24 h"), timedelta(hours=24), 96),
    "7d": (pgettext_lazy("range", "7 d"), timedelta(days=7), 84),
}
HEALTH: dict[str, tuple[str, Any]] = {
    "critical": ("alert-octagon", gettext_lazy("Critical")),
    "elevated": ("alert-triangle", gettext_lazy("Elevated")),
    "normal": ("circle-check", gettext_lazy("Normal")),
    "delayed": ("plug-connected-x", gettext_lazy("Source delayed")),
}
# From here on the ratio is told in red, from there in amber.
RED_RATIO, AMBER_RATIO = 2.0, 1.2
LATEST = 6


@dataclass(frozen=True)
class BrandRow:
    """A brand as the table shows it; everything is ready to print."""

    brand: Brand
    health: str
    health_icon: str
    health_word: str
    spark: SafeString
    now: str
    note: str
    tone: str
    share: SafeString
    bar: SafeString
    incident: Incident | None
    late_sources: str


@dataclass(frozen=True)
class Waiting:
    """Something that waits for this person."""

    icon: str
    title: str
    note: str
    url: str
    due: datetime | None = None


@dataclass(frozen=True)
class OnCall:
    user: User
    brands: str
    tone: str
    word: str


def context(user: User, *, now: datetime, wanted: str) -> dict[str, Any]:
    """Return everything of the page; `wanted` is a key of RANGES."""
    return {
        "now": now,
        "range": wanted,
        "ranges": [(key, label) for key, (label, _span, _slices) in RANGES.items()],
        "live_groups": " ".join(f"brand.{pk}" for pk in user.roles),
        "may_declare": any(allowed(user, Permission.OPEN_INCIDENT, pk) for pk in user.roles),
        "may_manage": any(allowed(user, Permission.MANAGE_BRAND, pk) for pk in user.roles),
        **head(user, now),
        **incidents(user, now),
        **brands(user, now, wanted),
        **waiting(user, now),
        **on_call(user, now),
        **mentions(user, now),
    }


def head(user: User, now: datetime) -> dict[str, Any]:
    return {
        "today": formats.full_date(formats.local(now).date()),
        "clock": formats.clock(now),
        "brand_count": len(user.roles),
        "source_count": Source.objects.filter(brand__in=user.roles, is_active=True).count(),
    }


def incidents(user: User, now: datetime) -> dict[str, Any]:
    """The open incidents, the gravest first."""
    rows = list(open_of_brand(user, user.roles).order_by("severity", "-detected_at")[:50])
    found = blocking.blockers(rows, now=now)
    return {
        "now": now,
        "incidents": [(incident, found.get(incident.pk)) for incident in rows],
        "latest_mention": latest_at(list(user.roles)),
    }


def brands(user: User, now: datetime, wanted: str) -> dict[str, Any]:
    """The brands with their pulse, the one that stands out most first."""
    label, span, slices = RANGES[wanted]
    found = list(visible_brands(user))
    beats = pulses([brand.pk for brand in found], now=now, span=span, slices=slices)
    gravest: dict[int, Incident] = {}
    open_ones = open_of_brand(user, user.roles).order_by("-severity", "detected_at")
    for incident in open_ones:
        gravest[incident.brand_id] = incident
    found.sort(key=lambda brand: -(beats[brand.pk].ratio or 0))
    rows = [_row(brand, beats[brand.pk], gravest.get(brand.pk)) for brand in found]
    return {"now": now, "brands": rows, "range": wanted, "range_label": label}


def _row(brand: Brand, pulse: Pulse, incident: Incident | None) -> BrandRow:
    health = _health(pulse, incident)
    note, tone = _note(pulse)
    positive_and_rest = (pulse.total - pulse.negative - pulse.positive, pulse.positive)
    return BrandRow(
        brand=brand,
        health=health,
        health_icon=HEALTH[health][0],
        health_word=str(HEALTH[health][1]),
        spark=markup.sparkline(
            pulse.actual,
            pulse.low,
            pulse.high,
            label=_("%(brand)s: %(count)s mentions in 5 minutes, %(note)s")
            % {"brand": brand.name, "count": formats.number(pulse.now), "note": note},
            stale=pulse.stale,
        ),
        now=formats.number(pulse.now),
        note=note,
        tone=tone,
        share=markup.negative_share(pulse.negative_share),
        bar=markup.share_bar(pulse.negative, *positive_and_rest),
        incident=incident,
        late_sources=", ".join(pulse.late_sources),
    )


def _health(pulse: Pulse, incident: Incident | None) -> str:
    """Stale figures are never shown as normal, but an open incident still counts."""
    if incident and incident.severity <= Severity.SEV2:
        return "critical"
    if pulse.stale:
        return "delayed"
    return "elevated" if incident or pulse.above else "normal"


def _note(pulse: Pulse) -> tuple[str, str]:
    if pulse.stale:
        return _("sources do not deliver"), "muted"
    if pulse.ratio is None:
        return _("still learning what is usual"), "muted"
    text = _("%(times)s× expected max.") % {"times": formats.number(pulse.ratio, 1)}
    if pulse.above and pulse.ratio >= RED_RATIO:
        return text, "red"
    return text, "amber" if pulse.above and pulse.ratio >= AMBER_RATIO else "muted"


def waiting(user: User, now: datetime) -> dict[str, Any]:
    """What waits for this person: calls to answer, drafts to approve, tasks of their own, and
    colleagues who ask to be covered."""
    rows = [*_calls(user), *_drafts(user), *_tasks(user), *_covers(user, now)]
    return {"now": now, "waiting": rows}


def _calls(user: User) -> list[Waiting]:
    called = Call.objects.filter(user=user, incident__state=State.DETECTED)
    visible = Incident.objects.visible_to(user).select_related("brand")
    rows = visible.filter(pk__in=called.values("incident"))
    return [
        Waiting(
            "phone-call",
            _("Acknowledge: %(title)s") % {"title": incident.title},
            f"{incident.reference} · {incident.brand}",
            address("incidents:incident", incident.reference),
        )
        for incident in rows.order_by("severity", "detected_at")[:10]
    ]


def _drafts(user: User) -> list[Waiting]:
    return [
        Waiting(
            "checkbox",
            _("Approve: %(title)s v%(version)s") % {"title": draft.title, "version": draft.version},
            f"{draft.incident.reference} · {draft.incident.brand}",
            address("responses:draft", draft.incident.reference, draft.number),
            None if draft.incident.responded_at else draft.incident.respond_by,
        )
        for draft in waiting_for(user)[:10]
    ]


def _tasks(user: User) -> list[Waiting]:
    rows = Task.objects.filter(owner=user, done_at=None)
    open_ones = Incident.objects.visible_to(user).running()
    unresolved = rows.filter(incident__in=open_ones).select_related("incident__brand")
    return [
        Waiting(
            "list-check",
            task.title,
            f"{task.incident.reference} · {task.incident.brand}",
            address("incidents:incident", task.incident.reference),
            task.due_at,
        )
        for task in unresolved[:10]
    ]


def _covers(user: User, now: datetime) -> list[Waiting]:
    return [
        Waiting(
            "repeat",
            _("%(name)s asks to be covered") % {"name": swap.asker},
            f"{swap.rota} · {swap.rota.brand}",
            address("incidents:my_duties"),
            swap.starts_at,
        )
        for swap in swaps_for(user, now=now)[:10]
    ]


def on_call(user: User, now: datetime) -> dict[str, Any]:
    """Who is on call, for which brands, and whether they answer."""
    people: dict[int, list[OnDuty]] = {}
    for each in duties_at(user.roles, now, able_people(user.roles)):
        people.setdefault(each.user.pk, []).append(each)
    brand_of = brand_names(user)
    open_ones = Incident.objects.visible_to(user).exclude(state=State.RESOLVED)
    called = set(
        Call.objects.filter(incident__in=open_ones.filter(state=State.DETECTED)).values_list(
            "user_id", flat=True
        )
    )
    leads = dict(open_ones.exclude(lead=None).values_list("lead_id", "reference"))
    rows = []
    for pk, duties in people.items():
        tone, word = "", ""
        if all(each.how == How.FALLBACK for each in duties):
            tone, word = "amber", _("Nobody is on duty: called instead")
        if pk in called:
            tone, word = "amber", _("Called, no answer yet")
        elif pk in leads:
            tone, word = "green", _("Leads %(reference)s") % {"reference": leads[pk]}
        names = ", ".join(sorted({brand_of[each.brand_id] for each in duties}))
        rows.append(OnCall(duties[0].user, names, tone, word))
    return {"now": now, "on_call": rows}


def mentions(user: User, now: datetime) -> dict[str, Any]:
    names = brand_names(user)
    posts = stream(user, Filters()).posts[:LATEST]
    rows = feed.rows(posts, feed.Shown(now, names, frozenset()))
    return {"rows": rows, "stream_address": reverse("monitoring:mentions")}


REGIONS: dict[str, Callable[[User, datetime, str], dict[str, Any]]] = {
    "incidents": lambda user, now, _wanted: incidents(user, now),
    "brands": brands,
    "waiting": lambda user, now, _wanted: waiting(user, now),
    "on-call": lambda user, now, _wanted: on_call(user, now),
}
