"""What the views of this room share: finding what may be seen, and showing a refusal."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.enums import Permission
from accounts.http import SignedIn
from accounts.models import Brand, User
from accounts.rules import allowed
from accounts.selectors import visible_brands
from core.clock import database_now
from core.errors import Forbidden, Refused
from marketing import selectors
from marketing.models import Pause, ScheduledPost


def brands_with(user: User, permission: Permission) -> list[Brand]:
    return [brand for brand in visible_brands(user) if allowed(user, permission, brand)]


def find_post(request: SignedIn, pk: int) -> ScheduledPost:
    """The entry, or 404 alike for a missing one and one of a brand that is not the reader's."""
    rows = ScheduledPost.objects.visible_to(request.user)
    found: ScheduledPost | None = (
        rows.select_related("brand", "account", "author", "pause__owner", "feed", "decided_by")
        .filter(pk=pk)
        .first()
    )
    if found is None:
        raise Http404(_("There is no such entry in the calendar."))
    return found


def find_pause(request: SignedIn, pk: int) -> Pause:
    found = selectors.pauses(request.user).filter(pk=pk).first()
    if found is None:
        raise Http404(_("There is no such pause."))
    return found


def act(
    request: SignedIn,
    action: Callable[[datetime], object],
    *,
    then: tuple[str | int, ...],
    done: str = "",
) -> HttpResponse:
    """Call one service with the time; then lead on, with its words when it refuses."""
    try:
        action(database_now())
    except Forbidden:
        raise
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        if done:
            messages.success(request, done)
    name, *arguments = then
    return redirect(str(name), *arguments)


@contextmanager
def in_zone(brand: Brand | None) -> Iterator[None]:
    """Times that are entered are in the brand's hours, whoever enters them, wherever they are."""
    if brand is None:
        yield
        return
    with timezone.override(ZoneInfo(brand.time_zone)):
        yield


def groups(request: SignedIn) -> str:
    """The live groups of every brand of the reader."""
    return " ".join(f"brand.{brand_id}" for brand_id in sorted(request.user.roles))
