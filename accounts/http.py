"""The request as views behind a sign-in get it: typed, with the person and htmx."""

from typing import cast

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails
from rest_framework.request import Request

from .models import User


class SignedIn(HttpRequest):
    """A request of a signed-in person."""

    user: User
    htmx: HtmxDetails


def caller(request: Request) -> User:
    """The person who calls the API: it lets nobody else in."""
    return cast("User", request.user)
