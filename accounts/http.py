"""The request as views behind a sign-in get it, and what they share: doing one thing, or saying
why not."""

from collections.abc import Callable
from datetime import datetime
from typing import cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django_htmx.middleware import HtmxDetails
from rest_framework.request import Request

from core.clock import database_now
from core.errors import Forbidden, Refused

from .models import User


class SignedIn(HttpRequest):
    """A request of a signed-in person."""

    user: User
    htmx: HtmxDetails


def caller(request: Request) -> User:
    """The person who calls the API: it lets nobody else in."""
    return cast("User", request.user)


def refusal(action: Callable[[datetime], object]) -> str:
    """Call one service with the time; its words when it refuses, nothing when it has done it.

    A missing right is 403 with the reason (core.middleware).
    """
    try:
        action(database_now())
    except Forbidden:
        raise
    except Refused as refused:
        return str(refused)
    return ""


def act(
    request: SignedIn,
    action: Callable[[datetime], object],
    *,
    then: tuple[str | int, ...],
    done: str = "",
) -> HttpResponse:
    """Call one service with the time; then lead on, with its words when it refuses."""
    if problem := refusal(action):
        messages.error(request, problem)
    elif done:
        messages.success(request, done)
    name, *arguments = then
    return redirect(str(name), *arguments)


def brand_groups(request: SignedIn) -> str:
    """The live groups of every brand of the reader, for the pages that list across them."""
    return " ".join(f"brand.{brand_id}" for brand_id in sorted(request.user.roles))
