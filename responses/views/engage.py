"""The inbox of an incident: the list, one conversation, many at once."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods

from accounts.enums import Permission
from accounts.http import SignedIn
from accounts.rules import allowed, require
from core.clock import database_now
from core.errors import Forbidden, Refused
from incidents.models import Incident
from incidents.selectors import insiders
from monitoring.enums import Sentiment
from monitoring.models import Mention
from responses import offers, problems
from responses import selectors_engage as selectors
from responses.enums import MAY_BE_OUT, PublicationState
from responses.enums_engage import ConversationState
from responses.forms_engage import VIEWS, WantedForm
from responses.models import Draft, Version
from responses.models_engage import Answer, CannedAnswer, Concern, Conversation
from responses.services.engage import answering, outcome, working
from responses.services.engage.concerns import group
from responses.services.engage.stock import use_canned
from responses.services.engage.waking import UNTOLD
from responses.showing import LOOKS as PUBLICATION_LOOKS

from .common import an_insider, find_incident

LOOKS = {
    ConversationState.OPEN: ("pill-amber", "message-circle"),
    ConversationState.WAITING: ("pill-outline", "clock"),
    ConversationState.SOLVED: ("pill-green", "check"),
    ConversationState.IGNORED: ("pill-outline", "x"),
}
# Characters of a message in the list.
SHOWN = 280


@login_required
@require_http_methods(["GET", "POST"])
def inbox(request: SignedIn, reference: str) -> HttpResponse:
    """The inbox (GET, filtered); something done with the ticked ones (POST)."""
    incident = find_incident(request, reference)
    if request.method == "POST":
        return _do_many(request, incident)
    form = WantedForm(request.GET)
    wanted = form.wanted()
    page = selectors.page(incident, wanted, user=request.user)
    now = database_now()
    context = {
        "incident": incident,
        "now": now,
        "wanted": wanted,
        "rows": [_row(row, now) for row in page.rows],
        "tabs": _tabs(request, incident, wanted),
        "older": _query(request, after=page.more) if page.more else "",
        "newest": _query(request, after=None) if wanted.after else "",
        "offered": selectors.offered(incident),
        "sentiments": Sentiment.choices,
        "concerns": Concern.objects.filter(incident=incident),
        **_means(request, incident),
    }
    return render(request, "responses/engage/inbox.html", context)


def _means(request: SignedIn, incident: Incident) -> dict[str, Any]:
    may = allowed(request.user, Permission.DRAFT, incident.brand_id)
    return {
        "may_answer": may,
        "people": insiders(incident, permission=Permission.DRAFT) if may else [],
    }


def _row(row: selectors.Row, now: datetime) -> dict[str, Any]:
    conversation, text = row.conversation, row.mention.text
    return {
        "it": conversation,
        "mention": row.mention,
        "text": text if len(text) <= SHOWN else f"{text[:SHOWN]}…",
        "look": LOOKS[ConversationState(conversation.state)],
        "held_by": conversation.claimed_by if _held(conversation, now) else None,
    }


def _held(conversation: Conversation, now: datetime) -> bool:
    return bool(conversation.claimed_until and conversation.claimed_until > now)


def _tabs(request: SignedIn, incident: Incident, wanted: selectors.Wanted) -> dict[str, Any]:
    counts = selectors.counts(incident, user=request.user)
    states = [
        (_query(request, state=state.value, view=None, after=None), state.label,
         counts[state.value], wanted.state == state)
        for state in ConversationState
    ]  # fmt: skip
    views = [
        (_query(request, view=name or None, after=None), label,
         counts[name] if name else None, wanted.view == name)
        for name, label in VIEWS
    ]  # fmt: skip
    return {"states": states, "views": views if wanted.state == ConversationState.OPEN else []}


def _query(request: SignedIn, **changes: object) -> str:
    query: QueryDict = request.GET.copy()
    for name, value in changes.items():
        query.pop(name, None)
        if value is not None:
            query[name] = str(value)
    return f"?{query.urlencode()}"


def _do_many(request: SignedIn, incident: Incident) -> HttpResponse:
    require(request.user, Permission.DRAFT, incident.brand_id)
    back = redirect("responses:engage", incident.reference)
    if filters := request.POST.get("filters", ""):
        back["Location"] += f"?{QueryDict(filters).urlencode()}"
    ids = numbers(request.POST.getlist("conversation"))
    if not ids:
        messages.error(request, _("Tick the conversations first."))
        return back
    try:
        outcome = _do(request, incident, ids)
    except Forbidden:
        raise
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        _say(request, outcome)
    return back


def _say(request: SignedIn, outcome: working.Outcome) -> None:
    done, left = outcome.done, outcome.left
    said = ngettext("%(done)d changed.", "%(done)d changed.", done) % {"done": done}
    if left:
        rest = ngettext(
            "%(left)d left as it was: it was so already, or somebody is answering it.",
            "%(left)d left as they were: they were so already, or somebody is answering them.",
            left,
        )
        said = _("%(one)s %(two)s") % {"one": said, "two": rest % {"left": left}}
    messages.success(request, said)


def _do(request: SignedIn, incident: Incident, ids: list[int]) -> working.Outcome:
    """`do` is "take", "give" (`to`), or a state; `version` is of the one that was shown."""
    do, now, by = request.POST.get("do", ""), database_now(), request.user
    if do == "take":
        return working.assign(incident.pk, ids, by, by=by, now=now)
    if do == "give":
        return working.assign(incident.pk, ids, an_insider(request, incident), by=by, now=now)
    if do == "group":
        return _group(request, incident, ids, now)
    if do not in ConversationState.values:
        raise Refused(_("Choose what to do."))
    seen = numbers([request.POST.get("version", "")])
    to = working.Move(
        ConversationState(do), request.POST.get("reason", ""), seen[0] if seen else None
    )
    return working.move(incident.pk, ids, to, by=by, now=now)


def _group(request: SignedIn, incident: Incident, ids: list[int], now: datetime) -> working.Outcome:
    """Under the concern with the number `concern`, or under none."""
    wanted = numbers([request.POST.get("concern", "")])
    found = Concern.objects.filter(incident=incident, number=wanted[0]).first() if wanted else None
    if wanted and found is None:
        raise Refused(_("There is no such concern."))
    pk = found.pk if found else None
    moved = group(incident.pk, pk, ids, by=request.user, now=now)
    return working.Outcome(moved, len(ids) - moved)


def numbers(given: list[str]) -> list[int]:
    return [int(each) for each in given if each.isdecimal() and len(each) < 19]


# One conversation


def find(request: SignedIn, reference: str, pk: int) -> Conversation:
    try:
        return selectors.get_conversation(request.user, reference, pk)
    except Conversation.DoesNotExist:
        raise Http404(_("There is no such conversation, or it was taken away.")) from None


@login_required
@require_http_methods(["GET", "POST"])
def conversation(request: SignedIn, reference: str, conversation: int) -> HttpResponse:
    """What was said (GET); `do` something with it (POST)."""
    found = find(request, reference, conversation)
    if request.method == "POST":
        return _do_one(request, found)
    now = database_now()
    said = selectors.messages(found)
    if not said:
        raise Http404(_("There is no such conversation, or it was taken away."))
    ours = _answers(request, found)
    context = {
        "it": found,
        "incident": found.incident,
        "now": now,
        "messages_in": said,
        "last": said[-1],
        "look": LOOKS[ConversationState(found.state)],
        "held_by": found.claimed_by if _held(found, now) else None,
        "is_mine": _held(found, now) and found.claimed_by_id == request.user.pk,
        "looking": selectors.looking(found, besides=request.user),
        "group": selectors.group(found),
        "answers": ours,
        "has_answer": any(_answers_by_hand(each["it"], said[-1]) for each in ours),
        "waits_in_run": any(_waits_in_run(each["it"]) for each in ours),
        "offers": offers.offers(found, said[-1]),
        "stock": offers.stock(found),
        "may_send": allowed(request.user, Permission.PUBLISH, found.incident.brand_id),
        **_means(request, found.incident),
    }
    return render(request, "responses/engage/conversation.html", context)


def _answers_by_hand(row: Answer, message: Mention) -> bool:
    return row.run_id is None and row.mention_id == message.pk and row.state in MAY_BE_OUT


def _waits_in_run(row: Answer) -> bool:
    return row.run_id is not None and row.state == PublicationState.QUEUED


def _do_one(request: SignedIn, found: Conversation) -> HttpResponse:
    require(request.user, Permission.DRAFT, found.incident.brand_id)
    do, now = request.POST.get("do", ""), database_now()
    try:
        if do == "claim":
            working.claim(found.pk, by=request.user, now=now)
        elif do == "release":
            working.release(found.pk, by=request.user, now=now)
        elif do in ("send", "write", "settle", "cancel"):
            return _answer(request, found, do, now)
        else:
            _do(request, found.incident, [found.pk])
    except Forbidden:
        raise
    except Refused as refused:
        messages.error(request, str(refused))
    return redirect("responses:conversation", found.incident.reference, found.pk)


def _answers(request: SignedIn, found: Conversation) -> list[dict[str, Any]]:
    """What of ours stands there or is on its way, with what this reader may do about it."""
    may = allowed(request.user, Permission.PUBLISH, found.incident.brand_id)
    rows = Answer.objects.filter(conversation=found).select_related(
        "account", "by", "version__draft__incident"
    )
    return [
        {
            "it": row,
            "waits": row.state == PublicationState.QUEUED and row.error == UNTOLD,
            "look": PUBLICATION_LOOKS[PublicationState(row.state)],
            "problem": problems.words(row.error) if row.error else "",
            "may_settle": may and row.state == PublicationState.UNCERTAIN,
            "may_cancel": row.state in (PublicationState.QUEUED, PublicationState.FAILED),
        }
        for row in rows
    ]


def _answer(request: SignedIn, found: Conversation, do: str, now: datetime) -> HttpResponse:
    """Send an approved answer, begin a new one for everybody, or settle one that is unsure."""
    post, by = request.POST, request.user
    back = redirect("responses:conversation", found.incident.reference, found.pk)
    if do == "write":
        made = answering.write_answer(
            found.incident_id,
            title=post.get("title", ""),
            text=post.get("text", ""),
            by=by,
            now=now,
        )
        return redirect("responses:draft", found.incident.reference, made.number)
    if do == "send":
        version = (numbers([post.get("offer", "")]) or [0])[0]
        try:
            answering.send_answer(found.pk, version, digest=post.get("sha256", ""), by=by, now=now)
        except Version.DoesNotExist:
            raise Http404 from None
        messages.success(request, _("On its way."))
        return back
    row = Answer.objects.filter(
        conversation=found, pk=(numbers([post.get("answer", "")]) or [0])[0]
    ).first()
    if row is None:
        raise Http404
    if do == "settle":
        outcome.settle_answer(row.pk, post.get("outcome", ""), by=by, now=now)
    else:
        outcome.cancel_answer(row.pk, by=by, now=now)
    return back


def _typed(request: SignedIn) -> dict[str, str]:
    return {name: request.POST.get(name, "") for name in ("title", "text")}


def _written(request: SignedIn, found: Conversation, now: datetime) -> Draft:
    """A draft for all who ask: typed, or taken from the library (`canned`)."""
    post, by = request.POST, request.user
    if "canned" not in post:
        return answering.write_answer(found.incident_id, **_typed(request), by=by, now=now)
    stock = CannedAnswer.objects.filter(
        brand=found.incident.brand_id, pk=(numbers([post["canned"]]) or [0])[0]
    ).first()
    if stock is None:
        raise Http404
    return use_canned(stock, found.incident_id, by=by, now=now)


# In the war room and the review


@login_required
@require_GET
def panel(request: SignedIn, reference: str) -> HttpResponse:
    """How many wait, and how we are doing."""
    incident = find_incident(request, reference)
    context = {
        "incident": incident,
        "counts": selectors.counts(incident, user=request.user),
        "figures": selectors.figures(incident),
    }
    return render(request, "responses/engage/panel.html", context)


@login_required
@require_GET
def figures(request: SignedIn, reference: str) -> HttpResponse:
    """For the review: how many were answered, and how soon."""
    incident = find_incident(request, reference)
    context = {"incident": incident, "figures": selectors.figures(incident)}
    return render(request, "responses/engage/figures.html", context)
