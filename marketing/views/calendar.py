"""The calendar: week, month and list; planning, changing and dropping an entry."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from accounts.enums import Permission
from accounts.http import SignedIn, act, brand_groups
from accounts.models import Brand
from accounts.rules import allowed
from accounts.selectors import visible_brands
from core.clock import database_now
from core.errors import Refused
from marketing import problems, selectors, services, showing
from marketing.enums import CalendarKind, PostState
from marketing.forms import PostForm
from marketing.models import ScheduledPost
from marketing.services.posts import OPEN

from .common import brands_with, find_post, in_zone

VIEWS = ("week", "month", "list")
LIST_DAYS = 30
MOST_SHOWN = 500


@login_required
@never_cache
@require_GET
def calendar(request: SignedIn) -> HttpResponse:
    """What is planned, brand by brand, with what is paused and what the scan found."""
    now = database_now()
    brands = list(visible_brands(request.user))
    brand = next((each for each in brands if each.slug == request.GET.get("brand")), None)
    kind = request.GET.get("kind", "")
    kind = kind if kind in CalendarKind.values else ""
    zone = ZoneInfo((brand or brands[0]).time_zone if brands else request.user.time_zone)
    shown = request.GET.get("view", "")
    shown = shown if shown in VIEWS else "week"
    span = _span(shown, _day(request, zone, now))
    start, end = (datetime.combine(day, time.min, tzinfo=zone) for day in (span[0], span[1]))
    found = selectors.between(
        request.user, start, end, brand=brand.slug if brand else "", kind=kind
    )[:MOST_SHOWN]
    posts = list(found)
    marks = selectors.marks(posts, request.user)
    rows = [showing.row(post, marks) for post in posts]
    context = {
        "now": now,
        "brands": brands,
        "brand": brand,
        "kind": kind,
        "kinds": CalendarKind.choices,
        "shown": shown,
        "rows": rows,
        "marked": len(marks),
        "days": _days(shown, rows, span, timezone.localtime(now, zone).date()),
        "pauses": list(selectors.running(request.user)),
        "unsettled": list(selectors.unsettled(request.user)),
        "groups": brand_groups(request),
        "may_plan": bool(brands_with(request.user, Permission.PLAN_MARKETING)),
        "may_pause": bool(brands_with(request.user, Permission.PAUSE_MARKETING)),
        **_steps(shown, span),
    }
    return render(request, "marketing/calendar.html", context)


def _day(request: SignedIn, zone: ZoneInfo, now: datetime) -> date:
    try:
        day = date.fromisoformat(request.GET.get("day", ""))
    except ValueError:
        return timezone.localtime(now, zone).date()
    return min(max(day, date(2000, 1, 1)), date(2200, 1, 1))


def _span(shown: str, day: date) -> tuple[date, date, date]:
    """Return the first day, the day after the last, and the day that names it."""
    if shown == "list":
        return day, day + timedelta(days=LIST_DAYS), day
    if shown == "week":
        first = day - timedelta(days=day.weekday())
        return first, first + timedelta(days=7), day
    first = day.replace(day=1)
    start = first - timedelta(days=first.weekday())
    after = (first + timedelta(days=32)).replace(day=1)
    return start, after + timedelta(days=-after.weekday() % 7), first


def _days(
    shown: str, rows: list[showing.Row], span: tuple[date, date, date], today: date
) -> list[showing.Day]:
    month = span[2].month if shown == "month" else 0
    made = showing.days(rows, span[0], (span[1] - span[0]).days, today=today, month=month)
    return [day for day in made if day.rows] if shown == "list" else made


def _steps(shown: str, span: tuple[date, date, date]) -> Mapping[str, Any]:
    """What it is called, and the days that lead to the spans before and after."""
    first, end, named = span
    last = end - timedelta(days=1)
    back, on = first - timedelta(days=1), end
    if shown == "month":
        back, on = named - timedelta(days=1), (named + timedelta(days=32)).replace(day=1)
        title = date_format(named, "F Y")
    elif shown == "list":
        back = first - timedelta(days=LIST_DAYS)
        title = f"{date_format(first, 'j M')} – {date_format(last, 'j M Y')}"
    else:
        number = first.isocalendar()[1]
        title = _("Week %(number)d, %(year)d") % {"number": number, "year": last.year}
    return {"title": title, "back": back.isoformat(), "on": on.isoformat(),
            "day": named.isoformat()}  # fmt: skip


def _chosen(request: SignedIn) -> tuple[list[Brand], Brand]:
    able = brands_with(request.user, Permission.PLAN_MARKETING)
    if not able:
        raise Http404(_("You may not plan anything."))
    wanted = request.GET.get("brand", "")
    return able, next((brand for brand in able if brand.slug == wanted), able[0])


@login_required
@never_cache
def new(request: SignedIn) -> HttpResponse:
    able, brand = _chosen(request)
    with in_zone(brand):
        form = PostForm(request.POST or None, brand=brand)
        valid = request.method == "POST" and form.is_valid()
    if valid:
        now = database_now()
        try:
            made = services.plan(brand, form.planned(), by=request.user, now=now)
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            if made.state == PostState.HELD:
                messages.warning(
                    request, _("Marketing is paused: it is held until somebody decides.")
                )
            return redirect("marketing:post", made.pk)
    with in_zone(brand):
        return render(request, "marketing/post_new.html",
                      {"form": form, "brand": brand, "brands": able})  # fmt: skip


@login_required
@never_cache
def post(request: SignedIn, pk: int) -> HttpResponse:
    """One entry: what it says, where it stands, and for who may plan how to change it."""
    found = find_post(request, pk)
    may_plan = allowed(request.user, Permission.PLAN_MARKETING, found.brand_id)
    is_open = found.state in OPEN and may_plan
    form = None
    with in_zone(found.brand):
        if is_open:
            form = PostForm(request.POST or None, brand=found.brand, post=found)
        if request.method == "POST" and form and form.is_valid() and _changed(request, found, form):
            return redirect("marketing:post", pk)
        return render(request, "marketing/post.html", _context(request, found, form))


def _changed(request: SignedIn, post: ScheduledPost, form: PostForm) -> bool:
    given = form.changes()
    if given["at"] == post.at.replace(second=0, microsecond=0):
        given["at"] = post.at
    try:
        services.change(post.pk, by=request.user, now=database_now(), **given)
    except Refused as refused:
        form.add_error(None, str(refused))
        return False
    messages.success(request, _("Saved."))
    return True


def _context(request: SignedIn, post: ScheduledPost, form: PostForm | None) -> dict[str, Any]:
    marks = selectors.marks([post], request.user)
    may_plan = allowed(request.user, Permission.PLAN_MARKETING, post.brand_id)
    return {
        "post": post,
        "row": showing.row(post, marks),
        "pieces": showing.pieces(post, marks.get(post.pk, [])),
        "whys": [(mark.words, showing.why(mark)) for mark in marks.get(post.pk, [])],
        "problem": problems.words(post.error) if post.error else "",
        "form": form,
        "may_plan": may_plan,
        "may_exempt": post.state in OPEN
        and allowed(request.user, Permission.PAUSE_MARKETING, post.brand_id),
        "may_drop": may_plan and post.state in (*OPEN, PostState.ELSEWHERE),
        "groups": f"brand.{post.brand_id}",
    }


@login_required
@require_POST
def drop(request: SignedIn, pk: int) -> HttpResponse:
    find_post(request, pk)
    return act(
        request,
        lambda now: services.drop(pk, by=request.user, now=now),
        then=("marketing:calendar",),
        done=_("Dropped. It is not sent."),
    )


@login_required
@require_POST
def settle(request: SignedIn, pk: int) -> HttpResponse:
    find_post(request, pk)
    return act(
        request,
        lambda now: services.settle(pk, request.POST.get("outcome", ""), by=request.user, now=now),
        then=("marketing:post", pk),
    )


@login_required
@require_POST
def exempt(request: SignedIn, pk: int) -> HttpResponse:
    find_post(request, pk)
    wanted = request.POST.get("exempt") == "1"
    return act(
        request,
        lambda now: services.exempt(pk, wanted, by=request.user, now=now),
        then=("marketing:post", pk),
    )
