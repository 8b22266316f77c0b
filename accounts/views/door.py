"""Coming in and going out: sign-in, sign-out, invitations, the first run."""

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.views import LoginView, LogoutView
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils import translation
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from accounts import services
from accounts.forms import NewPersonForm, SignInForm, StartForm
from accounts.models import Invitation, User
from accounts.reading import ZONE_COOKIE, zone_or
from accounts.selectors import anyone
from core.clock import database_now
from core.errors import Refused

from .common import person


class SignIn(LoginView):
    template_name = "accounts/sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True


class SignOut(LogoutView):
    """By POST only: a link elsewhere must not be able to sign people out."""


@never_cache
@sensitive_post_parameters("password")
def start(request: HttpRequest) -> HttpResponse:
    """The first run. Gone for ever once anyone exists; of two who hurry, one is refused."""
    if request.method != "POST" and anyone():
        raise Http404
    form = StartForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        user = services.start(**form.cleaned_data, language=translation.get_language() or "en")
        login(request, user)
        return redirect(_first_source())
    return render(request, "accounts/start.html", {"form": form})


def _first_source() -> str:
    try:
        return f"{reverse(settings.FIRST_SOURCE_URL)}?first=1"
    except NoReverseMatch:
        return reverse("overview")


@never_cache
@sensitive_post_parameters("password")
def invitation(request: HttpRequest, secret: str) -> HttpResponse:
    """Accept an invitation, as the person one is signed in as, or as someone new.

    A link that is used, expired or somebody else's is refused with words on what to do.
    """
    user = person(request) if request.user.is_authenticated else None
    found = services.check_invitation(secret, user=user, now=database_now())
    if user is not None:
        return _accept(request, secret, found, user)
    if User.objects.filter(email=found.email).exists():
        return render(request, "accounts/invitation.html", {"invitation": found, "known": True})
    return _join(request, secret, found)


def _accept(request: HttpRequest, secret: str, found: Invitation, user: User) -> HttpResponse:
    if request.method == "POST":
        services.accept_invitation(secret, user=user, now=database_now())
        return redirect("overview")
    return render(request, "accounts/invitation.html", {"invitation": found})


def _join(request: HttpRequest, secret: str, found: Invitation) -> HttpResponse:
    form = NewPersonForm(request.POST or None, email=found.email)
    if request.method == "POST" and form.is_valid():
        try:
            user = services.join(
                secret,
                **form.cleaned_data,
                language=translation.get_language() or "en",
                time_zone=zone_or(request.COOKIES.get(ZONE_COOKIE, ""), found.brand.time_zone),
                now=database_now(),
            )
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            login(request, user)
            return redirect("overview")
    return render(request, "accounts/invitation.html", {"invitation": found, "form": form})
