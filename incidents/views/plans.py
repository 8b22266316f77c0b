"""Crisis plans: the list, the editor with its tabs, versions and what differs between them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from accounts.enums import Permission
from accounts.http import SignedIn
from accounts.models import Brand
from accounts.rules import allowed
from core.clock import database_now
from core.errors import Conflict, Refused
from incidents import matrix, plan_diff, plan_shape, ready
from incidents.crew import USUAL
from incidents.enums import IncidentRole, PlanKind, PlanState, Severity
from incidents.forms_plans import FORMS, CareForm, NewPlanForm, PlanHeadForm
from incidents.models import EscalationPolicy
from incidents.models_plan import CrewCare, CrisisPlan, PlanVersion
from incidents.selectors import plans as selectors
from incidents.selectors.plan_practice import practice
from incidents.services import care, plans

from .access import attempt, require

TABS = {
    "severity": gettext_lazy("Severity"),
    "roles": gettext_lazy("Roles"),
    "tasks": gettext_lazy("Tasks"),
    "messages": gettext_lazy("Messages and channels"),
    "escalation": gettext_lazy("Escalation and times"),
}


@dataclass(frozen=True)
class Row:
    """A plan in the list: `live` is what incidents run on, `draft` what is being written."""

    plan: CrisisPlan
    live: PlanVersion | None
    draft: PlanVersion | None
    stale: bool


def _row(plan: CrisisPlan, now: datetime) -> Row:
    versions: list[PlanVersion] = plan.history  # type: ignore[attr-defined]
    live = next((each for each in versions if each.state == PlanState.PUBLISHED), None)
    draft = next((each for each in versions if each.state == PlanState.DRAFT), None)
    return Row(plan, live, draft, selectors.is_stale(plan, now=now))


@dataclass(frozen=True)
class BrandPlans:
    brand: Brand
    may_write: bool
    rows: list[Row]
    # Kinds without a plan yet; an own one can always be added.
    free: list[PlanKind]
    care: CareForm | None = None
    limit: dict[str, Any] = field(default_factory=dict)


@login_required
@require_GET
def listing(request: SignedIn) -> HttpResponse:
    """The plans of each brand by kind, and the ready ones that it has not taken yet."""
    now = database_now()
    found = [_row(plan, now) for plan in selectors.visible(request.user)]
    brands = list(Brand.objects.visible_to(request.user))
    limits = {row.brand_id: row for row in CrewCare.objects.filter(brand__in=brands)}
    shown = [
        _brand(request, brand, [row for row in found if row.plan.brand_id == brand.pk], limits)
        for brand in brands
    ]
    return render(request, "incidents/plans.html", {"brands": shown, "now": now})


def _brand(
    request: SignedIn, brand: Brand, rows: list[Row], limits: dict[int, CrewCare]
) -> BrandPlans:
    may_write = allowed(request.user, Permission.WRITE_PLANS, brand)
    taken = {row.plan.kind for row in rows} - {PlanKind.OWN.value}
    own = limits.get(brand.pk)
    limit = {
        "limit": own.limit_seconds if own else int(USUAL.limit.total_seconds()),
        "grace": own.grace_seconds if own else int(USUAL.grace.total_seconds()),
    }
    form = CareForm(initial=limit, prefix=brand.slug) if may_write else None
    free = [kind for kind in PlanKind if kind not in taken]
    return BrandPlans(brand, may_write, rows, free, form, limit)


def _brand_to(request: SignedIn, slug: str) -> Brand:
    brand = get_object_or_404(Brand.objects.visible_to(request.user), slug=slug)
    require(request.user, Permission.WRITE_PLANS, brand)
    return brand


@login_required
def new(request: SignedIn, slug: str) -> HttpResponse:
    """Choose a ready plan and its language; it becomes a draft of the brand's own."""
    brand = _brand_to(request, slug)
    kind = request.GET.get("kind", "")
    start = {
        "kind": kind if kind in PlanKind.values else PlanKind.VIRAL_BACKLASH,
        "language": request.user.language,
    }
    form = NewPlanForm(request.POST or None, initial=start)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        wanted = plans.Wanted(PlanKind(said["kind"]), said["language"], said["name"])
        try:
            made = plans.create_plan(brand, wanted, by=request.user, now=database_now())
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("The plan is a draft. Read it, make it yours, publish it."))
            return redirect("incidents:plan_edit", made.pk)
    looked = ready.plan(PlanKind(start["kind"]), str(start["language"]))
    context = {"brand": brand, "form": form, "ready": looked, "kinds": PlanKind}
    return render(request, "incidents/plan_new.html", context)


def _find(request: SignedIn, pk: int) -> CrisisPlan:
    visible = CrisisPlan.objects.visible_to(request.user)
    related = visible.select_related("brand", "owner", "reviewed_by")
    found: CrisisPlan = get_object_or_404(related, pk=pk)
    return found


def _find_to(request: SignedIn, pk: int) -> CrisisPlan:
    plan = _find(request, pk)
    require(request.user, Permission.WRITE_PLANS, plan.brand_id)
    return plan


@login_required
def edit(request: SignedIn, pk: int) -> HttpResponse:
    """One tab of the plan: a form for who may write it, else the text. POST saves the tab."""
    plan = _find(request, pk)
    tab = request.GET.get("tab", "severity")
    if tab not in TABS:
        raise Http404
    if request.method == "POST":
        require(request.user, Permission.WRITE_PLANS, plan.brand_id)
        return _save(request, plan, tab)
    return _shown(request, plan, tab, Sent())


@dataclass(frozen=True)
class Sent:
    """What was sent and not saved, and why. `theirs`: somebody else has saved the section."""

    form: Any = None
    base: str = ""
    problem: str = ""
    theirs: bool = False
    status: int = 200


def _save(request: SignedIn, plan: CrisisPlan, tab: str) -> HttpResponse:
    form, base = FORMS[tab](request.POST, brand=plan.brand), request.POST.get("base", "")
    if not form.is_valid():
        return _shown(request, plan, tab, Sent(form, base, status=422))
    try:
        plans.save_section(
            plan.pk, tab, form.values(), base=base, by=request.user, now=database_now()
        )
    except Conflict as conflict:
        return _shown(request, plan, tab, Sent(form, "", str(conflict), theirs=True, status=409))
    except Refused as refused:
        return _shown(request, plan, tab, Sent(form, base, str(refused), status=422))
    messages.success(request, _("Saved in the draft."))
    return redirect(f"{request.path}?tab={tab}")


def _shown(request: SignedIn, plan: CrisisPlan, tab: str, sent: Sent) -> HttpResponse:
    """Show the tab: what was sent, else what is stored; a form for who may write it.

    After a conflict the form carries what is stored now, so that saving again replaces it.
    """
    version, live = selectors.latest(plan), selectors.published(plan)
    content, now = version.content, database_now()
    form = sent.form
    if form is None and allowed(request.user, Permission.WRITE_PLANS, plan.brand_id):
        form = FORMS[tab](initial=FORMS[tab].initial_of(content), brand=plan.brand)
    context = {
        "plan": plan,
        "version": version,
        "live": live,
        "content": content,
        "tab": tab,
        "tabs": TABS,
        "form": form,
        "base": sent.base or plans.digest(content, tab),
        "sent": sent,
        "head": PlanHeadForm(initial={"name": plan.name, "owner": plan.owner_id}, brand=plan.brand),
        "changes": _changes(live, version),
        "stale": selectors.is_stale(plan, now=now),
        "now": now,
        "read": _read(content),
        "practice": practice(plan, content, request.user, now=now),
    }
    return render(request, "incidents/plan_edit.html", context, status=sent.status)


def _read(content: plan_shape.Content) -> dict[str, Any]:
    """What the text of a plan needs beside its content: codes in words."""
    used = content["matrix"]
    scored = matrix.score(matrix.Figures(), used)
    return {
        "axes": matrix.rows(scored, used),
        "roles": [
            (IncidentRole(row["role"]).label, plan_diff.holds_from(row["from"]), row["duty"])
            for row in content["roles"]
        ],
        "tasks": [
            (
                task,
                plan_diff.holds_from(task["from"]),
                IncidentRole(task["role"]).label if task["role"] else "",
            )
            for task in content["tasks"]
        ],
        "levels": [(Severity(int(key)).label, least) for key, least in used["levels"].items()],
        "floor": Severity(used["floor"]).label,
        "times": [(Severity(int(key)).label, times) for key, times in content["times"].items()],
        "policy": EscalationPolicy.objects.filter(pk=content["policy"]).first(),
    }


def _changes(live: PlanVersion | None, version: PlanVersion) -> list[str]:
    if live is None or version.state != PlanState.DRAFT:
        return []
    return plan_diff.differences(live.content, version.content)


def act(deed: Callable[[CrisisPlan, SignedIn], str], to: str = "") -> Callable[..., HttpResponse]:
    """Make a view that does something with a plan and tells what it did."""

    @login_required
    @require_POST
    def view(request: SignedIn, pk: int) -> HttpResponse:
        plan, said = _find_to(request, pk), []
        if not attempt(request, lambda: said.append(deed(plan, request))):
            messages.success(request, said[0])
        return redirect(to) if to else redirect("incidents:plan_edit", pk)

    return view


def _publish(plan: CrisisPlan, request: SignedIn) -> str:
    note = request.POST.get("note", "")
    done = plans.publish(plan.pk, note=note, by=request.user, now=database_now())
    return _("Version %(number)d is published. New incidents run on it.") % {"number": done.number}


def _discard(plan: CrisisPlan, request: SignedIn) -> str:
    plans.discard_draft(plan.pk, by=request.user)
    return _("The draft is gone. The published version holds.")


def _review(plan: CrisisPlan, request: SignedIn) -> str:
    plans.mark_reviewed(plan.pk, by=request.user, now=database_now())
    return _("Noted: you have read the plan and found it right.")


def _retire(plan: CrisisPlan, request: SignedIn) -> str:
    plans.retire_plan(plan.pk, by=request.user, now=database_now())
    return _("The plan is put away. Running incidents keep their copy.")


def _rename(plan: CrisisPlan, request: SignedIn) -> str:
    form = PlanHeadForm(request.POST, brand=plan.brand)
    if not form.is_valid():
        raise Refused(" ".join(str(error) for each in form.errors.values() for error in each))
    plans.rename_plan(plan.pk, **form.cleaned_data, by=request.user)
    return _("Saved.")


publish = act(_publish)
discard = act(_discard)
review = act(_review)
rename = act(_rename)
retire = act(_retire, "incidents:plans")


@login_required
@require_GET
def history(request: SignedIn, pk: int) -> HttpResponse:
    """The versions, each with what it changed; `?a=1&b=3` compares any two."""
    plan = _find(request, pk)
    versions = list(plan.versions.select_related("published_by", "edited_by"))
    numbered = {str(each.number): each for each in versions}
    before, after = (numbered.get(request.GET.get(name, "")) for name in ("a", "b"))
    older = [*versions[1:], None]
    context = {
        "plan": plan,
        "rows": [
            (each, plan_diff.differences(past.content, each.content) if past else None)
            for each, past in zip(versions, older, strict=True)
        ],
        "before": before,
        "after": after,
        "compared": plan_diff.differences(before.content, after.content)
        if before and after
        else None,
    }
    return render(request, "incidents/plan_history.html", context)


@login_required
@require_POST
def set_care(request: SignedIn, slug: str) -> HttpResponse:
    """How long somebody may hold a role in the brand's incidents."""
    brand = _brand_to(request, slug)
    form = CareForm(request.POST, prefix=brand.slug)
    if not form.is_valid():
        messages.error(request, _("Write a time such as 30 min, 2 h or 3 d."))
    elif not attempt(request, lambda: care.set_care(brand, **form.cleaned_data, by=request.user)):
        messages.success(request, _("Saved. It holds for roles that are taken from now on."))
    return redirect("incidents:plans")
