"""What leaves the war room: the wall, the situation report, the offline pack and its checking."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.http import content_disposition_header
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from accounts.enums import Permission
from accounts.http import SignedIn
from accounts.rules import allowed
from core import attesting
from core.clock import database_now
from incidents import selectors
from incidents.models import Incident
from incidents.models_packs import OfflinePack, WallLink
from incidents.selectors import head, roles
from incidents.selectors.promises import tracked
from incidents.services import packs, walls
from incidents.serving import HEADERS

from .access import attempt, find, find_to
from .rows import timeline_rows

MOST_BYTES = 5 * 1024 * 1024


def _language(request: HttpRequest) -> str:
    wanted = request.GET.get("language", "")
    known = dict(settings.LANGUAGES)
    return wanted if wanted in known else get_language() or settings.LANGUAGE_CODE


def _file(body: bytes, kind: str, name: str) -> HttpResponse:
    answer = HttpResponse(body, content_type=kind, headers=HEADERS)
    answer["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    return answer


@login_required
@require_GET
def report(request: SignedIn, reference: str) -> HttpResponse:
    """The situation report: one page, PDF, in `?language=` or the reader's."""
    incident, now, language = find(request.user, reference), database_now(), _language(request)
    made = packs.situation_report(incident, language=language, now=now)
    name = f"{incident.reference}-{now:%Y%m%d-%H%M}-{language}.pdf"
    return _file(made, "application/pdf", name)


@login_required
@require_GET
def pack(request: SignedIn, reference: str) -> HttpResponse:
    """The offline pack as it was last made; contacts only for those who work in the incident."""
    incident, language = find(request.user, reference), _language(request)
    contacts = allowed(request.user, Permission.WRITE_TIMELINE, incident.brand_id)
    found = incident.packs.filter(language=language, with_contacts=contacts).first()
    if found is None:
        found = packs.make_pack(
            incident, language=language, with_contacts=contacts, now=database_now()
        )
    name = f"{incident.reference}-pack-{found.made_at:%Y%m%d-%H%M}-{language}.html"
    return _file(bytes(found.file), "text/html; charset=utf-8", name)


@login_required
def check(request: SignedIn) -> HttpResponse:
    """Whether a pack that somebody holds is ours, unchanged, and the newest."""
    context: dict[str, Any] = {"languages": settings.LANGUAGES}
    if request.method == "POST" and (upload := request.FILES.get("file")):
        body = upload.read(MOST_BYTES + 1)
        verdict = attesting.examine(body[:MOST_BYTES])
        context |= {"verdict": verdict, "name": upload.name, "newest": _newest(request, body)}
    elif request.method == "POST":
        context["problem"] = _("Choose a file first.")
    incidents = Incident.objects.visible_to(request.user).exclude(state="RESOLVED")
    made = OfflinePack.objects.filter(incident__in=incidents, language=get_language() or "en")
    context["packs"] = (
        made.filter(with_contacts=False).select_related("incident__brand").defer("file")
    )
    return render(request, "incidents/packs.html", context)


def _newest(request: SignedIn, body: bytes) -> bool:
    """Whether these very bytes are the last pack of an incident that the person may see."""
    visible = Incident.objects.visible_to(request.user)
    newest = OfflinePack.objects.filter(incident__in=visible, sha256=packs.fingerprint(body))
    return newest.exists()


def _wall(incident: Incident) -> dict[str, Any]:
    now = database_now()
    waiting, _settled = tracked(incident, now=now)
    return {
        "incident": incident,
        "now": now,
        "situation": head.situation(incident),
        "roles": [(role.label, user) for role, user in roles.holders(incident).items()],
        "pinned": timeline_rows(selectors.pinned(incident), now=now),
        "promises": waiting[:3],
    }


@never_cache
@login_required
@require_GET
def wall(request: SignedIn, reference: str) -> HttpResponse:
    """The wall for who is signed in: follows the frames."""
    return render(request, "incidents/wall.html", _wall(find(request.user, reference)))


@never_cache
@require_GET
def wall_by_link(request: HttpRequest, wall: str) -> HttpResponse:
    """The wall by its secret address: reads itself anew every ten seconds, as long as it holds."""
    link = walls.shown_by(wall, now=database_now())
    if link is None:
        raise Http404
    zone = timezone.get_default_timezone()
    with translation.override(link.language), timezone.override(zone):
        context = _wall(link.incident) | {"token": wall, "theme": "dark"}
        answer = render(request, "incidents/wall.html", context)
    answer["Referrer-Policy"] = "no-referrer"
    answer["X-Robots-Tag"] = "noindex"
    return answer


@login_required
def wall_links(request: SignedIn, reference: str) -> HttpResponse:
    """Addresses for screens: make one, take one back. A new one is shown once."""
    incident, now = find_to(request, reference, Permission.RUN_INCIDENT), database_now()
    context: dict[str, Any] = {"incident": incident, "now": now}
    if request.method == "POST":
        made: list[str] = []
        problem = attempt(request, lambda: made.append(_opened(request, incident)))
        context |= {"problem": problem, "address": made[0] if made else ""}
    context["links"] = incident.wall_links.filter(revoked_at=None, ends_at__gt=now).select_related(
        "made_by"
    )
    return render(request, "incidents/wall_links.html", context)


def _opened(request: SignedIn, incident: Incident) -> str:
    place, language = request.POST.get("place", ""), get_language() or "en"
    _link, token = walls.open_wall(
        incident.pk, place=place, language=language, by=request.user, now=database_now()
    )
    return request.build_absolute_uri(reverse("incidents:wall_by_link", args=[token]))


@login_required
@require_POST
def wall_close(request: SignedIn, reference: str, pk: int) -> HttpResponse:
    incident = find_to(request, reference, Permission.RUN_INCIDENT)
    try:
        walls.close_wall(incident.pk, pk, by=request.user, now=database_now())
    except WallLink.DoesNotExist:
        raise Http404 from None
    messages.success(request, _("That address shows nothing any more."))
    return redirect("incidents:wall_links", incident.reference)
