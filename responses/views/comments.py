"""Comments beside the composer: said, answered, resolved. They are never part of a version."""

from dataclasses import dataclass

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from accounts.http import SignedIn, act
from incidents import composer
from responses import selectors, services
from responses.models import Draft
from responses.services.commenting import able_to, may_comment

from .common import draft_page, find_draft


@dataclass(frozen=True)
class Shown:
    open: list[selectors.Thread]
    resolved: list[selectors.Thread]
    may_write: bool


def shown(request: SignedIn, draft: Draft) -> Shown:
    """Every thread of a draft, in one query."""
    threads = selectors.threads(draft)
    return Shown(
        [each for each in threads if not each.first.resolved_at],
        [each for each in threads if each.first.resolved_at],
        may_comment(request.user, draft),
    )


def people(request: SignedIn, draft: Draft) -> HttpResponse:
    """Whom an @ can name, as options; nobody for who may not comment."""
    able = able_to(draft) if may_comment(request.user, draft) else []
    named = [(composer.handle(user), user) for user in sorted(able, key=lambda user: user.name)]
    return render(request, "responses/people.html", {"people": named})


@login_required
@require_POST
def add(request: SignedIn, reference: str, number: int) -> HttpResponse:
    """Say something, or answer where `thread` names a comment."""
    found = find_draft(request, reference, number)
    thread = request.POST.get("thread", "")
    thread_id = int(thread) if thread.isdecimal() and len(thread) < 19 else None
    return act(
        request,
        lambda now: services.add_comment(
            found.pk,
            text=request.POST.get("comment", ""),
            thread_id=thread_id,
            by=request.user,
            now=now,
        ),
        then=draft_page(found),
    )


@login_required
@require_POST
def resolve(request: SignedIn, reference: str, number: int, thread: int) -> HttpResponse:
    """Close a thread with `resolved`, else open it again."""
    found = find_draft(request, reference, number)
    resolved = bool(request.POST.get("resolved"))
    return act(
        request,
        lambda now: services.resolve_comment(
            found.pk, thread, by=request.user, now=now, resolved=resolved
        ),
        then=draft_page(found),
    )
