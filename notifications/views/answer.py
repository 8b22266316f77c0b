"""Answering without signing in: a page with one button; only pressing it does anything.

Mail gateways and chats open every link they carry, and some ask for its head: neither may answer
for a person. The page needs no cookie and no script, since it is opened at three in the morning
inside a mail program; what it may do is bound by the link's signature, so a forged form gains
nothing and there is no CSRF token.
"""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from accounts.models import User
from accounts.reading import reading_as
from core.clock import database_now
from core.outsiders import headed, too_many
from notifications import links
from notifications.actions import FUNCTIONS, KNOWN
from notifications.messages import tell
from notifications.models import Answer, Notice
from notifications.services import answer_link

# Requests a minute from one address.
MOST = 40


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def answer(request: HttpRequest, token: str) -> HttpResponse:
    """Show what the link is for; do it when the button is pressed."""
    if too_many(request, "answers", most=MOST):
        return headed(HttpResponse(_("Too many attempts. Wait a minute."), status=429))
    try:
        link = links.read(token)
    except links.BadLink:
        raise Http404 from None
    user = User.objects.filter(pk=link.user_id, is_active=True).first()
    if user is None or link.action not in FUNCTIONS:
        raise Http404
    with reading_as(user):
        response = _done(request, link) if request.method == "POST" else _ask(request, link)
    return headed(response)


def _ask(request: HttpRequest, link: links.Link) -> HttpResponse:
    before = Answer.objects.filter(key=link.key).first()
    notice = Notice.objects.filter(user=link.user_id, pk=int(link.call or "0", 36)).first()
    context = {
        "action": KNOWN[link.action],
        "told": tell(notice.kind, notice.params) if notice else None,
        "url": notice.url if notice else "",
        "before": before,
        "expired": link.expired(database_now()),
    }
    return render(request, "notifications/answer.html", context)


def _done(request: HttpRequest, link: links.Link) -> HttpResponse:
    outcome = answer_link(link, now=database_now())
    notice = Notice.objects.filter(user=link.user_id, pk=int(link.call or "0", 36)).first()
    context = {"outcome": outcome, "url": notice.url if notice else ""}
    status = 200 if outcome.done else 409
    return render(request, "notifications/answered.html", context, status=status)
