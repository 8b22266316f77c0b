"""The overview of all brands, the palette's search and, in development, the kit of components."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from core.clock import database_now

from . import kit as samples


@login_required
def overview(request: HttpRequest) -> HttpResponse:
    context: dict[str, Any] = {"now": database_now()}
    return render(request, "crisisdesk/overview.html", context)


@login_required
def kit(request: HttpRequest) -> HttpResponse:
    """Every component and state, with its markup: the reference for those who make screens."""
    return render(request, "crisisdesk/kit.html", samples.context(database_now()))
