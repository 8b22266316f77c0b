"""The calendar behind a secret address: no session, no cookie; whoever has it reads it."""

import hashlib
from datetime import UTC, datetime, timedelta

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import translation
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_safe

from accounts import tokens
from accounts.models import User
from accounts.selectors import brand_names
from core.clock import database_now
from incidents import calendar_feed
from incidents.models_rota import CalendarFeed, Rota
from incidents.selectors import schedule
from incidents.services import calendar_feeds

BACK, AHEAD = timedelta(days=31), timedelta(days=182)


@require_safe
def feed(request: HttpRequest, secret: str) -> HttpResponse:
    """The duties of the address's owner, or of the rota it was made for.

    404 for one that was withdrawn, whose owner has left, or may no longer see the brand.
    """
    found = CalendarFeed.objects.select_related("user", "rota__brand").filter(
        digest=tokens.digest(secret), user__is_active=True
    ).first()  # fmt: skip
    if found is None or not _visible(found):
        raise Http404
    now = database_now()
    with translation.override(found.user.language):
        body = _body(found, request.get_host(), now)
    calendar_feeds.note_read(found, now=now)
    response = HttpResponse(body, content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = 'inline; filename="on-call.ics"'
    response["Cache-Control"] = "private, max-age=300"
    response["ETag"] = etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    answer = get_conditional_response(request, etag=etag, response=response)
    return answer if isinstance(answer, HttpResponse) else response


def _visible(found: CalendarFeed) -> bool:
    return found.rota is None or found.rota.brand_id in found.user.roles


def _body(found: CalendarFeed, host: str, now: datetime) -> bytes:
    # Both ends and the stamp move once a day: a calendar that did not change stays the same.
    stamp = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    since, until = stamp - BACK, stamp + AHEAD
    if found.rota:
        return _of_rota(found.rota, found.user, host, (since, until), now, stamp)
    duties = schedule.duties_of(found.user, since, until, now=now)
    names = brand_names(found.user)
    return calendar_feed.calendar(str(found.user), duties, names=names, host=host, stamp=stamp)


def _of_rota(
    rota: Rota,
    user: User,
    host: str,
    times: tuple[datetime, datetime],
    now: datetime,
    stamp: datetime,
) -> bytes:
    duties, people = schedule.duties_in(rota, *times, now=now)
    return calendar_feed.calendar(
        f"{rota.brand.name}: {rota.name}",
        duties,
        names=brand_names(user),
        people=people,
        host=host,
        stamp=stamp,
    )
