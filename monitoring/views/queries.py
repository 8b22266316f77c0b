"""What a brand listens for: its queries, and their editor with its answers as one types."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
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
from monitoring.enums import QueryKind, WatchList
from monitoring.forms import QueryForm
from monitoring.models import Query
from monitoring.queries import fields, simple, spelling
from monitoring.queries.parsing import Parsed, parse
from monitoring.queries.problems import Problem
from monitoring.selectors import preview
from monitoring.selectors import queries as selectors
from monitoring.selectors.queries import Days, Series
from monitoring.services import queries as services
from monitoring.services.queries import Wanted

DAYS = 30
# What a kind is for, said where there is none of it.
_HINTS: dict[QueryKind, Any] = {
    QueryKind.BRAND: _lazy(
        "The names of your brand. Without one, sources that are filtered bring nothing about you."
    ),
    QueryKind.WATCH: _lazy(
        "People, products, campaigns and suppliers that a crisis may begin with, and how your name"
        " is misspelt."
    ),
    QueryKind.TOPIC: _lazy(
        "What your industry talks about, so that you see a wave before it is yours."
    ),
    QueryKind.COMPETITOR: _lazy("Name them to see your share of voice."),
}
# Beyond this a list shows the beginning of an expression.
_EXCERPT = 140
_MOST_WORDS = 60


@dataclass(frozen=True)
class Row:
    """A query as the list shows it."""

    query: Query
    excerpt: str
    listed: str
    broken: bool
    total: int
    negative: SafeString | str
    spark: SafeString


@login_required
@require_GET
def index(request: SignedIn) -> HttpResponse:
    """The queries of the first of the reader's brands; without a brand, a page that says so."""
    brand = visible_brands(request.user).first()
    if brand is None:
        return render(request, "monitoring/queries.html")
    return redirect("monitoring:queries_of", brand.slug)


@login_required
@require_GET
def queries(request: SignedIn, slug: str) -> HttpResponse:
    """The queries of a brand by kind, each with what it found in 30 days."""
    brand = get_brand(request.user, slug)
    period = Days.last(DAYS, zone=brand.time_zone, now=database_now())
    found = selectors.queries(request.user, brand)
    counted = selectors.by_day([query.pk for query in found], period)
    groups = [
        {
            "kind": kind,
            "label": kind.label,
            "hint": _HINTS[kind],
            "rows": [_row(query, counted[query.pk]) for query in found if query.kind == kind],
        }
        for kind in QueryKind
    ]
    context = {
        "brand": brand,
        "brands": visible_brands(request.user),
        "groups": groups,
        "any": bool(found),
        "managing": allowed(request.user, Permission.MANAGE_BRAND, brand),
    }
    return render(request, "monitoring/queries.html", context)


@login_required
@never_cache
def query_new(request: SignedIn, slug: str) -> HttpResponse:
    """Make a query; `purpose` and `word`s in the address fill the form."""
    brand = _managed(request, slug)
    form = QueryForm(request.POST or None, initial=_initial(request))
    save = partial(services.create_query, brand, by=request.user)
    if _is_to_be_saved(request, form) and _saved(request, form, save):
        return redirect("monitoring:queries_of", slug)
    return _editor(request, brand, form)


@login_required
@never_cache
def query(request: SignedIn, slug: str, pk: int) -> HttpResponse:
    """Change a query."""
    row = _found(request, slug, pk)
    form = QueryForm.of(row, request.POST or None)
    save = partial(services.update_query, row, by=request.user)
    if _is_to_be_saved(request, form) and _saved(request, form, save):
        return redirect("monitoring:queries_of", slug)
    return _editor(request, row.brand, form, row)


@login_required
@require_POST
def query_delete(request: SignedIn, slug: str, pk: int) -> HttpResponse:
    row = _found(request, slug, pk)
    services.delete_query(row, by=request.user)
    messages.success(request, _("%(name)s was deleted.") % {"name": row.name})
    return redirect("monitoring:queries_of", slug)


@login_required
@require_POST
@never_cache
def check(request: SignedIn, slug: str) -> HttpResponse:
    """What an expression says and would have found: the fragment that follows one's typing."""
    brand = _managed(request, slug)
    context = _answered(brand, request.POST.get("expression", ""), database_now())
    return render(request, "monitoring/query_editor.html#answer", {"brand": brand, **context})


@login_required
@require_POST
@never_cache
def count(request: SignedIn, slug: str) -> HttpResponse:
    """Count all of 30 days, one step a request; the fragment asks for the next by itself."""
    brand = _managed(request, slug)
    expression = request.POST.get("expression", "")
    parsed = parse(expression)
    if parsed.tree is None:
        return HttpResponse(status=422)
    so_far, now = _so_far(request)
    counted = preview.count_on(brand.pk, parsed.tree, so_far, now=now)
    total = max(_number(request, "total"), counted.looked)
    context = {
        "brand": brand,
        "expression": expression,
        "counted": counted,
        # As texts: a number would be written in the reader's language.
        "at": repr(counted.at.timestamp()) if counted.at else "",
        "now_at": repr(now.timestamp()),
        "total": total,
        "share": counted.looked / total if total else 1.0,
    }
    return render(request, "monitoring/query_editor.html#counting", context)


def _so_far(request: SignedIn) -> tuple[preview.Counting, datetime]:
    """Where the counting has got to, and the moment from which its 30 days reach back."""
    found, looked, pk = (_number(request, name) for name in ("found", "looked", "id"))
    began, at = _moment(request, "now"), _moment(request, "at")
    now = database_now()
    so_far = preview.Counting(found, looked, at, pk) if at else preview.Counting()
    return so_far, min(began, now) if began else now


def _number(request: SignedIn, name: str) -> int:
    text = request.POST.get(name, "")
    return min(int(text), 2**63 - 1) if text.isascii() and text.isdigit() and len(text) < 20 else 0


def _moment(request: SignedIn, name: str) -> datetime | None:
    try:
        return datetime.fromtimestamp(float(request.POST.get(name, "")), UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _managed(request: SignedIn, slug: str) -> Brand:
    brand = get_brand(request.user, slug)
    require(request.user, Permission.MANAGE_BRAND, brand)
    return brand


def _found(request: SignedIn, slug: str, pk: int) -> Query:
    row = selectors.get_query(request.user, slug, pk)
    require(request.user, Permission.MANAGE_BRAND, row.brand)
    return row


def _is_to_be_saved(request: SignedIn, form: QueryForm) -> bool:
    return request.method == "POST" and "check" not in request.POST and form.is_valid()


def _saved(request: SignedIn, form: QueryForm, save: Callable[[Wanted], Query]) -> bool:
    given = form.cleaned_data
    kind, _colon, watched = given["purpose"].partition(":")
    wanted = Wanted(given["name"].strip(), kind, given["expression"], watched, given["is_active"])
    try:
        save(wanted)
    except Refused as refusal:
        form.add_error("expression" if parse(given["expression"]).problems else None, str(refusal))
        return False
    messages.success(request, _("Saved. It applies to what comes in from now on."))
    return True


def _initial(request: SignedIn) -> dict[str, str]:
    words = [word for word in request.GET.getlist("word") if word.strip()][:_MOST_WORDS]
    return {
        "purpose": request.GET.get("purpose", QueryKind.BRAND.value),
        "expression": simple.expression(words),
        "name": request.GET.get("name", "")[:120],
    }


def _editor(
    request: SignedIn, brand: Brand, form: QueryForm, row: Query | None = None
) -> HttpResponse:
    misspelt = request.GET.get("misspell", "").strip()[:60]
    context: dict[str, Any] = {
        "brand": brand,
        "form": form,
        "query": row,
        "fields": fields.KINDS,
        "misspelt": misspelt or brand.name,
        "misspellings": spelling.suggestions(misspelt) if misspelt else [],
        "misspellings_purpose": f"{QueryKind.WATCH}:{WatchList.MISSPELLINGS}",
    }
    if form.text.strip() or form.is_bound:
        # The page answers without scripts, too.
        context |= _answered(brand, form.text, database_now())
    return render(request, "monitoring/query_editor.html", context)


def _answered(brand: Brand, expression: str, now: datetime) -> dict[str, Any]:
    parsed = parse(expression)
    context: dict[str, Any] = {
        "expression": expression,
        "parsed": parsed,
        "echo": _echo(expression, parsed),
        "checked": True,
    }
    if parsed.tree is not None:
        answer = preview.first_answer(brand.pk, parsed.tree, now=now)
        context |= {"answer": answer, "now_at": repr(now.timestamp()), "days": preview.DAYS}
    return context


@dataclass(frozen=True)
class Piece:
    """Characters of the expression; `problem` is what they are marked for."""

    text: str
    problem: Problem | None = None


def _echo(expression: str, parsed: Parsed) -> list[Piece]:
    """Cut the expression at what is wrong with it; of two that overlap the first is marked."""
    pieces, at = [], 0
    for problem in parsed.problems:
        if problem.start < at:
            continue
        pieces.append(Piece(expression[at : problem.start]))
        # A place of no width is shown by what it stands before.
        at = max(problem.end, min(problem.start + 1, len(expression)))
        pieces.append(Piece(expression[problem.start : at] or "…", problem))
    pieces.append(Piece(expression[at:]))
    return pieces if parsed.problems else []


def _row(row: Query, series: Series) -> Row:
    label = _("%(total)s mentions in %(days)s days") % {
        "total": formats.number(series.total),
        "days": DAYS,
    }
    # Nothing is expected of it: what lies below the line is filled.
    totals = [float(total) for total in series.totals]
    expression = row.expression
    return Row(
        query=row,
        excerpt=expression if len(expression) <= _EXCERPT else expression[: _EXCERPT - 1] + "…",
        listed=row.get_watched_display() if row.watched else "",
        broken=bool(parse(expression).problems),
        total=series.total,
        negative=markup.negative_share(series.negative_share) if series.total else "",
        spark=markup.sparkline(totals, [0.0] * len(totals), totals, label=label),
    )
