"""The inbox and the bell."""

from dataclasses import dataclass
from typing import Any, cast

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_POST

from accounts.models import User
from core.clock import database_now
from notifications import selectors, services
from notifications.channels.email import configured
from notifications.messages import Told, tell
from notifications.models import Delivery, DeliveryState, Notice, Trouble, Urgency


@dataclass(frozen=True)
class Row:
    """One notice as the inbox shows it."""

    notice: Notice
    told: Told
    page: bool
    deliveries: list[tuple[Delivery, str]]


def _person(request: HttpRequest) -> User:
    return cast("User", request.user)


@login_required
def inbox(request: HttpRequest) -> HttpResponse:
    """What one was told, newest first; the list alone for htmx."""
    before = request.GET.get("before", "")
    notices = selectors.inbox(
        _person(request), before=int(before) if before.isdecimal() and len(before) < 19 else None
    )
    shown = notices[: selectors.PAGE]
    more = len(notices) > len(shown)
    context: dict[str, Any] = {
        "rows": [_row(notice) for notice in shown],
        "unread": selectors.unread(_person(request)),
        "now": database_now(),
        "mail": configured(),
        "older": f"?before={shown[-1].pk}" if more else "",
        "newer": request.path if before else "",
    }
    part = "#list" if request.headers.get("HX-Target") == "inbox" else ""
    return render(request, f"notifications/inbox.html{part}", context)


def _row(notice: Notice) -> Row:
    outgoing = [(delivery, _trouble(delivery)) for delivery in notice.deliveries.all()]
    told = tell(notice.kind, notice.params)
    return Row(notice, told, notice.urgency == Urgency.PAGE, outgoing)


def _trouble(delivery: Delivery) -> str:
    """Why it was not sent, in words: our own, or what the server said."""
    if delivery.state == DeliveryState.SENT:
        return ""
    if delivery.error in Trouble.values:
        return str(Trouble(delivery.error).label)
    return delivery.error


@login_required
def bell(request: HttpRequest) -> HttpResponse:
    """The bell of the top bar with the number of unread notices."""
    unread = selectors.unread(_person(request))
    context = {"unread": unread, "many": unread > selectors.MANY, "most": selectors.MANY}
    return render(request, "notifications/bell.html", context)


@login_required
@require_POST
def read(request: HttpRequest, pk: int) -> HttpResponse:
    """Mark one as read and go to what it is about."""
    notice = services.mark_read(_person(request), notice_id=pk)
    if notice is None:
        raise Http404
    if request.headers.get("HX-Request"):
        response = HttpResponse(status=204)
        response["HX-Redirect"] = notice.url or "/"
        return response
    return redirect(notice.url or "notifications:inbox")


@login_required
@require_POST
def read_all(request: HttpRequest) -> HttpResponse:
    """Mark as read what the page showed: what came after it was made stays unread."""
    until = parse_datetime(request.POST.get("until", "")) or database_now()
    services.mark_all_read(_person(request), until=until)
    return redirect("notifications:inbox")
