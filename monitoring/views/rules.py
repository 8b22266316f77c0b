"""Rules of detection: what stands for each brand, how it has done, and how it would have done."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.cache import cache
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from accounts.enums import Permission
from accounts.http import SignedIn
from accounts.models import Brand
from accounts.rules import allowed, require
from accounts.selectors import get_brand, visible_brands
from core import formats, markup
from core.clock import database_now
from core.errors import Refused
from monitoring import rules as standing_rules
from monitoring.enums import CrisisType, DetectionKind, RehearsalState, Sensitivity
from monitoring.forms_signals import WINDOW_WORDS, RehearseForm, RuleForm
from monitoring.models import Query
from monitoring.models_signals import DetectionRule, Rehearsal
from monitoring.rehearsing import REHEARSED
from monitoring.selectors import networks
from monitoring.selectors.signals import Precision, precisions
from monitoring.services import detecting as services
from monitoring.services import rehearsals

from .signals import ICONS

# How often a brand's measured alarms are measured again, in seconds.
_MEASURED = 3600
RECENT_REHEARSALS = 5


EXPLAINED = {
    DetectionKind.VOLUME: gettext_lazy(
        "More is said within 15 minutes to three hours than this brand has lived through on its"
        " loudest usual days."
    ),
    DetectionKind.NEGATIVE_SHARE: gettext_lazy(
        "The share of negative mentions is far above the usual, while the volume is not."
    ),
    DetectionKind.REACH: gettext_lazy(
        "What is said reaches far more people than usual: few posts, but by large accounts."
    ),
    DetectionKind.SLOW_RISE: gettext_lazy(
        "The last 24 hours as a whole are far above other days, though no single hour is."
    ),
    DetectionKind.NEW_THEME: gettext_lazy(
        "A theme that was not there before grows, and is not praise."
    ),
    DetectionKind.GREAT_POST: gettext_lazy(
        "One post that is not positive reaches far more people than the farthest of a usual day."
    ),
    DetectionKind.RATING_FALL: gettext_lazy(
        "The average stars of the latest reviews on a site fall below the usual."
    ),
    DetectionKind.SILENCE: gettext_lazy(
        "Nothing comes in where much is usual: a source has probably broken. Those who manage the"
        " sources are told; no incident is opened."
    ),
}


@dataclass(frozen=True)
class Row:
    """A rule as the page shows it: `row` is None for a standard one that nobody changed."""

    kind: DetectionKind
    row: DetectionRule | None
    icon: str
    sensitivity: str
    about: str
    precision: Precision

    @property
    def name(self) -> str:
        return str(self.row) if self.row else str(self.kind.label)

    @property
    def is_active(self) -> bool:
        return self.row is None or self.row.is_active


@login_required
@require_GET
def rules(request: SignedIn) -> HttpResponse:
    """The rules of a brand, with how precise each has been."""
    brands = list(visible_brands(request.user))
    brand = _chosen(brands, request.GET.get("brand", ""))
    context: dict[str, Any] = {
        "brands": brands,
        "brand": brand,
        "tab": "rules",
        "managing": brand is not None and allowed(request.user, Permission.MANAGE_BRAND, brand),
        "kinds": standing_rules.SCOPED,
    }
    if brand:
        context["rows"] = _rows(brand)
        recent = Rehearsal.objects.filter(brand=brand).select_related("rule")
        context["rehearsals"] = [
            (each, DetectionKind(each.tried["kind"]).label) for each in recent[:RECENT_REHEARSALS]
        ]
    return render(request, "monitoring/rules.html", context)


def _chosen(brands: list[Brand], slug: str) -> Brand | None:
    if not slug:
        return brands[0] if brands else None
    found = [brand for brand in brands if brand.slug == slug]
    if not found:
        raise Http404
    return found[0]


def _rows(brand: Brand) -> list[Row]:
    made = list(DetectionRule.objects.filter(brand=brand))
    changed = {row.kind: row for row in made if not row.name}
    known = precisions([brand.pk])
    standard = [_row(brand, kind, changed.get(kind), known) for kind in DetectionKind]
    own = [_row(brand, DetectionKind(row.kind), row, known) for row in made if row.name]
    return [*standard, *own]


def _row(
    brand: Brand,
    kind: DetectionKind,
    row: DetectionRule | None,
    known: dict[tuple[int, str, int | None], Precision],
) -> Row:
    sensitivity = Sensitivity(row.sensitivity) if row else Sensitivity.BALANCED
    precision = known.get((brand.pk, kind.value, row.pk if row else None), Precision(0, 0))
    return Row(kind, row, ICONS[kind], str(sensitivity.label), _about(row), precision)


def _about(row: DetectionRule | None) -> str:
    """What a rule is limited to, in words; "" for nothing."""
    if row is None:
        return ""
    queries = Query.objects.filter(pk__in=row.queries).values_list("name", flat=True)
    parts = [
        *(queries if row.queries else ()),
        *(markup.network_name(name) for name in row.networks),
        *(formats.language_name(code) for code in row.languages),
        *(str(CrisisType(code).label) for code in row.crisis_types),
    ]
    if row.window_minutes:
        parts.append(str(WINDOW_WORDS[row.window_minutes]))
    return ", ".join(parts)


@login_required
@never_cache
def rule(request: SignedIn, slug: str, kind: str) -> HttpResponse:
    """The standard rule of a kind, to look at and, for who manages the brand, to change."""
    brand = get_brand(request.user, slug)
    if kind not in DetectionKind:
        raise Http404
    row = DetectionRule.objects.filter(brand=brand, kind=kind, name="").first()
    return _edit(request, brand, DetectionKind(kind), row, named=False)


@login_required
@never_cache
def rule_new(request: SignedIn, slug: str, kind: str) -> HttpResponse:
    """A further rule of a kind, for part of what is said."""
    brand = get_brand(request.user, slug)
    require(request.user, Permission.MANAGE_BRAND, brand)
    if kind not in standing_rules.SCOPED:
        raise Http404
    return _edit(request, brand, DetectionKind(kind), None, named=True)


@login_required
@never_cache
def rule_own(request: SignedIn, pk: int) -> HttpResponse:
    """A rule that somebody made."""
    row = _find(request, pk)
    return _edit(request, row.brand, DetectionKind(row.kind), row, named=bool(row.name))


def _find(request: SignedIn, pk: int) -> DetectionRule:
    found = DetectionRule.objects.visible_to(request.user).select_related("brand")
    row: DetectionRule | None = found.filter(pk=pk).first()
    if row is None:
        raise Http404
    return row


def _edit(
    request: SignedIn, brand: Brand, kind: DetectionKind, row: DetectionRule | None, *, named: bool
) -> HttpResponse:
    managing = allowed(request.user, Permission.MANAGE_BRAND, brand)
    spoken_on = networks([brand.pk], since=database_now() - timedelta(days=30))
    form = RuleForm(
        request.POST or None, brand=brand, kind=kind, row=row, named=named, networks=spoken_on
    )
    if request.method == "POST":
        require(request.user, Permission.MANAGE_BRAND, brand)
        if form.is_valid():
            try:
                saved = _save(request, brand, kind, row, form.cleaned_data)
            except Refused as refusal:
                form.add_error(None, str(refusal))
            else:
                messages.success(request, _("Saved. It takes effect at once."))
                return redirect("monitoring:rule_own", saved.pk)
    return render(request, "monitoring/rule.html", _page(request, brand, kind, row, form, managing))


def _save(
    request: SignedIn,
    brand: Brand,
    kind: DetectionKind,
    row: DetectionRule | None,
    given: dict[str, Any],
) -> DetectionRule:
    wanted = services.Wanted(kind=kind.value, **given)
    return services.save_rule(brand, wanted, row=row, by=request.user, now=database_now())


def _page(
    request: SignedIn,
    brand: Brand,
    kind: DetectionKind,
    row: DetectionRule | None,
    form: RuleForm,
    managing: bool,
) -> dict[str, Any]:
    precision = precisions([brand.pk]).get(
        (brand.pk, kind.value, row.pk if row else None), Precision(0, 0)
    )
    tried = Rehearsal.objects.filter(brand=brand, tried__kind=kind.value)
    return {
        "brand": brand,
        "kind": kind,
        "icon": ICONS[kind],
        "row": row,
        "form": form,
        "managing": managing,
        "precision": precision,
        "about": EXPLAINED[kind],
        "measured": _measured(brand, kind),
        "can_rehearse": kind in REHEARSED and managing,
        "rehearse_form": RehearseForm(brand=brand),
        "rehearsals": tried[:RECENT_REHEARSALS],
        "tab": "rules",
    }


def _measured(brand: Brand, kind: DetectionKind) -> list[tuple[str, str]]:
    """Each sensitivity with the alarms a week that it would have raised."""
    key = f"monitoring.measured.{brand.pk}.{kind.value}"
    found: dict[str, float] | None = cache.get(key)
    if found is None:
        measured = rehearsals.measure(brand.pk, kind, now=database_now())
        found = {each.value: weekly for each, weekly in measured.items()}
        cache.set(key, found, timeout=_MEASURED)
    return [(str(Sensitivity(each).label), a_week(weekly)) for each, weekly in found.items()]


def a_week(weekly: float) -> str:
    """How often that is, in words that need no calculation."""
    if weekly == 0:
        return _("none in the last 90 days")
    if weekly >= 0.95:
        return ngettext("%(count)s alarm a week", "%(count)s alarms a week", round(weekly)) % {
            "count": number_format(weekly, 1)
        }
    weeks = round(1 / weekly)
    return ngettext("one alarm in %(count)d week", "one alarm in %(count)d weeks", weeks) % {
        "count": weeks
    }


@login_required
@require_POST
def rule_delete(request: SignedIn, pk: int) -> HttpResponse:
    """Delete a rule; of a changed standard rule this brings the standard back."""
    row = _find(request, pk)
    require(request.user, Permission.MANAGE_BRAND, row.brand_id)
    services.delete_rule(row, by=request.user)
    return redirect(f"{reverse('monitoring:rules')}?brand={row.brand.slug}")


@login_required
@require_POST
def rehearse(request: SignedIn, slug: str, kind: str) -> HttpResponse:
    """Try a rule over the past: the saved one of a form's `rule`, else as the form stands."""
    brand = get_brand(request.user, slug)
    require(request.user, Permission.MANAGE_BRAND, brand)
    if kind not in DetectionKind:
        raise Http404
    with timezone.override(ZoneInfo(brand.time_zone)):
        form = RehearseForm(request.POST, brand=brand)
        valid = form.is_valid()
    if not valid:
        messages.error(request, _("The time cannot be read."))
        return redirect("monitoring:rule", slug, kind)
    try:
        made = rehearsals.rehearse(
            brand,
            _tried(request, brand, DetectionKind(kind)),
            upload=form.cleaned_data["upload"],
            onset=form.cleaned_data["onset"] if form.cleaned_data["upload"] else None,
            by=request.user,
            now=database_now(),
        )
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("monitoring:rule", slug, kind)
    return redirect("monitoring:rehearsal", made.pk)


def _tried(request: SignedIn, brand: Brand, kind: DetectionKind) -> rehearsals.Tried:
    pk = request.POST.get("rule", "")
    row = DetectionRule.objects.filter(brand=brand, pk=pk).first() if pk.isdecimal() else None
    tried = rehearsals.Tried.of_rule(row) if row else rehearsals.Tried(kind)
    asked = request.POST.get("sensitivity", "")
    if asked in Sensitivity:
        state = tried.state() | {"sensitivity": asked}
        return rehearsals.Tried.from_state(state)
    return tried


@login_required
@require_GET
def rehearsal(request: SignedIn, pk: int) -> HttpResponse:
    """What a rule would have called."""
    found = Rehearsal.objects.visible_to(request.user).select_related("brand", "rule", "upload")
    made: Rehearsal | None = found.filter(pk=pk).first()
    if made is None:
        raise Http404
    kind = DetectionKind(made.tried["kind"])
    context = {
        "now": database_now(),
        "rehearsal": made,
        "kind": kind,
        "icon": ICONS[kind],
        "sensitivity": Sensitivity(made.tried["sensitivity"]).label,
        "running": made.state in (RehearsalState.QUEUED, RehearsalState.RUNNING),
        "tab": "rules",
        **_told(made),
    }
    return render(request, "monitoring/rehearsal.html", context)


def _told(made: Rehearsal) -> dict[str, Any]:
    """The result in words and moments."""
    result = made.result
    if not result:
        return {}
    return {
        "weekly": a_week(result["weekly"]),
        "finding": finding(result),
        "calls": [_called(call) for call in reversed(result["calls"])],
        "known": [_known(case) for case in result["known"]],
    }


def _time(weeks: float) -> str:
    """How long it looked at, as people say it: a week and less in days."""
    if weeks >= 2:
        return _("%(number)s weeks") % {"number": number_format(weeks, 1)}
    days = round(weeks * 7)
    if not days:
        return _("less than a day")
    return ngettext("%(count)d day", "%(count)d days", days) % {"count": days}


def finding(result: dict[str, Any]) -> str:
    """The result of a rehearsal in one sentence."""
    time = _time(result["weeks"])
    if not result["number"]:
        return _("In %(time)s it would have called nothing.") % {"time": time}
    said = ngettext(
        "In %(time)s it would have called %(count)d time.",
        "In %(time)s it would have called %(count)d times.",
        result["number"],
    ) % {"time": time, "count": result["number"]}
    if not result["known"]:
        return said
    matched = _("It finds %(found)d of %(known)d known cases; %(others)d calls belong to none.") % {
        "found": result["found"],
        "known": len(result["known"]),
        "others": result["others"],
    }
    return _("%(first)s %(second)s") % {"first": said, "second": matched}


def _called(call: dict[str, Any]) -> dict[str, Any]:
    return {**call, "at": datetime.fromisoformat(call["at"])}


def _known(case: dict[str, Any]) -> dict[str, Any]:
    began_at = datetime.fromisoformat(case["began_at"])
    noticed = case["noticed_at"] and datetime.fromisoformat(case["noticed_at"])
    called = case["call"] and datetime.fromisoformat(case["call"]["at"])
    return {
        **case,
        "began_at": began_at,
        "called_at": called,
        "delay": _delay(case["delay"]),
        "against": _delay((called - noticed).total_seconds()) if called and noticed else "",
    }


def _delay(seconds: float | None) -> str:
    """How long after (or before) something: "8 min later"."""
    if seconds is None:
        return ""
    lasted = formats.duration(abs(seconds))
    if seconds < 0:
        return _("%(span)s earlier") % {"span": lasted}
    return _("%(span)s later") % {"span": lasted}
