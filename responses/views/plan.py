"""The communication plan among the settings: its tabs, message maps, review and history."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.enums import Permission
from accounts.http import SignedIn, act, refusal
from accounts.models import Brand, User
from accounts.rules import allowed, require
from core import formats
from core.clock import database_now
from core.errors import Conflict, Forbidden, Refused
from incidents.enums import PlanKind
from responses.enums_plan import Audience, PlanSection
from responses.forms_plan import FORMS, MapForm, ReviewForm
from responses.models_guidelines import AvoidedWord
from responses.models_plan import CommunicationPlanVersion
from responses.plan import holding, reading, shape, speaking
from responses.plan.advice import advice, measure
from responses.plan.differences import differences, people
from responses.services.plan import keeping

from .common import find_draft
from .telling import find_incident

PAGE = "responses:communication_plan_of"
VERSIONS = 20


@dataclass(frozen=True)
class Sent:
    """What was sent and not saved, and why. `theirs`: somebody else has saved the section."""

    form: Any = None
    base: str = ""
    problem: str = ""
    theirs: bool = False
    status: int = 200


@login_required
@require_http_methods(["GET", "POST"])
def plan(request: SignedIn, slug: str = "") -> HttpResponse:
    """One tab of a brand's plan: the first brand of the reader's, if none is named."""
    brands = reading.brands_of(request.user)
    brand = next((each for each in brands if slug in {"", each.slug}), None)
    if slug and brand is None:
        raise Http404(_("There is no such brand."))
    tab = request.GET.get("tab", PlanSection.MAPS)
    if tab not in PlanSection.values:
        raise Http404(_("There is no such page."))
    if brand is None:
        return render(request, "responses/plan/plan.html", {"brands": brands, "brand": None})
    if request.method == "POST":
        return _save(request, brand, tab)
    return _shown(request, brand, tab, Sent())


def find_brand(request: SignedIn, slug: str) -> Brand:
    """The brand, or 404 alike for a missing one and one that is not the reader's."""
    found: Brand = get_object_or_404(Brand.objects.visible_to(request.user), slug=slug)
    return found


def _save(request: SignedIn, brand: Brand, tab: str) -> HttpResponse:
    require(request.user, Permission.WRITE_PLANS, brand)
    if tab not in FORMS:
        raise Http404(_("There is no such page."))
    form, base = FORMS[tab](request.POST, brand=brand), request.POST.get("base", "")
    if not form.is_valid():
        return _shown(request, brand, tab, Sent(form, base, status=422))
    writing = keeping.Writing(tab, form.value(), base, request.POST.get("note", ""))
    try:
        keeping.save_section(brand, writing, by=request.user, now=database_now())
    except Forbidden:
        raise
    except Conflict as conflict:
        return _shown(request, brand, tab, Sent(form, "", str(conflict), theirs=True, status=409))
    except Refused as refused:
        return _shown(request, brand, tab, Sent(form, base, str(refused), status=422))
    messages.success(request, _("Saved. It holds from now on."))
    response = redirect(PAGE, brand.slug)
    response["Location"] += f"?tab={tab}"
    return response


def _shown(request: SignedIn, brand: Brand, tab: str, sent: Sent) -> HttpResponse:
    """Show the tab: what was sent, else what is kept; a form for who may write it."""
    version, found = reading.latest(brand.pk), reading.plan_of(brand.pk)
    content, now = version.content if version else shape.empty(), database_now()
    managing, form = allowed(request.user, Permission.WRITE_PLANS, brand), sent.form
    if form is None and managing and tab in FORMS:
        form = FORMS[tab](initial=FORMS[tab].initial_of(content), brand=brand)
    review = {"owner": found.owner_id, "review_on": found.review_on} if found else {}
    ending = holding.ending(brand, now=now)
    context = {
        "brand": brand,
        "brands": reading.brands_of(request.user),
        "plan": found,
        "version": version,
        "tab": tab,
        "tabs": PlanSection.choices,
        "form": form,
        "base": sent.base or reading.digest(content, tab),
        "sent": sent,
        "managing": managing,
        "review": ReviewForm(initial=review, brand=brand) if managing else None,
        "due": bool(found and found.remind_at and found.remind_at <= now),
        "due_day": formats.full_date(found.review_on) if found and found.review_on else "",
        "now": now,
        "ending": [(each, version, holding.is_over(version, now=now)) for each, version in ending],
        **_read(brand, content, tab, now),
    }
    return render(request, "responses/plan/plan.html", context, status=sent.status)


def _read(brand: Brand, content: shape.Content, tab: str, now: Any) -> dict[str, Any]:
    """What the text of a tab needs beside the content: codes and people in words."""
    found: dict[str, Any] = {"lines": speaking.lines(content, brand.pk, at=now)}
    if tab == PlanSection.MAPS:
        found["maps"] = [_map(row) for row in content["maps"]]
    elif tab == PlanSection.SPEAKERS:
        found["kinds"] = dict(PlanKind.choices)
    elif tab == PlanSection.CHANNELS:
        named = reading.names(people(content))
        found["channels"] = [
            (row, named.get(row["owner"], ""), named.get(row["deputy"], ""))
            for row in content["channels"]
        ]
    elif tab == PlanSection.VOICE:
        found["voice"] = [
            (code, content["voice"].get(code), AvoidedWord.objects.filter(brand=brand).count())
            for code, _name in settings.LANGUAGES
        ]
    else:
        found["order"] = [(row, Audience(row["audience"]).label) for row in content["order"]]
    return found


def _map(row: shape.Content) -> dict[str, Any]:
    return {
        "row": row,
        "kind": PlanKind(row["kind"]).label if row["kind"] else _("Every kind"),
        "audience": Audience(row["audience"]).label,
        "measured": measure(row),
        "advice": advice(row),
    }


@login_required
@require_http_methods(["GET", "POST"])
def message_map(request: SignedIn, slug: str, key: str) -> HttpResponse:
    """Write one message map; the key "new" begins one."""
    brand = find_brand(request, slug)
    require(request.user, Permission.WRITE_PLANS, brand)
    content = reading.content_of(brand.pk)
    row = next((each for each in content["maps"] if each["key"] == key), None)
    if row is None and key != "new":
        raise Http404(_("There is no such message map."))
    start = MapForm.initial_of(row) if row else {"language": request.user.language}
    form, problem = MapForm(request.POST or None, initial=start), ""
    if request.method == "POST" and form.is_valid():
        value = form.value("" if row is None else key)
        problem = _save_map(request, brand, value)
        if not problem:
            messages.success(request, _("Saved. It holds from now on."))
            return redirect(PAGE, brand.slug)
    context = {
        "brand": brand,
        "key": key,
        "form": form,
        "base": request.POST.get("base") or reading.digest(content, PlanSection.MAPS),
        "problem": problem,
        "map": _map(row) if row else None,
    }
    status = 422 if problem or form.errors else 200
    return render(request, "responses/plan/map.html", context, status=status)


def _save_map(request: SignedIn, brand: Brand, value: dict[str, Any]) -> str:
    base, by = request.POST.get("base", ""), request.user
    return refusal(lambda now: keeping.save_map(brand, value, base=base, by=by, now=now))


@login_required
@require_POST
def map_remove(request: SignedIn, slug: str, key: str) -> HttpResponse:
    brand, base = find_brand(request, slug), request.POST.get("base", "")
    return act(
        request,
        lambda now: keeping.remove_map(brand, key, base=base, by=request.user, now=now),
        then=(PAGE, brand.slug),
        done=_("The message map is taken out. It stays in the versions before."),
    )


@login_required
@require_POST
def review(request: SignedIn, slug: str) -> HttpResponse:
    """Say who answers for the plan and until when; with `read`, that it has been read."""
    brand = find_brand(request, slug)
    require(request.user, Permission.WRITE_PLANS, brand)
    form = ReviewForm(request.POST, brand=brand)
    if not form.is_valid():
        messages.error(request, _("Choose a day, and an owner of the list."))
        return redirect(PAGE, brand.slug)
    owner = User.objects.filter(pk=form.cleaned_data["owner"]).first()
    day = form.cleaned_data["review_on"]
    if "read" in request.POST:
        return act(
            request,
            lambda now: keeping.mark_reviewed(brand, next_on=day, by=request.user, now=now),
            then=(PAGE, brand.slug),
            done=_("Noted: you have read the plan and found it right."),
        )
    return act(
        request,
        lambda now: keeping.set_review(brand, owner=owner, review_on=day, by=request.user, now=now),
        then=(PAGE, brand.slug),
        done=_("Saved."),
    )


@login_required
@require_GET
def history(request: SignedIn, slug: str) -> HttpResponse:
    """The versions, each with what it changed; `?a=1&b=3` compares any two."""
    brand = find_brand(request, slug)
    rows = CommunicationPlanVersion.objects.filter(plan__brand=brand).select_related("edited_by")
    numbers = list(rows.values_list("number", flat=True))
    page = Paginator(rows, VERSIONS).get_page(request.GET.get("page"))
    shown = list(page)
    last = shown[-1].number if shown else 0
    older = [*shown[1:], rows.filter(number__lt=last).first()]
    wanted = [request.GET.get(name, "") for name in ("a", "b")]
    picked = rows.filter(number__in=[int(n) for n in wanted if n.isdecimal() and len(n) < 9])
    numbered = {str(each.number): each for each in picked}
    before, after = (numbered.get(each) for each in wanted)
    known = [each for each in (*shown, *older, before, after) if each]
    named = reading.names({pk for each in known for pk in people(each.content)})
    context = {
        "brand": brand,
        "newer": f"?page={page.previous_page_number()}" if page.has_previous() else "",
        "older": f"?page={page.next_page_number()}" if page.has_next() else "",
        "numbers": numbers,
        "rows": [
            (each, differences(past.content, each.content, named) if past else None)
            for each, past in zip(shown, older, strict=True)
        ],
        "before": before,
        "after": after,
        "compared": differences(before.content, after.content, named) if before and after else None,
        "managing": allowed(request.user, Permission.WRITE_PLANS, brand),
        "latest": numbers[0] if numbers else 0,
    }
    return render(request, "responses/plan/history.html", context)


@login_required
@require_POST
def restore(request: SignedIn, slug: str, number: int) -> HttpResponse:
    brand = find_brand(request, slug)
    return act(
        request,
        lambda now: keeping.restore(brand, number, by=request.user, now=now),
        then=(PAGE, brand.slug),
        done=_("The plan is as it was then. It is a new version."),
    )


@login_required
@require_http_methods(["GET", "POST"])
def key_messages(request: SignedIn, reference: str, number: int = 0) -> HttpResponse:
    """The key messages of an incident's kind and who speaks today, beside what is written."""
    if number:
        incident = find_draft(request, reference, number).incident
    else:
        incident = find_incident(request, reference)
    content, kind = reading.content_of(incident.brand_id), reading.kind_of(incident)
    lines = speaking.lines(content, incident.brand_id, at=database_now())
    context = {
        "incident": incident,
        "maps": [_map(row) for row in reading.maps_for(content, kind)],
        "lines": speaking.for_kind(lines, kind),
        "writing": bool(number),
    }
    return render(request, "responses/plan/key_messages.html", context)
