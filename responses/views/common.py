"""What the views of this room share: finding what may be seen, and showing a refusal."""

from collections.abc import Callable
from datetime import datetime

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from accounts.models import User
from core.clock import database_now
from core.errors import Forbidden, Refused
from incidents.models import Incident
from responses import selectors
from responses.models import Draft, Publication


class SignedIn(HttpRequest):
    """What reaches a view behind `login_required`."""

    user: User


def find_draft(request: SignedIn, reference: str, number: int) -> Draft:
    """The draft, or 404 alike for a missing one and one of a brand that is not the reader's."""
    try:
        return selectors.get_draft(request.user, reference, number)
    except Draft.DoesNotExist:
        raise Http404(_("There is no such draft.")) from None


def find_incident(request: SignedIn, reference: str) -> Incident:
    rows = Incident.objects.visible_to(request.user).select_related("brand")
    found: Incident | None = rows.filter(reference=reference).first()
    if found is None:
        raise Http404(_("There is no such incident."))
    return found


def find_publication(request: SignedIn, pk: int) -> Publication:
    found = selectors.visible_publications(request.user).filter(pk=pk).first()
    if found is None:
        raise Http404(_("There is no such publication."))
    return found


def act(
    request: SignedIn,
    action: Callable[[datetime], object],
    *,
    then: tuple[str | int, ...],
    done: str = "",
) -> HttpResponse:
    """Call one service with the time; then lead on, with its words when it refuses.

    A missing right is 403 with the reason (core.middleware).
    """
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


def draft_page(draft: Draft, name: str = "responses:draft") -> tuple[str, str, int]:
    return name, draft.incident.reference, draft.number


def whole_or(part: str, request: SignedIn, template: str) -> str:
    """The template, or for htmx only its named part: the rest of the page stays as it is."""
    return f"{template}#{part}" if "HX-Request" in request.headers else template


def brand_groups(request: SignedIn) -> str:
    """The live groups of every brand of the reader, for the pages that list across them."""
    return " ".join(f"brand.{brand_id}" for brand_id in sorted(request.user.roles))
