"""The statement page in the desk: prepared, written for, previewed; and a brand's own settings."""

import json
from dataclasses import asdict
from typing import Any

from csp.decorators import csp_replace, csp_update
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_GET, require_http_methods

from accounts.enums import Permission
from accounts.http import SignedIn, act
from accounts.models import Brand
from accounts.rules import allowed, require
from accounts.selectors import administered
from core.clock import database_now
from core.errors import Forbidden, Refused
from incidents.models import Incident
from responses import picturing
from responses.forms_statement import EntryDraftForm, PrepareForm, SiteForm, TermsForm
from responses.models import Draft
from responses.models_media import DraftImage
from responses.models_statement import Statement, StatementDraft, StatementEntry, StatementSite
from responses.selectors_statement import chain, site_of, statement_of, terms_of
from responses.services import statement as services
from responses.statements import addresses, pages
from responses.statements.reading import Telling, telling

from .common import draft_page, find_draft, find_incident

SELF = "'self'"


@login_required
@require_GET
def panel(request: SignedIn, reference: str) -> HttpResponse:
    """Where the statement stands: its state, last word, next promise, address."""
    incident = find_incident(request, reference)
    found = statement_of(request.user, reference)
    return render(request, "responses/statement_panel.html", _state(request, incident, found))


def _state(request: SignedIn, incident: Incident, found: Statement | None) -> dict[str, Any]:
    told: Telling | None = None
    if found:
        told = telling(chain(found), found.site.languages[0])
    now = database_now()
    due = told.next_update_at if told else None
    return {
        "incident": incident,
        "statement": found,
        "site": found.site if found else site_of(incident.brand_id),
        "telling": told,
        "address": addresses.statement(found) if found else "",
        "is_late": bool(due and due < now),
        "may_draft": allowed(request.user, Permission.DRAFT, incident.brand_id),
        "now": now,
    }


@login_required
@require_http_methods(["GET", "POST"])
@csp_update({"frame-src": [SELF]})  # type: ignore[arg-type] # it knows only plain requests
def statement(request: SignedIn, reference: str) -> HttpResponse:
    """The incident's statement: prepare it, write for it, see it as the public will."""
    incident = find_incident(request, reference)
    found = statement_of(request.user, reference)
    prepare = PrepareForm(_typed(request, "prepare"), initial={"slug": _slug(incident, found)})
    entry = None
    if found:
        initial = {"form": "UPDATE", "language": found.site.languages[0], "title": incident.title}
        entry = EntryDraftForm(_typed(request, "write"), initial=initial, statement=found)
    if request.method == "POST":
        done = _act(request, incident, found, prepare, entry)
        if done is not None:
            return done
    context = {
        **_state(request, incident, found),
        "prepare": prepare,
        "entry": entry,
        "entries": chain(found)[::-1] if found else [],
        "drafts": _drafts(found),
        "previews": [("light", "wide"), ("dark", "wide"), ("light", "phone")],
    }
    status = 422 if prepare.errors or (entry and entry.errors) else 200
    return render(request, "responses/statement.html", context, status=status)


def _typed(request: SignedIn, action: str) -> Any:
    return request.POST if action in request.POST else None


def _slug(incident: Incident, found: Statement | None) -> str:
    return found.slug if found else f"{incident.detected_at:%Y-%m-%d}"


def _drafts(found: Statement | None) -> Any:
    if found is None:
        return []
    rows = found.drafts.select_related("draft__incident", "about")
    return rows.exclude(draft__state__in=["PUBLISHED", "DROPPED"]).order_by("-draft__number")


def _act(
    request: SignedIn,
    incident: Incident,
    found: Statement | None,
    prepare: PrepareForm,
    entry: EntryDraftForm | None,
) -> HttpResponse | None:
    """Do what was asked, and lead on; None where the page shows what is wrong."""
    form = entry if entry is not None and entry.is_bound else prepare
    if not form.is_valid():
        return None
    now = database_now()
    try:
        if found is not None and form is entry:
            draft = services.write(
                found.pk,
                title=entry.cleaned_data["title"],
                text=entry.cleaned_data["text"],
                terms=entry.terms(),
                by=request.user,
                now=now,
            )
            return redirect(*draft_page(draft))
        services.prepare(incident.pk, slug=form.cleaned_data["slug"], by=request.user, now=now)
    except Forbidden:
        raise
    except Refused as refused:
        form.add_error(None, str(refused))
        return None
    return redirect("responses:statement", incident.reference)


@login_required
@require_http_methods(["GET", "POST"])
def appearance(request: SignedIn, reference: str, number: int) -> HttpResponse:
    """Beside the composer: how the draft is to appear on the page, the way to its preview, and
    the form that changes it (POST) while nobody judges it."""
    draft = find_draft(request, reference, number)
    terms, found = terms_of(draft), statement_of(request.user, reference)
    may = allowed(request.user, Permission.DRAFT, draft.incident.brand_id)
    form = None
    if found and may and draft.state in services.OPEN and (terms or _goes_there(draft, found)):
        first = _terms(terms, found)
        form = TermsForm(request.POST or None, initial=first, statement=found, auto_id="appears-%s")
    if request.method == "POST":
        return _appears(request, draft, form)
    context = {"draft": draft, "terms": terms, "form": form}
    return render(request, "responses/appearance.html", context)


def _goes_there(draft: Draft, found: Statement) -> bool:
    return draft.accounts.filter(pk=found.site.account_id).exists()


def _terms(terms: StatementDraft | None, found: Statement) -> dict[str, Any]:
    """What the form shows first; without terms an update in the main language."""
    if terms is None:
        return {"form": "UPDATE", "language": found.site.languages[0]}
    names = ("form", "language", "reason", "next_update_at")
    about = terms.about.number if terms.about else None
    return {"about": about, **{name: getattr(terms, name) for name in names}}


def _appears(request: SignedIn, draft: Draft, form: TermsForm | None) -> HttpResponse:
    require(request.user, Permission.DRAFT, draft.incident.brand_id)
    if form is None:
        messages.error(request, _("How it appears cannot be changed now."))
    elif not form.is_valid():
        messages.error(request, " ".join(str(each[0]) for each in form.errors.values()))
    else:
        terms = form.terms()
        return act(
            request,
            lambda now: services.change_terms(draft.pk, terms=terms, by=request.user, now=now),
            then=draft_page(draft),
            done=_("Saved."),
        )
    return redirect(*draft_page(draft))


@login_required
@require_GET
@xframe_options_sameorigin
@csp_replace({"frame-ancestors": [SELF]})  # type: ignore[arg-type] # as above
def preview(request: SignedIn, reference: str) -> HttpResponse:
    """The public page as it would stand with `?draft=3`, in `?language=` and `?look=`."""
    find_incident(request, reference)
    found = statement_of(request.user, reference)
    if found is None:
        raise Http404(_("There is no such page."))
    entries = chain(found)
    waiting = found.drafts.select_related("draft", "about").filter(
        draft__number=_number(request.GET.get("draft"))
    )
    entries += [_as_if(found, terms, entries) for terms in waiting]
    language = request.GET.get("language", "")
    if language not in found.site.languages:
        language = found.site.languages[0]
    look = request.GET.get("look", "")
    with pages.told_in(found.site, language):
        page = pages.Shown(found, entries).page(language)
        html = page.html(
            look=look if look in ("light", "dark") else "",
            style=reverse("responses:statement_style", args=[found.site.slug]),
            is_preview=True,
            subscribe="",
            pictures=reverse("responses:statement_image", args=[reference, "-"]).removesuffix("-"),
        )
    return HttpResponse(html)


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 9 else 0


def _as_if(found: Statement, terms: Any, entries: list[StatementEntry]) -> StatementEntry:
    """The draft as the entry that it would become; unsaved."""
    key = found.site.keys.filter(retired_at=None).first()
    draft = terms.draft
    version = draft.versions.get(number=draft.version)
    shown = [asdict(each) for each in version.images]
    return StatementEntry(
        statement=found,
        number=len(entries) + 1,
        form=terms.form,
        language=terms.language,
        about=terms.about,
        text=version.text,
        # Only of what it shows: nothing signs a preview.
        document=json.dumps({"images": shown}),
        reason=terms.reason,
        next_update_at=terms.next_update_at,
        published_at=database_now(),
        key=key,
    )


@login_required
@require_GET
def image(request: SignedIn, reference: str, name: str) -> HttpResponse:
    """An image of the statement, or of a draft of its incident, for the preview."""
    found = statement_of(request.user, reference)
    digest = name.partition(".")[0]
    if found is None:
        raise Http404(_("There is no such page."))
    kept = found.images.filter(sha256=digest).first()
    drawn = DraftImage.objects.filter(draft__incident=found.incident_id, sha256=digest)
    return picturing.answer(kept or drawn.first())


@login_required
@require_GET
def style(request: SignedIn, site: str) -> HttpResponse:
    """The sheet of a brand's pages, for their previews."""
    found = StatementSite.objects.filter(slug=site, brand__in=request.user.roles).first()
    if found is None:
        raise Http404(_("There is no such page."))
    return HttpResponse(pages.style(found)[1], content_type="text/css; charset=utf-8")


# Settings


@login_required
@require_http_methods(["GET", "POST"])
def sites(request: SignedIn) -> HttpResponse:
    """The statement pages of every brand that the reader administers."""
    managed = administered(request.user)
    if not managed:
        raise Forbidden(_("Only administrators of a brand manage its statement page."))
    brands = Brand.objects.filter(pk__in=managed).select_related("statement_site")
    rows = [_row(request, brand) for brand in brands]
    if request.method == "POST":
        for brand, site, form in rows:
            if brand.slug == request.POST.get("brand") and _saved(request, brand, site, form):
                return redirect("responses:statement_sites")
    status = 422 if any(form.errors for _brand, _site, form in rows) else 200
    return render(request, "responses/statement_sites.html", {"rows": rows}, status=status)


def _row(request: SignedIn, brand: Brand) -> tuple[Brand, StatementSite | None, SiteForm]:
    site: StatementSite | None = getattr(brand, "statement_site", None)
    languages = site.languages if site else [request.user.language]
    initial = {
        "main": languages[0],
        "languages": languages,
        "contact": site.contact if site else "",
        "press_contact": site.press_contact if site else "",
        "colour": site.colour if site else "#334155",
        "has_mail": site.has_mail if site else True,
    }
    mine = request.method == "POST" and request.POST.get("brand") == brand.slug
    typed = request.POST if mine and "rotate" not in request.POST else None
    return brand, site, SiteForm(typed, initial=initial, prefix=None, auto_id=f"{brand.slug}-%s")


def _saved(request: SignedIn, brand: Brand, site: StatementSite | None, form: SiteForm) -> bool:
    now = database_now()
    try:
        if "rotate" in request.POST and site:
            services.rotate_key(site.pk, by=request.user, now=now)
            messages.success(request, _("A new key signs from now on."))
        elif not form.is_valid():
            return False
        elif site:
            services.change_site(site.pk, form.wanted(), by=request.user, now=now)
        else:
            services.open_site(brand, form.wanted(), by=request.user, now=now)
    except Forbidden:
        raise
    except Refused as refused:
        messages.error(request, str(refused))
        return False
    return True
