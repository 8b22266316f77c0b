"""Prepared texts: the library among the settings, and beginning a draft from one."""

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.enums import Permission
from accounts.http import SignedIn, act, refusal
from accounts.models import Brand, User
from accounts.rules import allowed, require
from core.clock import database_now
from core.errors import Forbidden, Refused
from responses import selectors, variables
from responses.forms_plan import TemplateForm
from responses.models_templates import StatementTemplate, TemplateVersion
from responses.plan import holding, reading
from responses.services.plan import templates as services
from responses.services.plan import using

from .common import draft_page
from .plan import find_brand
from .telling import find_incident

LISTING = "responses:statement_templates"


@dataclass(frozen=True)
class Row:
    """A template as a list shows it to one reader."""

    template: StatementTemplate
    version: TemplateVersion
    over: bool
    ready: bool
    may_approve: bool


def _rows(brand: Brand, user: User, now: datetime) -> list[Row]:
    able = allowed(user, Permission.APPROVE, brand)
    return [_row(template, user, now, able=able) for template in holding.in_use(brand.pk)]


def _row(template: StatementTemplate, user: User, now: datetime, *, able: bool) -> Row:
    versions: list[TemplateVersion] = template.history  # type: ignore[attr-defined]
    version, wrote = versions[0], any(each.editor_id == user.pk for each in versions)
    over = holding.is_over(version, now=now)
    waits = template.is_holding and version.approved_at is None and not over
    ready = holding.is_ready(version, now=now)
    return Row(template, version, over, ready, waits and able and not wrote)


@login_required
@require_GET
def listing(request: SignedIn, slug: str) -> HttpResponse:
    brand = find_brand(request, slug)
    context = {
        "brand": brand,
        "rows": _rows(brand, request.user, database_now()),
        "managing": allowed(request.user, Permission.WRITE_PLANS, brand),
    }
    return render(request, "responses/plan/templates.html", context)


def _find(request: SignedIn, pk: int) -> StatementTemplate:
    visible = StatementTemplate.objects.visible_to(request.user).filter(retired_at=None)
    found: StatementTemplate = get_object_or_404(visible.select_related("brand"), pk=pk)
    return found


@login_required
@require_http_methods(["GET", "POST"])
def edit(request: SignedIn, slug: str = "", pk: int = 0) -> HttpResponse:
    """Write a template, or a new version of one."""
    template = _find(request, pk) if pk else None
    brand = template.brand if template else find_brand(request, slug)
    require(request.user, Permission.WRITE_PLANS, brand)
    version = holding.latest(template) if template else None
    initial = _initial(template, version, brand) if template and version else {
        "language": request.user.language, "audience": "PUBLIC",
    }  # fmt: skip
    form, problem = TemplateForm(request.POST or None, initial=initial), ""
    if request.method == "POST" and form.is_valid():
        problem = _save(request, brand, template, form)
        if not problem:
            messages.success(request, _("Saved."))
            return redirect(LISTING, brand.slug)
    context = {
        "brand": brand,
        "template": template,
        "version": version,
        "form": form,
        "problem": problem,
    }
    status = 422 if problem or form.errors else 200
    return render(request, "responses/plan/template.html", context, status=status)


def _initial(template: StatementTemplate, version: TemplateVersion, brand: Brand) -> dict[str, Any]:
    ends, zone = version.expires_at, ZoneInfo(brand.time_zone)
    return {
        "name": template.name,
        "kind": template.kind,
        "audience": template.audience,
        "language": template.language,
        "text": version.text,
        "is_holding": template.is_holding,
        "ends_on": ends.astimezone(zone).date() if ends else None,
        "void_if": "\n".join(version.void_if),
        "base": version.number,
    }


def _save(
    request: SignedIn, brand: Brand, template: StatementTemplate | None, form: TemplateForm
) -> str:
    said = dict(form.cleaned_data)
    base, ends = said.pop("base") or 0, said.pop("ends_on")
    said["void_if"] = said["void_if"].splitlines()
    wanted = services.Prepared(**said, expires_at=_end_of(ends, brand))
    by = request.user
    return refusal(
        lambda now: services.save_template(
            brand, wanted, by=by, now=now, template=template, base=base
        )
    )


def _end_of(day: date | None, brand: Brand) -> datetime | None:
    """The last minute of a day where the brand is."""
    return datetime.combine(day, time(23, 59), ZoneInfo(brand.time_zone)) if day else None


@login_required
@require_POST
def approve(request: SignedIn, pk: int) -> HttpResponse:
    """Approve a holding statement beforehand, as it was shown."""
    found, sha256 = _find(request, pk), request.POST.get("sha256", "")
    return act(
        request,
        lambda now: services.approve_template(found, sha256=sha256, by=request.user, now=now),
        then=(LISTING, found.brand.slug),
        done=_("Approved beforehand."),
    )


@login_required
@require_POST
def retire(request: SignedIn, pk: int) -> HttpResponse:
    found = _find(request, pk)
    return act(
        request,
        lambda now: services.retire_template(found, by=request.user, now=now),
        then=(LISTING, found.brand.slug),
        done=_("Put away. It is no longer offered."),
    )


# In an incident


@login_required
@require_GET
def offered(request: SignedIn, reference: str) -> HttpResponse:
    """What is prepared for an incident: holding statements first, those of its kind before."""
    incident = find_incident(request, reference)
    rows, kind = _rows(incident.brand, request.user, database_now()), reading.kind_of(incident)
    fitting = [row for row in rows if row.template.kind in ("", kind)]
    fitting.sort(key=lambda row: (not row.template.is_holding, row.template.kind == ""))
    context = {
        "incident": incident,
        "rows": fitting,
        "others": [row for row in rows if row.template.kind not in ("", kind)],
        "may": allowed(request.user, Permission.DRAFT, incident.brand_id),
    }
    return render(request, "responses/plan/offered.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def use(request: SignedIn, reference: str, template: int) -> HttpResponse:
    """Fill the variables and answer the conditions; then it is a draft."""
    incident, found = find_incident(request, reference), _find(request, template)
    if found.brand_id != incident.brand_id:
        raise Http404(_("There is no such template."))
    require(request.user, Permission.DRAFT, incident.brand_id)
    version, now, problem = holding.latest(found), database_now(), ""
    accounts = selectors.usable_accounts(incident.brand_id)
    if request.method == "POST":
        filled = _filled(request, version)
        try:
            draft = using.use_template(incident, found, filled, by=request.user, now=now)
            return redirect(*draft_page(draft))
        except Forbidden:
            raise
        except Refused as refused:
            problem = str(refused)
    known = variables.known(version.text, incident, now=now)
    typed = {name: request.POST.get(f"value.{name}", "") for name in variables.names(version.text)}
    context = {
        "incident": incident,
        "template": found,
        "version": version,
        "text": variables.put(version.text, known),
        "missing": [(name, typed[name]) for name in typed if name not in known],
        "questions": [
            (place, question, request.POST.get(f"holds.{place}", ""))
            for place, question in enumerate(version.void_if)
        ],
        "accounts": accounts,
        "chosen": {int(pk) for pk in request.POST.getlist("accounts") if pk.isdecimal()},
        "first": request.method == "GET",
        "ready": holding.is_ready(version, now=now),
        "over": holding.is_over(version, now=now),
        "problem": problem,
    }
    status = 422 if problem else 200
    return render(request, "responses/plan/use.html", context, status=status)


ANSWERS = {"yes": True, "no": False}


def _filled(request: SignedIn, version: TemplateVersion) -> using.Filled:
    said = request.POST
    return using.Filled(
        said.get("sha256", ""),
        {name: said.get(f"value.{name}", "") for name in variables.names(version.text)},
        [ANSWERS.get(said.get(f"holds.{n}", "")) for n in range(len(version.void_if))],
        [int(pk) for pk in said.getlist("accounts") if pk.isdecimal() and len(pk) < 19],
        ordinary="ordinary" in said,
    )
