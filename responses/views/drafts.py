"""The composer, new drafts and the list of them."""

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.enums import Permission
from accounts.http import SignedIn, act, brand_groups
from accounts.rules import require
from core.clock import database_now
from core.errors import Conflict, Forbidden, Refused
from incidents.models import Incident
from responses import (
    picturing,
    previews,
    selectors,
    services,
    showing,
    splitting,
    texts,
    variables,
)
from responses.enums import DraftState
from responses.forms import DraftForm
from responses.models import Draft
from responses.panels import COMPOSER

from . import comments, images, writing
from .common import draft_page, find_draft, whole_or

# What of a mention is kept with the answer to it.
QUOTED = 500
OPEN = (DraftState.WRITING, DraftState.SUBMITTED, DraftState.CHANGES, DraftState.APPROVED)


@login_required
@require_GET
def respond(request: SignedIn) -> HttpResponse:
    """Every draft the reader may see: open ones, or all with ?show=all."""
    rows = selectors.visible_drafts(request.user).order_by("-created_at", "-pk")
    show_all = request.GET.get("show") == "all"
    if not show_all:
        rows = rows.filter(state__in=OPEN)
    page = Paginator(rows, 50).get_page(request.GET.get("page"))
    drafts = [(draft, showing.LOOKS[DraftState(draft.state)]) for draft in page]
    context = {
        "drafts": drafts,
        "page": page,
        "show_all": show_all,
        "groups": brand_groups(request),
        "now": database_now(),
    }
    return render(request, whole_or("list", request, "responses/respond.html"), context)


@login_required
@require_http_methods(["GET", "POST"])
def draft(request: SignedIn, reference: str, number: int) -> HttpResponse:
    """The composer. `?since=2&until=4` compares two versions; htmx asks for `?part=status`."""
    found = find_draft(request, reference, number)
    if request.method == "POST":
        return _save(request, found)
    page = _page(request, found)
    if part := _part(request, found, page):
        return part
    if taken := writing.taken(request, found):
        return _composer(request, page, _form(page, taken.text), taken=True, clashes=taken.clashes)
    return _composer(request, page, _form(page, page.version.written))


def _part(request: SignedIn, found: Draft, page: showing.DraftPage) -> HttpResponse | None:
    """One region of the composer by itself, as it asks for it."""
    part = request.GET.get("part")
    if part == "people":
        return comments.people(request, found)
    context: dict[str, Any] = {"page": page}
    if part == "writers":
        context["writing"] = writing.around(request, found)
    elif part == "comments":
        context["comments"] = comments.shown(request, found)
    elif part == "status":
        base = _number(request.GET.get("base"))
        context |= {"now": page.now, "newer": bool(base and base < found.version)}
    else:
        return None
    return render(request, f"responses/composer.html#{part}", context)


def _form(page: showing.DraftPage, text: str) -> DraftForm:
    """The draft as it stands, with this text in its field."""
    accounts = [account.pk for account in page.accounts]
    initial = {
        "title": page.draft.title,
        "text": text,
        "accounts": accounts,
        "base": page.draft.version,
        "thread": page.draft.thread,
    }
    return DraftForm(initial=initial, accounts=selectors.offered(page.draft))


def _page(request: SignedIn, found: Draft) -> showing.DraftPage:
    since = _number(request.GET.get("since"))
    until = _number(request.GET.get("until"))
    return showing.DraftPage(found, request.user, database_now(), since, until)


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() and len(text) < 19 else None


def _composer(
    request: SignedIn,
    page: showing.DraftPage,
    form: DraftForm,
    *,
    status: int = 200,
    post: QueryDict | None = None,
    **more: Any,
) -> HttpResponse:
    context = {
        "images": images.rows(page.draft, page.version.images, post),
        "page": page,
        "form": form,
        "now": page.now,
        "slots": COMPOSER.panels,
        "writing": writing.around(request, page.draft),
        "offered": variables.offered(),
        "comments": comments.shown(request, page.draft),
        **more,
    }
    return render(request, "responses/composer.html", context, status=status)


def _save(request: SignedIn, found: Draft) -> HttpResponse:
    """Save, and ask for the approval too when that button was pressed."""
    uploaded = images.keep(request, found)
    post = uploaded.post
    form = DraftForm(post, accounts=selectors.offered(found))
    form.is_valid()
    if uploaded.problem:
        form.add_error(None, uploaded.problem)
    if form.errors:
        return _composer(request, _page(request, found), form, status=422, post=post)
    try:
        saved = writing.save(request, found, form, shows=images.typed(post))
    except Forbidden:
        raise
    except Conflict as refused:
        return _both(request, found, post, refused)
    except Refused as refused:
        form.add_error(None, str(refused))
        return _composer(request, _page(request, found), form, status=422, post=post)
    if saved.joined:
        messages.warning(
            request,
            _("Joined with what others saved meanwhile. Read it through before it goes on."),
        )
    elif "submit" in request.POST:
        return writing.confirmed(request, _submit(request, found))
    return writing.confirmed(request, redirect(*draft_page(found)))


def _both(request: SignedIn, found: Draft, post: QueryDict, why: Conflict) -> HttpResponse:
    """Show what was typed, still in its field, beside what somebody else saved meanwhile.

    What only one of both changed is joined in the field; saving again is on top of that version:
    nothing is lost either way.
    """
    page = _page(request, find_draft(request, found.incident.reference, found.number))
    merged = why.merged if isinstance(why, services.Clashing) else None
    again = post.copy()
    again["base"] = str(page.draft.version)
    text = merged.text if merged else texts.tidy(post.get("text", ""))
    again["text"] = text
    again["was_title"], again["was_accounts"] = page.draft.title, page.account_ids
    again["was_thread"] = "on" if page.draft.thread else ""
    changes = texts.word_diff(page.version.written, text)
    return _composer(
        request,
        page,
        DraftForm(again, accounts=selectors.offered(found)),
        status=409,
        post=again,
        conflict=str(why),
        typed_changes=changes,
        clashes=merged.clashes if merged else [],
    )


@login_required
@require_POST
def preview(request: SignedIn, reference: str, number: int) -> HttpResponse:
    """The previews of what is being typed, counted by the server. Saves nothing."""
    found = find_draft(request, reference, number)
    wanted = images.typed(request.POST) or []
    shown = picturing.shown(found, images.placed(found, wanted))
    answers = bool(found.reply_to)
    return _previewed(request, found.incident, selectors.offered(found), shown, answers=answers)


@login_required
@require_POST
def preview_new(request: SignedIn, reference: str) -> HttpResponse:
    """The same of a draft that is not saved yet."""
    incident = _incident(request, reference)
    return _previewed(request, incident, selectors.usable_accounts(incident.brand_id))


def _previewed(
    request: SignedIn,
    incident: Incident,
    accounts: Any,
    shown: Sequence[picturing.Shown] = (),
    *,
    answers: bool = False,
) -> HttpResponse:
    text = texts.tidy(request.POST.get("text", ""))[: texts.MAX_LENGTH]
    now = database_now()
    wanted = set(request.POST.getlist("accounts"))
    chosen = [account for account in accounts if str(account.pk) in wanted]
    public = variables.fill(texts.public(text), incident, now=now)
    pieces = [variables.fill(each, incident, now=now) for each in splitting.segments(text)]
    context = {
        "previews": previews.tried(chosen, public, shown, pieces, answers=answers)
        if request.POST.get("thread")
        else previews.previews(chosen, public, shown, answers=answers),
        "variables": variables.used(text, incident, now=now),
        "hidden": texts.hidden_characters(text),
        "draft": {"incident": incident},
        "version": {"written": text},
    }
    return render(request, "responses/composer.html#previews", {"page": context})


def _incident(request: SignedIn, reference: str) -> Incident:
    found = Incident.objects.visible_to(request.user).filter(reference=reference)
    incident: Incident | None = found.first()
    if incident is None:
        raise Http404(_("There is no such incident."))
    return incident


@login_required
@require_http_methods(["GET", "POST"])
def new(request: SignedIn, reference: str) -> HttpResponse:
    """Begin a draft; with ?mention=7, as an answer to that mention."""
    incident = _incident(request, reference)
    require(request.user, Permission.DRAFT, incident.brand_id)
    mention = _mention(request, incident)
    accounts = selectors.usable_accounts(incident.brand_id)
    title = _("Reply to %(author)s") % {"author": mention["author"]} if mention else ""
    # The statement page is written for on a page of its own, with its terms.
    ticked = [account for account in accounts if account.network != "statement"]
    initial = {"title": title[:120], "accounts": ticked}
    form = DraftForm(request.POST or None, initial=initial, accounts=accounts)
    if request.method == "POST" and form.is_valid():
        try:
            made = _create(request, incident, form, mention)
            return writing.confirmed(request, redirect(*draft_page(made)))
        except Refused as refused:
            form.add_error(None, str(refused))
    context = {
        "incident": incident,
        "form": form,
        "mention": mention,
        "now": database_now(),
        "offered": variables.offered(),
    }
    status = 422 if form.errors else 200
    return render(request, "responses/new.html", context, status=status)


def _create(
    request: SignedIn, incident: Incident, form: DraftForm, mention: dict[str, Any] | None
) -> Draft:
    return services.create_draft(
        incident.pk,
        title=form.cleaned_data["title"],
        text=form.cleaned_data["text"],
        account_ids=form.account_ids,
        reply_to=mention,
        thread=form.cleaned_data["thread"],
        by=request.user,
        now=database_now(),
    )


def _mention(request: SignedIn, incident: Incident) -> dict[str, Any] | None:
    """What is kept of the mention that is answered; 404 for one of another brand."""
    asked = request.POST.get("mention") or request.GET.get("mention")
    if not asked:
        return None
    pk = _number(asked) or 0
    mention = selectors.mention_to_answer(request.user, pk, brand_id=incident.brand_id)
    if mention is None:
        raise Http404(_("There is no such mention."))
    return {
        "id": mention.pk,
        "published_at": mention.published_at.isoformat(),
        "external_id": mention.external_id,
        "author": mention.author,
        "text": mention.text[:QUOTED],
    }


def _submit(request: SignedIn, found: Draft) -> HttpResponse:
    return act(
        request,
        lambda now: services.submit(
            found.pk, by=request.user, now=now, reason=request.POST.get("reason", "")
        ),
        then=draft_page(found),
        done=_("Those who can approve it have been told."),
    )


@login_required
@require_POST
def submit(request: SignedIn, reference: str, number: int) -> HttpResponse:
    return _submit(request, find_draft(request, reference, number))


@login_required
@require_POST
def drop(request: SignedIn, reference: str, number: int) -> HttpResponse:
    found = find_draft(request, reference, number)
    return act(
        request,
        lambda now: services.drop(found.pk, by=request.user, now=now),
        then=draft_page(found),
    )


@login_required
@require_POST
def risks(request: SignedIn, reference: str, number: int) -> HttpResponse:
    """Say what makes it risky, beside what the desk finds."""
    found = find_draft(request, reference, number)
    chosen = request.POST.getlist("risks")
    return act(
        request,
        lambda now: services.set_risks(found.pk, risks=chosen, by=request.user, now=now),
        then=draft_page(found),
    )
