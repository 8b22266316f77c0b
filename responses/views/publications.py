"""What a person does about one publication: settle, retry, withdraw."""

from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from accounts.http import SignedIn, act
from core.clock import database_now
from core.errors import Forbidden, Refused
from responses import services
from responses.forms import SettleForm
from responses.models import Draft

from .common import draft_page, find_publication


@login_required
@require_POST
def settle(request: SignedIn, pk: int) -> HttpResponse:
    publication = find_publication(request, pk)
    form = SettleForm(request.POST)
    form.is_valid()
    return act(
        request,
        lambda now: services.settle(
            pk,
            form.cleaned_data.get("outcome", ""),
            by=request.user,
            url=form.cleaned_data.get("url", ""),
            now=now,
        ),
        then=draft_page(publication.version.draft),
    )


@login_required
@require_POST
def retry(request: SignedIn, pk: int) -> HttpResponse:
    publication = find_publication(request, pk)
    return act(
        request,
        lambda now: services.retry(pk, by=request.user, now=now),
        then=draft_page(publication.version.draft),
    )


@login_required
@require_POST
def withdraw(request: SignedIn, pk: int) -> HttpResponse:
    publication = find_publication(request, pk)
    return act(
        request,
        lambda now: services.withdraw(pk, by=request.user, now=now),
        then=draft_page(publication.version.draft),
    )


@login_required
@require_POST
def edit(request: SignedIn, pk: int) -> HttpResponse:
    """Begin a draft whose text takes the place of the published one."""
    return _begin(request, pk, services.start_edit)


@login_required
@require_POST
def remove(request: SignedIn, pk: int) -> HttpResponse:
    """Ask for an approval of taking it down."""
    return _begin(request, pk, services.start_removal)


@login_required
@require_POST
def correct(request: SignedIn, pk: int) -> HttpResponse:
    """Begin the draft that puts right what rests on a withdrawn fact."""
    return _begin(request, pk, services.start_correction)


def _begin(request: SignedIn, pk: int, service: Callable[..., Draft]) -> HttpResponse:
    found = find_publication(request, pk)
    try:
        draft = service(found.pk, by=request.user, now=database_now())
    except Forbidden:
        raise
    except Refused as refused:
        messages.error(request, str(refused))
        draft = found.version.draft
    return redirect(*draft_page(Draft.objects.select_related("incident").get(pk=draft.pk)))
