"""What a person does about one publication: settle, retry, withdraw."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.views.decorators.http import require_POST

from responses import services
from responses.forms import SettleForm

from .common import SignedIn, act, draft_page, find_publication


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
