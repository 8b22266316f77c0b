"""What several pages need."""

from typing import cast

from django.http import HttpRequest
from django.shortcuts import resolve_url
from django.utils.http import url_has_allowed_host_and_scheme

from accounts.models import User


def person(request: HttpRequest) -> User:
    """The signed-in user of a view that requires one."""
    return cast("User", request.user)


def way_back(request: HttpRequest, default: str = "overview") -> str:
    """The address in `next`, if it is one of ours; else the default page's."""
    wanted = request.POST.get("next") or request.GET.get("next", "")
    ours = url_has_allowed_host_and_scheme(
        wanted, {request.get_host()}, require_https=request.is_secure()
    )
    return wanted if ours else resolve_url(default)
