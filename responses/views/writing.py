"""Several people at one composer: who writes, what they have not saved, and saving it together."""

from dataclasses import dataclass
from datetime import timedelta
from functools import reduce
from urllib.parse import quote

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from accounts.http import SignedIn
from accounts.models import User
from core import presence
from core.clock import database_now
from incidents.selectors import insiders
from responses import merging, services, texts
from responses.forms import DraftForm
from responses.models import Draft
from responses.models_composing import Unsaved
from responses.selectors import unsaved

from .common import draft_page, find_draft

# Nothing typed for so long: still unsaved, but nobody is writing.
AT_IT = timedelta(seconds=60)


@dataclass(frozen=True)
class Writer:
    """Somebody else with unsaved words: what they change, and whether they are at it now."""

    row: Unsaved
    changes: list[texts.Change]
    at_it: bool


@dataclass(frozen=True)
class Around:
    """Who else is at the composer, who of them writes, and this reader's own unsaved words."""

    here: list[User]
    writers: list[Writer]
    mine: Unsaved | None


def around(request: SignedIn, draft: Draft) -> Around:
    """Three queries, whoever writes; a person who sees nothing of it is not named."""
    rows = unsaved(draft)
    now = database_now()
    known = {user.pk: user for user in insiders(draft.incident)}
    written = {each.number: each.written for each in draft.versions.all()} if rows else {}
    others = [row for row in rows if row.user_id != request.user.pk and row.user_id in known]
    writers = [
        Writer(
            row,
            texts.word_diff(written.get(row.base_version, ""), row.text),
            at_it=now - row.at < AT_IT,
        )
        for row in others
    ]
    writing = {row.user_id for row in rows} | {request.user.pk}
    here = [known[pk] for pk in presence.present(f"draft.{draft.pk}") if pk in known]
    mine = next((row for row in rows if row.user_id == request.user.pk), None)
    return Around([user for user in here if user.pk not in writing], writers, mine)


def taken(request: SignedIn, draft: Draft) -> merging.Merged | None:
    """`?take=7`: what that person typed and did not save, joined with the reader's own unsaved
    words and the saved text. None where there is nothing to take. Changes nothing."""
    asked = request.GET.get("take", "")
    rows = {str(row.user_id): row for row in unsaved(draft)}
    wanted = [rows[each] for each in dict.fromkeys((str(request.user.pk), asked)) if each in rows]
    if asked not in rows:
        return None
    written = {each.number: each.written for each in draft.versions.all()}

    def onto(so_far: merging.Merged, row: Unsaved) -> merging.Merged:
        more = merging.merge(written.get(row.base_version, ""), row.text, so_far.text)
        return merging.Merged(more.text, so_far.clashes + more.clashes)

    return reduce(onto, wanted, merging.Merged(written[draft.version]))


def save(
    request: SignedIn, draft: Draft, form: DraftForm, *, shows: list[tuple[str, str]] | None = None
) -> services.Saved:
    """Save the form joined with what others saved. Raises what the service raises."""
    data = form.cleaned_data
    known = "was_title" in request.POST
    seen = services.Seen(
        data["base"] or 0,
        data["was_title"] if known else None,
        frozenset(int(each) for each in data["was_accounts"].split() if each.isdecimal())
        if known
        else None,
        data["was_thread"] == "on" if known else None,
    )
    typed = services.Typed(
        data["text"],
        data["title"],
        frozenset(form.account_ids),
        shows,
        data["thread"] if known else None,
    )
    return services.save_together(draft.pk, typed, seen=seen, by=request.user, now=database_now())


def confirmed(request: SignedIn, answer: HttpResponse) -> HttpResponse:
    """Tell the page (static/js/writing.js) which of the texts that the browser keeps arrived."""
    if key := request.POST.get("kept", "")[:64]:
        answer["Location"] += f"?saved={quote(key, safe='')}"
    return answer


@login_required
@require_POST
def keep(request: SignedIn, reference: str, number: int) -> HttpResponse:
    """Keep what is being typed, at every pause. 204; saves no version."""
    found = find_draft(request, reference, number)
    base = request.POST.get("base", "")
    services.keep_unsaved(
        found,
        text=request.POST.get("text", ""),
        base_version=int(base) if base.isdecimal() and len(base) < 9 else 0,
        by=request.user,
        now=database_now(),
    )
    return HttpResponse(status=204)


@login_required
@require_POST
def discard(request: SignedIn, reference: str, number: int) -> HttpResponse:
    """Forget the reader's own unsaved words."""
    found = find_draft(request, reference, number)
    services.drop_unsaved(found, by=request.user)
    return redirect(*draft_page(found))
