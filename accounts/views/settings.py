"""One's own settings: profile, password, tokens, language, theme."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from accounts import selectors, services
from accounts.forms import PasswordForm, ProfileForm, TokenForm
from accounts.models import Theme
from accounts.reading import ZONE_COOKIE, language_or, zone_or

from .common import person, way_back

_YEAR = 365 * 24 * 3600


@login_required
def index(request: HttpRequest) -> HttpResponse:
    return render(request, "accounts/settings.html")


@login_required
def profile(request: HttpRequest) -> HttpResponse:
    user = person(request)
    initial = {name: getattr(user, name) for name in ProfileForm.base_fields}
    form = ProfileForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        services.update_profile(user, **form.cleaned_data)
        with override(user.language):
            messages.success(request, _("Saved. It takes effect at once."))
        return redirect("accounts:profile")
    return render(request, "accounts/profile.html", {"form": form})


@login_required
@sensitive_post_parameters("old", "password")
def password(request: HttpRequest) -> HttpResponse:
    user = person(request)
    form = PasswordForm(request.POST or None, user=user)
    if request.method == "POST" and form.is_valid():
        services.change_password(user, password=form.cleaned_data["password"])
        # The session that asked stays; all others of the person end.
        update_session_auth_hash(request, user)
        messages.success(request, _("Your password is changed. Other devices are signed out."))
        return redirect("accounts:profile")
    return render(request, "accounts/password.html", {"form": form})


@login_required
@never_cache
def tokens(request: HttpRequest) -> HttpResponse:
    """List the tokens; a new one is shown in the answer that makes it, and never again."""
    user = person(request)
    form = TokenForm(request.POST or None)
    context: dict[str, Any] = {"form": form}
    if request.method == "POST" and form.is_valid():
        token, secret = services.issue_token(user, name=form.cleaned_data["name"])
        context = {"form": TokenForm(), "issued": token, "secret": secret}
    return render(request, "accounts/tokens.html", {**context, "tokens": selectors.tokens_of(user)})


@login_required
@require_POST
def token_revoke(request: HttpRequest, pk: int) -> HttpResponse:
    services.revoke_token(person(request), token_id=pk)
    messages.success(request, _("The token is revoked. It stopped working at once."))
    return redirect("accounts:tokens")


@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Set language or time zone: kept with the person, and in the browser for the sign-in page."""
    chosen = language_or(request.POST.get("language", ""), "")
    zone = zone_or(request.POST.get("time_zone", ""), "")
    wishes = {"language": chosen, "time_zone": zone}
    wishes = {name: value for name, value in wishes.items() if value}
    if request.user.is_authenticated and wishes:
        services.update_profile(person(request), **wishes)
    response = redirect(way_back(request))
    for cookie, value in ((settings.LANGUAGE_COOKIE_NAME, chosen), (ZONE_COOKIE, zone)):
        if value:
            response.set_cookie(
                cookie, value, max_age=_YEAR, samesite="Lax", secure=settings.SECURE, httponly=True
            )
    return response


@login_required
@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Keep the chosen look with the person."""
    wanted = request.POST.get("theme", "")
    if wanted in Theme.values:
        services.update_profile(person(request), theme=wanted)
    return redirect(way_back(request))
