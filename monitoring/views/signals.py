"""Signals: what the desk noticed, why, where it was going, and what people make of it."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.enums import Permission
from accounts.http import SignedIn
from accounts.rules import allowed, require
from accounts.selectors import visible_brands
from core.clock import database_now
from core.errors import Refused
from monitoring import charts, forecasting, peaks, reasons
from monitoring.enums import DetectionKind, Opinion
from monitoring.models import Detection
from monitoring.selectors import samples, volume
from monitoring.selectors import signals as selectors
from monitoring.selectors.signals import Precision
from monitoring.services import signals as services
from monitoring.services.showing import note as note_shown
from monitoring.steps import STEP, floor

PAGE = 30
# What the chart of a signal shows before the alarm and after it, and hours of the forecast.
BEFORE = timedelta(hours=6)
AFTER = timedelta(hours=6)
HOURS_AHEAD = 6.0
ICONS = {
    DetectionKind.VOLUME: "activity",
    DetectionKind.NEGATIVE_SHARE: "flame",
    DetectionKind.REACH: "speakerphone",
    DetectionKind.SLOW_RISE: "chart-line",
    DetectionKind.NEW_THEME: "tag",
    DetectionKind.GREAT_POST: "message",
    DetectionKind.RATING_FALL: "star",
    DetectionKind.SILENCE: "bell-off",
}


@dataclass(frozen=True)
class Row:
    """A signal as the list shows it."""

    signal: Detection
    icon: str
    headline: str
    summary: str
    opinions: Counter[str]

    @property
    def real(self) -> int:
        return self.opinions[Opinion.REAL]

    @property
    def noise(self) -> int:
        return self.opinions[Opinion.NOISE]


@login_required
@require_GET
def signals(request: SignedIn) -> HttpResponse:
    """All signals of the reader's brands, the newest first."""
    brands = list(visible_brands(request.user))
    chosen = [brand for brand in brands if brand.slug == request.GET.get("brand")]
    kind = request.GET.get("kind", "")
    kinds = [kind] if kind in DetectionKind else []
    found = selectors.signals(request.user, brands=[b.pk for b in chosen], kinds=kinds)
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    shown = list(page.object_list)
    opinions = selectors.opinions(signal.pk for signal in shown)
    context = {
        "now": database_now(),
        "page": page,
        "rows": [row(signal, opinions.get(signal.pk, Counter())) for signal in shown],
        "brands": brands,
        "brand": chosen[0] if chosen else None,
        "kinds": DetectionKind.choices,
        "kind": kind,
        "tab": "signals",
    }
    return render(request, "monitoring/signals.html", context)


def row(signal: Detection, opinions: Counter[str]) -> Row:
    kind = DetectionKind(signal.kind)
    return Row(signal, ICONS[kind], reasons.headline(signal), reasons.summary(signal), opinions)


def find(request: SignedIn, pk: int) -> Detection:
    """Return the signal, or 404 alike for a missing and an invisible one."""
    try:
        return selectors.get_signal(request.user, pk)
    except Detection.DoesNotExist:
        raise Http404 from None


@login_required
@require_GET
def signal(request: SignedIn, pk: int) -> HttpResponse:
    """One signal whole."""
    found = find(request, pk)
    now = database_now()
    further = selectors.of_group(found)
    posts = samples(found)
    note_shown(posts, now=now)
    context = {
        "now": now,
        "row": row(found, Counter()),
        "signal": found,
        "sentences": reasons.sentences(found),
        "posts": posts,
        "further": [row(each, Counter()) for each in further],
        "first": found.group_id is None,
        "chart": chart(found, now),
        "tab": "signals",
        **_voting(request, found),
    }
    return render(request, "monitoring/signal.html", context)


def chart(signal: Detection, now: datetime) -> dict[str, Any]:
    """What the signal's chart draws, and what it says in words."""
    since = floor(signal.detected_at - BEFORE)
    until = min(floor(signal.detected_at + AFTER), floor(now) + STEP)
    points = volume([signal.brand_id], since=since, until=until)
    expected = peaks.of_brands([signal.brand_id], since=since, until=until)
    outlook = forecasting.of_detection(signal)
    data = charts.drawn(points, since=since, until=until)
    data["marks"] = [{"at": int(signal.detected_at.timestamp()), "letter": "A"}]
    ends = int((signal.detected_at + timedelta(hours=HOURS_AHEAD) - until) / STEP)
    data = charts.with_forecast(data, outlook, hours=max(ends, 0) * STEP / timedelta(hours=1))
    highest = max((point.total for point in points), default=0)
    return {
        "data": charts.with_peaks(data, expected),
        "said": forecasting.sentences(outlook, now=now) if outlook else [],
        "expected": [charts.peak_words(peak, now=now) for peak in expected],
        "finding": _("At most %(count)d mentions in five minutes were counted around the signal.")
        % {"count": highest},
    }


def _voting(request: SignedIn, found: Detection) -> dict[str, Any]:
    votes = selectors.votes(found)
    precision: Precision = selectors.precision_of(found)
    return {
        "votes": votes,
        "mine": next((vote for vote in votes if vote.user_id == request.user.pk), None),
        "may_vote": allowed(request.user, Permission.TRIAGE, found.brand_id),
        "opinions": Opinion.choices,
        "precision": precision,
    }


@login_required
@require_POST
def vote(request: SignedIn, pk: int) -> HttpResponse:
    """Say that a signal is real or noise; an empty opinion takes the vote back."""
    found = find(request, pk)
    require(request.user, Permission.TRIAGE, found.brand_id)
    try:
        services.vote(
            found,
            request.POST.get("opinion", ""),
            why=request.POST.get("why", ""),
            by=request.user,
            now=database_now(),
        )
    except Refused as refusal:
        if request.htmx:
            return HttpResponse(str(refusal), status=409, content_type="text/plain")
        messages.error(request, str(refusal))
    if request.htmx:
        context = {"signal": found, "now": database_now(), **_voting(request, found)}
        return render(request, "monitoring/signal.html#voting", context)
    return redirect("monitoring:signal", pk)
