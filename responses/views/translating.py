"""The same text in another language: begun, and said to say the same."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.http import SignedIn, act
from core.clock import database_now
from core.errors import Forbidden, Refused
from responses import services

from .common import draft_page, find_draft


@login_required
@require_POST
def translate(request: SignedIn, reference: str, number: int) -> HttpResponse:
    """Begin the draft in the other language and lead to it."""
    found = find_draft(request, reference, number)
    try:
        made = services.start_translation(found.pk, by=request.user, now=database_now())
    except Forbidden:
        raise
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect(*draft_page(found))
    return redirect(*draft_page(made))


@login_required
@require_POST
def same(request: SignedIn, reference: str, number: int) -> HttpResponse:
    """Say that both say the same, in the versions that were shown."""
    found = find_draft(request, reference, number)
    version, other = (_number(request.POST.get(name, "")) for name in ("version", "other"))
    return act(
        request,
        lambda _now: services.say_same(
            found.pk, version=version, other_version=other, by=request.user
        ),
        then=draft_page(found),
        done=_("Noted: both say the same."),
    )


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 9 else 0
