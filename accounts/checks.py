"""What an operator should know before people sign in."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

from core.crypto import decode_key
from core.env import BadSetting


@register(Tags.security)
def check_credential_keys(**kwargs: Any) -> list[CheckMessage]:
    found: list[CheckMessage] = []
    for number, key in enumerate(settings.CREDENTIAL_KEYS, start=1):
        try:
            decode_key(key)
        except BadSetting as error:
            found.append(
                Error(
                    f"Key {number} of CREDENTIAL_KEYS cannot be used.",
                    hint=str(error),
                    id="accounts.E002",
                )
            )
    return found


@register(Tags.security)
def check_hosts(**kwargs: Any) -> list[CheckMessage]:
    if "*" not in settings.ALLOWED_HOSTS or not settings.SECURE:
        return []
    return [
        Warning(
            "ALLOWED_HOSTS is * on an https address: anybody's name is answered to.",
            hint="List the names people use, separated by commas.",
            id="accounts.W001",
        )
    ]
