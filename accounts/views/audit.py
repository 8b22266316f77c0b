"""The audit trail, for administrators."""

from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from accounts import selectors
from accounts.forms import AuditFilter
from accounts.models import AuditEntry, Brand, User
from accounts.wording import action_in_words, detail_in_words, veiled
from core.errors import Forbidden

from .common import person

_PAGE = 50


@login_required
def audit(request: HttpRequest) -> HttpResponse:
    user = person(request)
    if not selectors.administered(user):
        raise Forbidden(_("The audit trail is for administrators. Ask one of yours."))
    form = AuditFilter(request.GET)
    wishes = form.cleaned_data if form.is_valid() else {}
    entries = list(selectors.audit_trail(user, **wishes)[: _PAGE + 1])
    context = {
        "rows": _rows(entries[:_PAGE], veiled(user, entries[:_PAGE])),
        "brands": Brand.objects.filter(pk__in=selectors.administered(user)),
        "wishes": wishes,
        "older": _older(wishes, entries),
        "newer": request.path if wishes.get("before") else "",
    }
    return render(request, "accounts/audit.html", context)


def _rows(entries: list[AuditEntry], hidden: set[int]) -> list[dict[str, Any]]:
    """Put names to the ids: two queries, however many entries."""
    people = User.objects.in_bulk({entry.actor_id for entry in entries if entry.actor_id})
    brands = Brand.objects.in_bulk({entry.brand_id for entry in entries if entry.brand_id})
    return [
        {
            "entry": entry,
            "actor": people.get(entry.actor_id or 0),
            "brand": brands.get(entry.brand_id or 0),
            "action": action_in_words(entry.action),
            "detail": "" if entry.number in hidden else detail_in_words(entry.action, entry.detail),
        }
        for entry in entries
    ]


def _older(wishes: dict[str, Any], entries: list[AuditEntry]) -> str:
    if len(entries) <= _PAGE:
        return ""
    wanted = {**wishes, "before": entries[_PAGE - 1].number}
    return "?" + urlencode({name: value for name, value in wanted.items() if value})
