"""The request as views behind a sign-in get it: typed, with the person and htmx."""

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from .models import User


class SignedIn(HttpRequest):
    """A request of a signed-in person."""

    user: User
    htmx: HtmxDetails
