"""What the views of this room share: finding what may be seen, and showing a refusal."""

from collections.abc import Iterator
from contextlib import contextmanager
from zoneinfo import ZoneInfo

from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.enums import Permission
from accounts.http import SignedIn
from accounts.models import Brand, User
from accounts.rules import allowed
from accounts.selectors import visible_brands
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


@contextmanager
def in_zone(brand: Brand | None) -> Iterator[None]:
    """Times that are entered are in the brand's hours, whoever enters them, wherever they are."""
    if brand is None:
        yield
        return
    with timezone.override(ZoneInfo(brand.time_zone)):
        yield
