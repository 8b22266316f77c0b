"""API tokens."""

from datetime import timedelta

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from . import tokens
from .models import ApiToken, User


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer <token>`."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        words = get_authorization_header(request).split()
        if not words or words[0].lower() != b"bearer":
            return None
        if len(words) != 2:
            raise AuthenticationFailed(_("Write the header as: Authorization: Bearer TOKEN"))
        return self._holder(words[1].decode("latin-1"))

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"

    def _holder(self, secret: str) -> tuple[User, ApiToken]:
        found = ApiToken.objects.filter(digest=tokens.digest(secret), user__is_active=True)
        token = found.select_related("user").first()
        if token is None:
            raise AuthenticationFailed(_("This token is not valid. It may have been revoked."))
        _note_use(token)
        return token.user, token


def _note_use(token: ApiToken) -> None:
    """Note when the token was used, at most once a minute: a read should not become a write."""
    now = timezone.now()
    minute_ago = now - timedelta(minutes=1)
    if token.used_at is not None and token.used_at > minute_ago:
        return
    stale = Q(used_at=None) | Q(used_at__lte=minute_ago)
    ApiToken.objects.filter(stale, pk=token.pk).update(used_at=now)
